from tests.workflows.room._steady import benchmark

BENCHMARK = benchmark(needs=("no_such_library",))
