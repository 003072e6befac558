import signal

from tests.workflows.room._steady import Steady, benchmark

BENCHMARK = benchmark(Steady(before=lambda: print(signal.pause())))  # noqa: T201
