"""The second process has the measuring interrupted, as a person does, and waits for its end."""

import os
import signal
from pathlib import Path

from bitpath_cli.benchmarks import Context
from tests.workflows.room._steady import benchmark


def interrupt_the_second_time(context: Context) -> None:
    mark = Path(context.directory) / "parent"
    if mark.read_text().endswith("again"):
        os.kill(int(mark.read_text().split()[0]), signal.SIGINT)
        signal.pause()
    mark.write_text(mark.read_text() + " again")


BENCHMARK = benchmark(blocks=3, on_open=interrupt_the_second_time)
