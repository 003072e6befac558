"""CPU time that this process's own control group used: cpu.stat, and cpuacct of version 1."""

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._cgroup import find_groups
from bitpath_cli.meters._number import number
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import SECOND


def read(host: Host) -> tuple[MeterReading, ...]:
    """All processes of the group; a container's own group is the container."""
    groups = find_groups(host, "cpuacct")
    if groups is None:
        return ()
    folder = groups.folders[0]
    if groups.version == 1:
        path = f"{folder}/cpuacct.usage"
        used = number(host, path)
        return () if isinstance(used, Missing) else (_reading(used * 1e-9, path),)
    path = f"{folder}/cpu.stat"
    text = host.read_text(path, 4096)
    return () if isinstance(text, Missing) else parse_stat(text, path)


def parse_stat(text: str, source: str) -> tuple[MeterReading, ...]:
    """The line `usage_usec number` of version 2."""
    for line in text.splitlines():
        key, _, count = line.partition(" ")
        if key == "usage_usec" and count.isdigit():
            return (_reading(int(count) * 1e-6, source),)
    return ()


def _reading(seconds: float, source: str) -> MeterReading:
    return MeterReading("group_cpu_time", "cgroup", "counter", reported(seconds, SECOND, source))


METER = Meter(summary="CPU time of the own cgroup", read=read)
