import signal

from tests.workflows.room._steady import Steady, benchmark

BENCHMARK = benchmark(Steady(before=signal.pause))
