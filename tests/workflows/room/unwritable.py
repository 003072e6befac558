from bitpath_cli.benchmarks import Context
from bitpath_cli.errors import UnwritableOutput
from tests.workflows.room._steady import benchmark


def refuse(context: Context) -> None:
    raise UnwritableOutput(context.directory, "No space left on device", "Free some.")


BENCHMARK = benchmark(on_open=refuse)
