"""What the watch itself costs: its CPU time by the process clock, its memory by statm, proc(5)."""

import mmap
import time

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.watch import OwnCost


class OwnMeter:
    """Counts from its making on, so that what came before the watch is not its cost."""

    def __init__(self, host: Host, now: float) -> None:
        """`now` is on the clock that `read` is given."""
        self._host = host
        self._began = self._last_at = now
        self._first_cpu = self._last_cpu = time.process_time()

    def read(self, now: float, missed: int) -> OwnCost:
        """The cost until now, and the share of a core since the last reading."""
        cpu = time.process_time()
        share = _share(cpu - self._last_cpu, now - self._last_at)
        mean = _share(cpu - self._first_cpu, now - self._began)
        self._last_at, self._last_cpu = now, cpu
        return OwnCost(
            cpu_seconds=cpu - self._first_cpu, cpu_share=share, mean_cpu_share=mean,
            resident_bytes=self._resident(), missed=missed,
        )  # fmt: skip

    def _resident(self) -> int:
        told = self._host.read_text("/proc/self/statm", 256)
        fields = [] if isinstance(told, Missing) else told.split()
        return int(fields[1]) * mmap.PAGESIZE if len(fields) > 1 else 0


def _share(cpu_seconds: float, seconds: float) -> float:
    return cpu_seconds / seconds if seconds > 0 else 0.0
