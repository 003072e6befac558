from bitpath_cli.benchmarks import Case
from tests.workflows.room._steady import benchmark

BENCHMARK = benchmark(cases=(Case({"size": 1}), Case({"size": 2})), blocks=3)
