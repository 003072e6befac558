import os
import signal

from tests.workflows.room._steady import Steady, benchmark

BENCHMARK = benchmark(Steady(before=lambda: os.kill(os.getpid(), signal.SIGSEGV)))
