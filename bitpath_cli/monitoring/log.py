"""The watch in a file of JSON lines; where the disk is full there is a gap, which is said."""

import contextlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from bitpath_cli.monitoring import Tick
from bitpath_cli.monitoring.lines import Lines, gap

_OWNER_ALONE: Final = 0o600


class Log:
    """Appends whole lines, each tick in one write, so that a signal cannot cut one in half."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it for its owner alone; OSError where that cannot be."""
        self._path = path
        self._lines = Lines()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._number: int | None = os.open(path, flags, _OWNER_ALONE)
        self._failed = 0
        self._missing = 0
        self._since: datetime | None = None
        self._reason = ""

    def say(self, line: str) -> None:
        """Append a line that is no sample: the start or the end."""
        self._write(line)

    def take(self, tick: Tick) -> None:
        """See Exporter."""
        now = tick.observation.time
        text = "".join(self._lines.sample(tick.observation))
        if self._missing and self._since is not None:
            text = gap(self._missing, self._since, now, self._reason) + text
        if self._write(text):
            self._missing, self._since = 0, None
            return
        # What was described in the lost lines must be described again.
        self._lines.forget()
        self._failed += 1
        self._missing += 1
        self._since = self._since or now

    def trouble(self) -> str:
        """See Exporter."""
        if not self._failed:
            return ""
        state = "and goes on lacking them" if self._missing else "with a line that says so"
        return f"{self._path} lacks {self._failed} samples, {state}: {self._reason}"

    def close(self) -> None:
        """See Exporter."""
        number, self._number = self._number, None
        if number is not None:
            os.close(number)

    def _write(self, text: str) -> bool:
        """Whether all of it is in the file; what was written in part is taken back."""
        if self._number is None:
            return False
        content = text.encode("utf-8", "replace")
        try:
            done = os.write(self._number, content)
            if done == len(content):
                return True
            self._reason = "No space left on device"
        except OSError as error:
            self._reason = os.strerror(error.errno) if error.errno else str(error)
            return False
        with contextlib.suppress(OSError):
            os.ftruncate(self._number, os.fstat(self._number).st_size - done)
        return False
