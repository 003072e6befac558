"""The bytes that storage really moved: /proc/diskstats, /proc/self/io, or the cgroup's io counters.

Fields after Documentation/admin-guide/iostats.rst, filesystems/proc.rst and cgroup-v2.rst.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, absent, unsupported

_SECTOR_BYTES: Final = 512
_DISKSTATS: Final = "/proc/diskstats"
_PROCESS: Final = "/proc/self/io"
V2_MOUNTS: Final = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
_VIRTUAL: Final = ("vd", "xvd")


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes read and written since a counter began."""

    read_bytes: int
    written_bytes: int


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter by device; where it is the directory's own device, too few bytes prove a cache.

    The others can only prove that bytes moved: they may miss what another thread of the kernel did
    for us. Below a virtual device lies the host's page cache, which no counter of ours sees.
    """

    source: str
    is_own_device: bool
    read: Callable[[], Mapping[str, Moved] | Missing]
    is_virtual: bool = False


def find_counter(host: Host, directory: str) -> Counter | Missing:
    """The best counter for a directory: its block device's, else this process's, else the cgroup's.

    btrfs, overlayfs and ZFS answer with a device number that no block device has (major 0).
    """
    number = host.outside.device_number(directory)
    if isinstance(number, Missing):
        return number
    candidates = (
        Counter(f"{_DISKSTATS} {number[0]}:{number[1]}", True, lambda: _read_device(host, *number)),
        Counter(_PROCESS, False, lambda: _read_process(host)),
        Counter("the cgroup's io.stat", False, lambda: _read_cgroup_v2(host)),
        Counter("the cgroup's blkio counters", False, lambda: _read_cgroup_v1(host)),
    )
    for each in candidates:
        counts = each.read()
        if not isinstance(counts, Missing):
            return replace(each, is_virtual=any(name.startswith(_VIRTUAL) for name in counts))
    return unsupported("neither /proc/diskstats, /proc/self/io nor the cgroup counts its bytes")


def between(before: Mapping[str, Moved], after: Mapping[str, Moved]) -> Moved:
    """What moved between two readings: of stacked devices, which count twice, the busiest."""
    zero = Moved(0, 0)
    changes = [
        Moved(
            now.read_bytes - before.get(name, zero).read_bytes,
            now.written_bytes - before.get(name, zero).written_bytes,
        )
        for name, now in after.items()
    ]
    return Moved(
        max((each.read_bytes for each in changes), default=0),
        max((each.written_bytes for each in changes), default=0),
    )


def _read_device(host: Host, major: int, minor: int) -> Mapping[str, Moved] | Missing:
    text = host.read_text(_DISKSTATS)
    if isinstance(text, Missing):
        return text
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 10 and fields[:2] == [str(major), str(minor)]:
            moved = Moved(int(fields[5]) * _SECTOR_BYTES, int(fields[9]) * _SECTOR_BYTES)
            return {fields[2]: moved}
    return absent(f"{_DISKSTATS} has no device {major}:{minor}")


def _read_process(host: Host) -> Mapping[str, Moved] | Missing:
    text = host.read_text(_PROCESS)
    if isinstance(text, Missing):
        return text
    told = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if "read_bytes" not in told or "write_bytes" not in told:
        return unsupported(f"{_PROCESS} has no read_bytes and write_bytes")
    return {"process": Moved(int(told["read_bytes"]), int(told["write_bytes"]))}


def _read_cgroup_v2(host: Host) -> Mapping[str, Moved] | Missing:
    path = cgroup_path(host, "")
    if isinstance(path, Missing):
        return path
    for mount in V2_MOUNTS:
        text = host.read_text(f"{mount}{path}/io.stat")
        if not isinstance(text, Missing):
            return {
                name: Moved(int(told.get("rbytes", 0)), int(told.get("wbytes", 0)))
                for name, told in map(named_values, text.splitlines())
            }
    return absent("the cgroup has no io.stat: its io controller is off")


def _read_cgroup_v1(host: Host) -> Mapping[str, Moved] | Missing:
    path = cgroup_path(host, "blkio")
    if isinstance(path, Missing):
        return path
    text = host.read_text(f"/sys/fs/cgroup/blkio{path}/blkio.throttle.io_service_bytes")
    if isinstance(text, Missing):
        return text
    counts: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 3:
            counts.setdefault(fields[0], {})[fields[1]] = int(fields[2])
    return {name: Moved(of.get("Read", 0), of.get("Write", 0)) for name, of in counts.items()}


def cgroup_path(host: Host, controller: str) -> str | Missing:
    """This process's path below a hierarchy's mount; the unified one has no controller's name."""
    text = host.read_text("/proc/self/cgroup")
    if isinstance(text, Missing):
        return text
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.rstrip("/")
    return absent(f"this process is in no cgroup hierarchy {controller or 'of version 2'}")


def named_values(line: str) -> tuple[str, dict[str, str]]:
    """A line of io.stat or io.max: `259:0 rbytes=1024 wbytes=0 …`."""
    name, *pairs = line.split()
    return name, dict(pair.split("=", 1) for pair in pairs if "=" in pair)
