"""A file for node_exporter's textfile collector: the text format, whole or not there."""

import contextlib
import os
import secrets
from pathlib import Path

from bitpath_cli.monitoring import Tick
from bitpath_cli.monitoring.exposition import Exposition


class Textfile:
    """Writes each tick over the last; node_exporter reads names that end in `.prom`."""

    def __init__(self, path: Path, exposition: Exposition) -> None:
        """The folder exists; readers of other users may read the file."""
        self._path = path
        self._exposition = exposition
        self._failed = 0
        self._reason = ""

    def take(self, tick: Tick) -> None:
        """See Exporter."""
        name = self._path.with_name(f".{self._path.name[:40]}.{secrets.token_hex(4)}.tmp")
        try:
            number = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            with os.fdopen(number, "wb") as file:
                file.write(self._exposition.text())
            name.replace(self._path)
        except OSError as error:
            self._failed += 1
            self._reason = os.strerror(error.errno) if error.errno else str(error)
            with contextlib.suppress(OSError):
                name.unlink()
        except BaseException:
            with contextlib.suppress(OSError):
                name.unlink()
            raise

    def trouble(self) -> str:
        """See Exporter."""
        if not self._failed:
            return ""
        return f"{self._path} could not be written {self._failed} times: {self._reason}"

    def close(self) -> None:
        """The last values would be scraped for ever, so they go."""
        with contextlib.suppress(OSError):
            self._path.unlink()
