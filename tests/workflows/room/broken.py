from bitpath_cli.benchmarks import Benchmark, Case, Context
from tests.workflows.room._steady import benchmark, conclude

WORKING = benchmark()


def find_cases(_context: Context) -> tuple[Case, ...]:
    raise ZeroDivisionError("our bug")


BENCHMARK = Benchmark(
    summary="a test's", revision=1, find_cases=find_cases, open=WORKING.open, conclude=conclude
)
