from tests.workflows.room._steady import Steady, benchmark

BENCHMARK = benchmark(Steady(error="element 3 is 4"))
