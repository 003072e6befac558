"""Opens what a watch writes to, all of it before the first tick; what cannot be opened is said."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from bitpath_cli.archive import check_writable
from bitpath_cli.errors import BadValue, MissingLibrary, UnwritableOutput
from bitpath_cli.host import Host
from bitpath_cli.monitoring import Exporter, Tick
from bitpath_cli.monitoring.log import Log
from bitpath_cli.monitoring.server import Access, Server
from bitpath_cli.monitoring.tensorboard import EventFile
from bitpath_cli.monitoring.textfile import Textfile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where ticks go, as it was asked."""

    access: Access | None = None
    textfile: Path | None = None
    tensorboard: Path | None = None
    log: Path | None = None


class Outputs:
    """The opened exporters as one; `notes` say where what can be found."""

    def __init__(self, asked: Destinations, host: Host, stale_seconds: float) -> None:
        """Open everything, or nothing where one of them cannot be opened."""
        self.notes: list[str] = []
        self.log: Log | None = None
        self._exporters: list[Exporter] = []
        self._show: Callable[[Tick], None] = lambda _tick: None
        try:
            self._open(asked, host, stale_seconds)
        except BaseException:
            self.close()
            raise

    def take(self, tick: Tick) -> None:
        """To every exporter."""
        self._show(tick)
        for each in self._exporters:
            each.take(tick)

    def troubles(self) -> tuple[str, ...]:
        """What could not be delivered so far."""
        return tuple(trouble for each in self._exporters if (trouble := each.trouble()))

    def close(self) -> None:
        """Let go of all files and ports."""
        for each in self._exporters:
            each.close()

    def _open(self, asked: Destinations, host: Host, stale_seconds: float) -> None:
        if asked.log is not None:
            self.log = _opened(asked.log, Log)
            self._exporters.append(self.log)
        if asked.tensorboard is not None:
            file = _opened(asked.tensorboard, lambda path: EventFile(path, host, time.time()))
            self._exporters.append(file)
            self.notes.append(f"TensorBoard: tensorboard --logdir {asked.tensorboard}")
        if asked.access is None and asked.textfile is None:
            return
        if find_spec("prometheus_client") is None:
            raise MissingLibrary("prometheus_client", "it writes metrics in Prometheus's formats")
        from bitpath_cli.monitoring.exposition import Exposition

        exposition = Exposition(stale_seconds)
        self._show = exposition.take
        if asked.textfile is not None:
            if asked.textfile.suffix != ".prom":
                allowed = "a name that ends in .prom, which is what node_exporter reads"
                raise BadValue("--textfile", str(asked.textfile), allowed)
            check_writable(asked.textfile)
            self._exporters.append(Textfile(asked.textfile, exposition))
        if asked.access is not None:
            server = Server(asked.access, exposition)
            self._exporters.append(server)
            self.notes.append(f"Prometheus: {server.url}")
            if server.is_in_clear:
                self.notes.append(
                    "The secret crosses the network in clear; --prometheus-cert and "
                    "--prometheus-key encrypt it."
                )


def _opened(path: Path, open_it: Callable[[Path], T]) -> T:
    try:
        return open_it(path)
    except OSError as error:
        problem = os.strerror(error.errno) if error.errno else str(error)
        raise UnwritableOutput(
            str(path), problem, "Name a place that exists and that you may write to."
        ) from error
