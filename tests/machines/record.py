"""Records this machine: `python -m tests.machines.record NAME ABOUT [OLD=NEW]...`.

It copies the files that probes read, with links as they are, and asks the rest of the live host for
outside.json. Identities do not go in: MAC addresses, long hexadecimal ids and mounts that are not
every system's are replaced or left out, files with an address outside of the ranges for
documentation are left out, and OLD=NEW replaces what else should not be known.
"""

import errno
import fnmatch
import ipaddress
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bitpath_cli.host import Live
from bitpath_cli.model.reading import Missing
from bitpath_cli.probes.limits import SCHEDULERS, THREAD_VARIABLES
from tests.recorded import MACHINES

CPU = "/sys/devices/system/cpu"
NODE = "/sys/devices/system/node"
PATTERNS = (
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg",
    "/proc/diskstats", "/proc/pressure/*", "/proc/self/cgroup", "/proc/self/mountinfo",
    "/proc/sys/kernel/osrelease", "/proc/net/dev", "/proc/net/route", "/proc/net/fib_trie",
    "/proc/sys/net/ipv4/tcp_congestion_control", "/proc/sys/net/ipv4/tcp_[rw]mem",
    "/etc/os-release", "/.dockerenv", "/run/.containerenv", "/run/systemd/container",
    "/run/cloud-init/cloud-id", "/sys/hypervisor/type", "/proc/device-tree/model",
    "/proc/device-tree/compatible", "/sys/class/dmi/id/sys_vendor",
    "/sys/class/dmi/id/product_name", "/sys/class/dmi/id/chassis_asset_tag",
    f"{CPU}/online", f"{CPU}/offline", f"{CPU}/possible", f"{CPU}/present", f"{CPU}/smt/*",
    f"{CPU}/cpu[0-9]*/topology/core_cpus_list", f"{CPU}/cpu[0-9]*/topology/die_cpus_list",
    f"{CPU}/cpu[0-9]*/topology/package_cpus_list", f"{CPU}/cpu[0-9]*/cpu_capacity",
    f"{CPU}/cpu[0-9]*/cache/index*/level", f"{CPU}/cpu[0-9]*/cache/index*/type",
    f"{CPU}/cpu[0-9]*/cache/index*/size", f"{CPU}/cpu[0-9]*/cache/index*/shared_cpu_list",
    f"{CPU}/cpu[0-9]*/thermal_throttle/package_throttle_count",
    f"{CPU}/cpufreq/policy*/scaling_*_freq", f"{CPU}/cpufreq/policy*/cpuinfo_m*_freq",
    f"{CPU}/cpufreq/policy*/base_frequency", f"{CPU}/cpufreq/policy*/scaling_governor",
    f"{CPU}/cpufreq/policy*/scaling_driver", f"{CPU}/cpufreq/boost",
    f"{CPU}/intel_pstate/no_turbo", f"{CPU}/vulnerabilities/sp*",
    "/sys/devices/system/clocksource/clocksource0/[ac]*_clocksource",
    f"{NODE}/online", f"{NODE}/has_cpu", f"{NODE}/node*/cpulist", f"{NODE}/node*/distance",
    f"{NODE}/node*/meminfo", "/sys/devices/system/edac/mc/mc*/[cu]e_count",
    "/sys/devices/system/edac/mc/mc*/dimm*/dimm_*", "/sys/devices/system/edac/mc/mc*/dimm*/size",
    "/sys/firmware/dmi/tables/DMI", "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/kernel/mm/hugepages/*/nr_hugepages", "/sys/kernel/mm/hugepages/*/free_hugepages",
    "/sys/block/[hnsv]*/size", "/sys/block/[hnsv]*/ro", "/sys/block/[hnsv]*/removable",
    "/sys/block/[hnsv]*/dev", "/sys/block/[hnsv]*/device/model",
    "/sys/block/[hnsv]*/queue/rotational", "/sys/block/[hnsv]*/queue/scheduler",
    "/sys/block/[hnsv]*/queue/nr_requests", "/sys/block/[hnsv]*/queue/read_ahead_kb",
    "/sys/block/[hnsv]*/queue/logical_block_size", "/sys/block/[hnsv]*/queue/write_cache",
    "/sys/class/net/*/speed", "/sys/class/net/*/duplex", "/sys/class/net/*/mtu",
    "/sys/class/net/*/operstate", "/sys/class/net/*/type", "/sys/class/net/*/flags",
    "/sys/class/net/*/device/driver/uevent", "/sys/bus/pci/devices/*/class",
    "/sys/bus/pci/devices/*/vendor", "/sys/bus/pci/devices/*/numa_node", "/sys/dev/block/*/size",
    "/sys/class/net/*/uevent", "/sys/class/net/*/statistics/[rt]x_bytes",
    "/sys/class/net/*/statistics/[rt]x_errors", "/sys/class/net/*/statistics/[rt]x_dropped",
)  # fmt: skip
GROUP_FILES = (
    "cgroup.controllers", "cpu.max", "cpu.stat", "cpu.cfs_[pq]*_us", "cpuset.cpus.effective",
    "cpuset.effective_cpus", "memory.max", "memory.high", "memory.current", "memory.stat",
    "memory.limit_in_bytes", "memory.usage_in_bytes", "pids.max",
)  # fmt: skip
MOUNTS = frozenset({"/", "/proc", "/sys", "/dev", "/dev/shm", "/dev/pts", "/run", "/tmp", "/boot"})
MAC = re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")
HEX = re.compile(r"\b[0-9a-f]{32,64}\b")
DOTTED = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
ROUTE = re.compile(r"^\S+\t([0-9A-F]{8})\t([0-9A-F]{8})\t", re.MULTILINE)
PUBLISHED = tuple(
    ipaddress.IPv4Network(each)
    for each in ("0.0.0.0/32", "127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)


def matching(pattern: str) -> Iterator[str]:
    """Paths of the live machine that match, without following links."""
    places = ["/"]
    for part in pattern.strip("/").split("/"):
        found: list[str] = []
        for place in places:
            if not any(mark in part for mark in "*?["):
                found += [f"{place.rstrip('/')}/{part}"] * os.path.lexists(f"{place}/{part}")
            elif os.path.isdir(place):  # noqa: PTH112
                names = sorted(os.listdir(place))  # noqa: PTH208
                found += [f"{place.rstrip('/')}/{n}" for n in names if fnmatch.fnmatch(n, part)]
        places = found
    yield from places


def group_patterns() -> Iterator[str]:
    """The files of the process's own groups, in every hierarchy and up to each root."""
    points = [
        line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()
        if " - cgroup" in line
    ]  # fmt: skip
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        parts = [part for part in line.split(":", 2)[2].split("/") if part]
        for point in points:
            for depth in range(len(parts) + 1):
                for name in GROUP_FILES:
                    yield "/".join((point, *parts[:depth], name))


def copy(path: str, root: Path, clean: Callable[[str], str]) -> tuple[str, str] | None:
    """Copies one file and the links on the way to it; gives path and errno of a refusal."""
    place = follow(path, root, clean)
    if place.is_dir():
        return None
    copied = root / clean(str(place)).lstrip("/")
    copied.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = place.read_text(errors="replace")
    except OSError as error:
        copied.write_text("")
        return clean(str(place)), errno.errorcode[error.errno or errno.EIO]
    if str(place) == "/proc/self/mountinfo":
        text = "".join(line for line in text.splitlines(keepends=True) if is_common(line))
    if holds_address(text):
        sys.stderr.write(f"left out, for it holds an address: {place}\n")
        return None
    copied.write_text(clean(text))
    return None


def follow(path: str, root: Path, clean: Callable[[str], str]) -> Path:
    """The real place of a path; every link on the way to it is copied as a relative one."""
    place, pending = Path("/"), [part for part in path.split("/") if part]
    while pending:
        step = place / pending.pop(0)
        # /proc/self leads to this process's number, which is another one in every recording.
        if not step.is_symlink() or str(step) == "/proc/self":
            place = step
            continue
        target = os.path.normpath(place / step.readlink())
        link = root / clean(str(step)).lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(target, place))
        place, pending = Path("/"), [*Path(target).parts[1:], *pending]
    return place


def is_common(line: str) -> bool:
    """Whether a mount is one that every system has."""
    point = line.split()[4]
    return point in MOUNTS or point.startswith("/sys/")


def holds_address(text: str) -> bool:
    """Whether an IPv4 address of a real network is written there, dotted or as a route's hex."""
    found = [ipaddress.IPv4Address(int(each, 16).to_bytes(4, "little"))
             for pair in ROUTE.findall(text) for each in pair]  # fmt: skip
    for word in DOTTED.findall(text):
        if all(int(part) < 256 for part in word.split(".")):
            found.append(ipaddress.IPv4Address(word))
    return any(not any(each in network for network in PUBLISHED) for each in found)


def outside(live: Live) -> dict[str, Any]:
    """What is not a file, with the variables that probes pick by name."""
    named = [
        *THREAD_VARIABLES,
        *(each for _, shown, given in SCHEDULERS for each in (shown, *given)),
    ]
    environment = live.environment()
    spaces = {path: live.space(path) for path in ("/", "/dev/shm")}
    numbers = {"/": live.device_number("/")}
    limits = {name: live.ulimit(name) for name in ("NOFILE", "MEMLOCK", "NPROC")}
    return {
        "hostname": "machine", "machine": live.machine(), "user_id": live.user_id(),
        "affinity": live.affinity(),
        "environment": {name: environment[name] for name in named if name in environment},
        "ulimits": {k: each for k, each in limits.items() if not isinstance(each, Missing)},
        "space": {
            path: [each.total_bytes, each.available_bytes, each.available_inodes]
            for path, each in spaces.items() if not isinstance(each, Missing)
        },
        "device_numbers": {k: each for k, each in numbers.items() if not isinstance(each, Missing)},
    }  # fmt: skip


def record(root: Path, about: str, replacements: dict[str, str]) -> None:
    """Writes a machine's folder."""

    def clean(text: str) -> str:
        for old, new in replacements.items():
            text = text.replace(old, new)
        text = HEX.sub(lambda found: ("0123456789abcdef" * 4)[: len(found[0])], text)
        return MAC.sub("02:00:00:00:00:01", text)

    refusals: dict[str, str] = {}
    for pattern in (*PATTERNS, *group_patterns()):
        for path in matching(pattern):
            refused = copy(path, root, clean)
            if refused is not None:
                refusals[refused[0]] = refused[1]
    told = {"about": about, **outside(Live()), "refusals": refusals}
    root.mkdir(parents=True, exist_ok=True)
    (root / "outside.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    record(MACHINES / sys.argv[1], sys.argv[2], dict(each.split("=", 1) for each in sys.argv[3:]))
