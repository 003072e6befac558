/* Copy, scale, add and triad in the manner of STREAM, as OpenMP loops that the compiler shapes:
 * `stream BYTES RUNS` prints a line "KERNEL THREADS BYTES_PER_SECOND" for each.
 *
 * Each array has BYTES and lies in huge pages where the kernel leaves that to programs; pages are
 * first touched by the threads that use them. Every loop stores through the caches, as torch's do:
 * with -fno-tree-loop-distribute-patterns gcc makes no memcpy of the copy, which would store past
 * them where arrays are large. The rate is that of the median run, and write-allocate is not
 * counted. The exit status is 1 where an element is wrong.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { KERNELS = 4, WARM = 2 };
static const char *const NAMES[KERNELS] = {"copy", "scale", "add", "triad"};
static const int WORDS[KERNELS] = {2, 2, 3, 3};
static const size_t HUGE_PAGE = 2u << 20;
static const double SCALAR = 3.0;

static double *allocate(size_t count, double value) {
    size_t bytes = (count * sizeof(double) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    double *array = aligned_alloc(HUGE_PAGE, bytes);
    if (array == NULL) exit(2);
    madvise(array, bytes, MADV_HUGEPAGE);
#pragma omp parallel for
    for (size_t i = 0; i < count; i++) array[i] = value;
    return array;
}

static void run(int kernel, size_t count, double *a, double *b, double *c) {
    switch (kernel) {
    case 0:
#pragma omp parallel for
        for (size_t i = 0; i < count; i++) c[i] = a[i];
        break;
    case 1:
#pragma omp parallel for
        for (size_t i = 0; i < count; i++) b[i] = SCALAR * c[i];
        break;
    case 2:
#pragma omp parallel for
        for (size_t i = 0; i < count; i++) c[i] = a[i] + b[i];
        break;
    default:
#pragma omp parallel for
        for (size_t i = 0; i < count; i++) a[i] = b[i] + SCALAR * c[i];
    }
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    size_t count = strtoull(argv[1], NULL, 10) / sizeof(double);
    int runs = atoi(argv[2]);
    double *seconds = malloc(runs * sizeof(double));
    double *a = allocate(count, 1.0), *b = allocate(count, 2.0), *c = allocate(count, 0.0);
    for (int kernel = 0; kernel < KERNELS; kernel++) {
        for (int i = -WARM; i < runs; i++) {
            double begin = omp_get_wtime();
            run(kernel, count, a, b, c);
            if (i >= 0) seconds[i] = omp_get_wtime() - begin;
        }
        qsort(seconds, runs, sizeof(double), ascending);
        double median = (seconds[(runs - 1) / 2] + seconds[runs / 2]) / 2;
        printf("%s %d %.0f\n", NAMES[kernel], omp_get_max_threads(),
               WORDS[kernel] * sizeof(double) * count / median);
    }
    /* c = 1, b = 3 · 1, c = 1 + 3, a = 3 + 3 · 4, however often each ran. */
    for (size_t i = 0; i < count; i++)
        if (a[i] != 15.0 || b[i] != 3.0 || c[i] != 4.0) return 1;
    return 0;
}
