/* The all-reduce of an MPI library, as OSU's micro-benchmarks time it: ranks come together, each
 * call is timed, and the slowest rank counts. Usage: all_reduce BYTES CALLS; prints the median in
 * seconds. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int rising(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    int rank, calls = argc > 2 ? atoi(argv[2]) : 10;
    long count = (argc > 1 ? atol(argv[1]) : 1 << 20) / (long)sizeof(float);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    float *sent = malloc(count * sizeof(float)), *got = malloc(count * sizeof(float));
    double *times = malloc(calls * sizeof(double));
    for (int call = -1; call < calls; call++) {
        for (long i = 0; i < count; i++) sent[i] = (float)(i % 13 + rank);
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = MPI_Wtime();
        MPI_Allreduce(sent, got, (int)count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
        double mine = MPI_Wtime() - begin, slowest;
        MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
        if (call >= 0) times[call] = slowest; /* the first warms up */
    }
    qsort(times, calls, sizeof(double), rising);
    if (rank == 0) printf("%.9f\n", times[calls / 2]);
    MPI_Finalize();
    return 0;
}
