"""The process's own control groups: from its own folder up to the root that the mount shows.

Read from /proc/self/cgroup, /proc/self/mountinfo and the controllers' files, as the kernel's
admin-guide/cgroup-v1, admin-guide/cgroup-v2 and man 7 cgroup_namespaces describe them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Reason, absent, failed, unsupported

# Version 1 writes "no limit" as 2^63 less one page, and a page has 4 to 64 KiB.
NO_LIMIT: Final = 1 << 62
_HINT: Final = "mount the cgroup filesystem read-only where this process runs"
_ESCAPES: Final = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))

Version = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class Membership:
    """A hierarchy and the process's place in it; version 2 names no controllers there."""

    version: Version
    controllers: frozenset[str]
    path: str


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted hierarchy: `root` is the group that stands at `point`."""

    version: Version
    options: frozenset[str]
    root: str
    point: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A controller's folders, the process's own first, the mount's root last."""

    version: Version
    path: str
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Least:
    """The tightest limit of a chain; `unknown` is the first group that would not tell its own.

    `value` is None where no group that told sets one. `source` is the file and `folder` the group
    that sets it.
    """

    value: float | None
    source: str
    folder: str
    unknown: Missing | None


def memberships(host: Host) -> tuple[Membership, ...] | Missing:
    """Every hierarchy that the process is in."""
    found = host.read_text(f"/proc/{host.outside.process_id()}/cgroup")
    return found if isinstance(found, Missing) else parse_memberships(found)


def chain(host: Host, controller: str) -> Chain | Missing:
    """The folders that hold a controller's files for this process.

    A Missing with the reason `absent` says that no group can limit it; with any other reason,
    that a limit may be hidden.
    """
    joined = memberships(host)
    if isinstance(joined, Missing):
        return joined
    own = next((each for each in joined if controller in each.controllers), None) or next(
        (each for each in joined if each.version == 2), None
    )
    if own is None:
        return absent(f"this process is in no group that has the controller {controller}")
    listed = host.read_text(f"/proc/{host.outside.process_id()}/mountinfo")
    if isinstance(listed, Missing):
        return listed
    mounts = [
        each
        for each in parse_mounts(listed)
        if each.version == own.version and (each.version == 2 or controller in each.options)
    ]
    if not mounts:
        return unsupported(f"no cgroup filesystem with {controller} is mounted here", _HINT)
    holding = [each for each in mounts if _holds(each.root, own.path)]
    if not holding:
        return unsupported(f"the own group {own.path} lies outside of what the mount shows", _HINT)
    folders = _folders(min(holding, key=lambda each: len(each.root)), own.path)
    # A file that is absent means no limit, so an own folder that cannot be seen must not look so.
    seen = host.names(folders[0])
    if isinstance(seen, Missing):
        return seen if seen.reason is not Reason.ABSENT else unsupported(seen.detail, _HINT)
    return Chain(own.version, own.path, folders)


def least(
    host: Host,
    groups: Chain,
    files: tuple[str, ...],
    read: Callable[[Host, str], float | Missing | None],
) -> Least:
    """The least of what `read` finds in `files` of every group; an absent file sets no limit."""
    value, source, place, unknown = None, "", groups.folders[0], None
    for folder in groups.folders:
        for file in files:
            found = read(host, f"{folder}/{file}")
            if isinstance(found, Missing):
                if found.reason is not Reason.ABSENT:
                    unknown = unknown or found
            elif found is not None and (value is None or found < value):
                value, source, place = found, f"{folder}/{file}", folder
    return Least(value, source, place, unknown)


def read_limit(host: Host, path: str) -> float | Missing | None:
    """A limit in bytes or processes; None for `max` and for version 1's number for it."""
    found = host.read_text(path)
    if isinstance(found, Missing):
        return found
    if found.strip() == "max":
        return None
    try:
        limit = int(found)
    except ValueError:
        return failed(f"{path} holds no limit")
    return None if limit >= NO_LIMIT or limit < 0 else limit


def read_quota(host: Host, path: str) -> float | Missing | None:
    """CPUs that cpu.max, or cpu.cfs_quota_us with its period, allows; None where unlimited."""
    words = host.read_text(path)
    if isinstance(words, Missing):
        return words
    if path.endswith("/cpu.cfs_quota_us"):
        period = host.read_text(path.replace("quota", "period"))
        if isinstance(period, Missing):
            return period
        words = f"{words} {period}"
    try:
        return parse_quota(words)
    except ValueError:
        return failed(f"{path} holds no quota")


def read_counters(host: Host, path: str) -> dict[str, int] | Missing:
    """The lines `name number` of cpu.stat or memory.stat."""
    found = host.read_text(path)
    if isinstance(found, Missing):
        return found
    pairs = (line.split() for line in found.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def parse_quota(words: str) -> float | None:
    """`250000 100000` is 2.5 CPUs; `max 100000` and `-1 100000` are no limit."""
    quota, period = words.split()
    if quota == "max" or int(quota) < 0:
        return None
    if int(period) <= 0:
        raise ValueError(f"a period of {period}")
    return int(quota) / int(period)


def parse_memberships(block: str) -> tuple[Membership, ...]:
    """The lines `4:cpu,cpuacct:/path` of version 1 and `0::/path` of version 2."""
    found = []
    for line in block.splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if path:
            controllers = frozenset(names.split(",")) - {""}
            version: Version = 2 if number == "0" and not controllers else 1
            found.append(Membership(version, controllers, path))
    return tuple(found)


def parse_mounts(block: str) -> tuple[Mount, ...]:
    """The cgroup mounts of a mountinfo file: fields 4 and 5, and the options after the dash."""
    found = []
    for line in block.splitlines():
        left, _, right = line.partition(" - ")
        fields, words = left.split(), right.split()
        if len(fields) < 5 or len(words) < 3 or words[0] not in ("cgroup", "cgroup2"):
            continue
        version: Version = 1 if words[0] == "cgroup" else 2
        options = frozenset(words[2].split(","))
        found.append(Mount(version, options, _plain(fields[3]), _plain(fields[4])))
    return tuple(found)


def _holds(root: str, path: str) -> bool:
    """Whether a group lies at or below a mount's root; `/..` marks one outside the namespace."""
    if ".." in path.split("/") or ".." in root.split("/"):
        return False
    return root in ("/", path) or path.startswith(f"{root}/")


def _folders(mount: Mount, path: str) -> tuple[str, ...]:
    below = path if mount.root == "/" else path.removeprefix(mount.root)
    parts = [part for part in below.split("/") if part]
    return tuple("/".join((mount.point, *parts[:depth])) for depth in range(len(parts), -1, -1))


def _plain(word: str) -> str:
    for escape, character in _ESCAPES:
        word = word.replace(escape, character)
    return word
