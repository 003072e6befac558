from bitpath_cli.benchmarks import CannotMeasure, Context
from bitpath_cli.model.reading import unsupported
from tests.workflows.room._steady import benchmark


def refuse(_context: Context) -> None:
    raise CannotMeasure(unsupported("too slow here", "take another"))


BENCHMARK = benchmark(on_open=refuse)
