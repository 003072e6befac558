/* The latency of memory as lmbench times it: `chase BYTES RUNS` follows addresses in random order,
 * one in each line of 64 bytes, and prints the seconds of one step in the median run.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { LINE = 64, WARM = 1, LEAST_STEPS = 100000, MOST_STEPS = 1 << 20 };
static const size_t HUGE_PAGE = 2u << 20;

static uint64_t draw(uint64_t *state) {
    /* Marsaglia's xorshift64. */
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static double now(void) {
    struct timespec told;
    clock_gettime(CLOCK_MONOTONIC, &told);
    return told.tv_sec + told.tv_nsec * 1e-9;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    size_t bytes = strtoull(argv[1], NULL, 10), lines = bytes / LINE;
    int runs = atoi(argv[2]);
    size_t room = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    char *set = aligned_alloc(HUGE_PAGE, room);
    size_t *order = malloc(lines * sizeof(size_t));
    double *seconds = malloc(runs * sizeof(double));
    if (set == NULL || order == NULL || seconds == NULL) return 2;
    if (bytes >= HUGE_PAGE) madvise(set, room, MADV_HUGEPAGE);
    uint64_t state = 20261124;
    for (size_t i = 0; i < lines; i++) order[i] = i;
    for (size_t i = lines - 1; i > 0; i--) {
        size_t other = draw(&state) % (i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    for (size_t i = 0; i < lines; i++)
        *(void **)(set + order[i] * LINE) = set + order[(i + 1) % lines] * LINE;
    size_t steps = lines < LEAST_STEPS ? LEAST_STEPS : lines > MOST_STEPS ? MOST_STEPS : lines;
    void *at = set;
    for (int i = -WARM; i < runs; i++) {
        double begin = now();
        for (size_t step = 0; step < steps; step++) at = *(void **)at;
        __asm__ volatile("" : : "r"(at));
        if (i >= 0) seconds[i] = (now() - begin) / steps;
    }
    qsort(seconds, runs, sizeof(double), ascending);
    printf("%.6e\n", (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2);
    return 0;
}
