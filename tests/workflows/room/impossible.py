from bitpath_cli.model.reading import denied
from tests.workflows.room._steady import benchmark

BENCHMARK = benchmark(cases=denied("the directory is closed", "write access to it"))
