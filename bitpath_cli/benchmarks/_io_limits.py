"""What a control group allows on a directory's device, in bytes and requests a second.

After cgroup-v2.rst ("io.max") and cgroup-v1/blkio-controller.rst ("Throttling"). The least of the
process's own group and all above it holds.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bitpath_cli.benchmarks._byte_account import Operation
from bitpath_cli.benchmarks._device_counters import V2_MOUNTS, cgroup_path, named_values
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing

_V1: Final = "/sys/fs/cgroup/blkio"


@dataclass(frozen=True, slots=True)
class IoLimit:
    """So many bytes or requests a second, and the file that says so."""

    amount: float
    source: str


@dataclass(frozen=True, slots=True)
class IoLimits:
    """The least that holds of each kind; None where there is none."""

    bandwidth: IoLimit | None
    requests: IoLimit | None

    def bind(self, block_bytes: int) -> float | None:
        """Bytes a second that requests of a size are held to; None where nothing does."""
        found = [] if self.bandwidth is None else [self.bandwidth.amount]
        found += [] if self.requests is None else [self.requests.amount * block_bytes]
        return min(found, default=None)


def find_io_limits(host: Host, directory: str, operation: Operation) -> IoLimits:
    """The limits of an operation on the whole device that holds a directory."""
    device = _whole_device(host, directory)
    if device is None:
        return IoLimits(None, None)
    letter = operation[0]
    return IoLimits(
        _least(host, device, f"{letter}bps", f"blkio.throttle.{operation}_bps_device"),
        _least(host, device, f"{letter}iops", f"blkio.throttle.{operation}_iops_device"),
    )


def _least(host: Host, device: str, key: str, v1_name: str) -> IoLimit | None:
    found = [
        *_limits_v2(host, device, key),
        *_limits_v1(host, device, v1_name),
    ]
    return min(found, key=lambda each: each.amount, default=None)


def _limits_v2(host: Host, device: str, key: str) -> Iterator[IoLimit]:
    """Lines such as `254:0 rbps=1048576 wbps=max riops=max wiops=max`."""
    for mount in V2_MOUNTS:
        for folder in _folders(host, ""):
            path = f"{mount}{folder}/io.max"
            for number, told in map(named_values, _lines(host, path)):
                if number == device and told.get(key, "").isdigit():
                    yield IoLimit(float(told[key]), f"{key} in {path}")


def _limits_v1(host: Host, device: str, name: str) -> Iterator[IoLimit]:
    """Lines such as `254:0 1048576`."""
    for folder in _folders(host, "blkio"):
        path = f"{_V1}{folder}/{name}"
        for line in _lines(host, path):
            number, *told = line.split()
            if number == device and told and told[0].isdigit():
                yield IoLimit(float(told[0]), path)


def _lines(host: Host, path: str) -> Iterator[str]:
    text = host.read_text(path)
    if not isinstance(text, Missing):
        yield from (line for line in text.splitlines() if line.strip())


def _folders(host: Host, controller: str) -> Iterator[str]:
    """The process's group below the hierarchy's mount, and every group above it."""
    path = cgroup_path(host, controller)
    if isinstance(path, Missing):
        return
    while path:
        yield path
        path = os.path.dirname(path).rstrip("/")  # noqa: PTH120
    yield ""


def _whole_device(host: Host, directory: str) -> str | None:
    """`major:minor` of the disk: limits are set on it, not on its partitions."""
    number = host.outside.device_number(directory)
    if isinstance(number, Missing) or number[0] == 0:
        return None
    own = f"{number[0]}:{number[1]}"
    place = host.resolve(f"/sys/dev/block/{own}")
    if isinstance(place, Missing) or not host.exists(f"{place}/partition"):
        return own
    parent = host.read_text(f"{os.path.dirname(place)}/dev")  # noqa: PTH120
    return own if isinstance(parent, Missing) else parent.strip()
