"""The first process is fine and the second dies."""

import os
import signal
from pathlib import Path

from bitpath_cli.benchmarks import Context
from tests.workflows.room._steady import benchmark


def die_the_second_time(context: Context) -> None:
    mark = Path(context.directory) / "was here"
    if mark.exists():
        os.kill(os.getpid(), signal.SIGKILL)
    mark.touch()


BENCHMARK = benchmark(blocks=3, on_open=die_the_second_time)
