"""Disks and filesystems, from sysfs, the mount table and statvfs, and what lies behind a folder."""

from collections.abc import Sequence
from typing import Final

from bitpath_cli.host import Host, Space, natural_key
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.storage import Filesystem
from bitpath_cli.model.reading import (
    Missing,
    Reading,
    Statement,
    absent,
    fact,
    reported,
    unsupported,
)
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.probes import Probe, Question
from bitpath_cli.probes._blocks import whole_disks
from bitpath_cli.probes._disks import find_disks
from bitpath_cli.probes._mounts import (
    FROM_HOST,
    NETWORKS,
    OVERLAYS,
    Mount,
    absolute,
    holding,
    listed,
    parse_mountinfo,
)

_TABLE: Final = "mountinfo"
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "hugetlbfs"})
_INODES_COUNTED: Final = frozenset({"ext2", "ext3", "ext4", "f2fs", "tmpfs", "xfs"})
_OVERLAY_DEPTH: Final = 4
_ASKED_AT_ONCE: Final = 16
Room = Space | Missing


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """The disks, then the filesystems; the one that holds the question's directory is marked."""
    return (*find_disks(host), *find_filesystems(host, question.directory))


def find_filesystems(host: Host, directory: str) -> tuple[Filesystem, ...]:
    """Each filesystem once, however often it is mounted."""
    path = f"/proc/{host.outside.process_id()}/mountinfo"
    table = host.read_text(path)
    if isinstance(table, Missing):
        return (_unknown(directory, table, host.outside.space(directory)),)
    mounts = parse_mountinfo(table)
    place = absolute(host, directory)
    target = holding(mounts, place, _device_number(host, place))
    chosen = listed(mounts, target)
    rooms = _ask_rooms(host, chosen, target, place)
    return tuple(
        _filesystem(host, mounts, mount, mount is target, room)
        for mount, room in zip(chosen, rooms, strict=True)
    )


def find_devices(host: Host, mounts: Sequence[Mount], mount: Mount, depth: int = 0) -> Statement:
    """The whole disks behind a mount, where this host can know them."""
    if mount.type in NETWORKS:
        return absent(f"{mount.type} lies on a server, not on a disk of this host")
    if mount.type in FROM_HOST:
        return absent(f"{mount.type} is lent by the host that runs this machine")
    if mount.type in _IN_MEMORY:
        return absent(f"{mount.type} lies in memory")
    if mount.type in OVERLAYS:
        return _below_overlay(host, mounts, mount, depth)
    if mount.type == "zfs":
        return unsupported("ZFS keeps its devices to itself", "zpool status -P lists them")
    found: list[str] = []
    refused: Missing | None = None
    for device in _block_devices(host, mount):
        disks = whole_disks(host, device)
        if isinstance(disks, Missing):
            refused = disks
        else:
            found += disks
    if not found:
        return refused or unsupported(f"{mount.source} ({mount.type}) is no block device")
    return fact(tuple(sorted(set(found), key=natural_key)), "sysfs: partitions and slaves")


def on_network(mount: Mount) -> Statement:
    """Whether the filesystem itself lies on a server; a disk's own network is the disk's matter."""
    if mount.type in NETWORKS:
        return fact(True, _TABLE)
    if mount.type in FROM_HOST or mount.type == "fuse" or mount.type.startswith("fuse."):
        if mount.type == "fuse.fuse-overlayfs":
            return fact(False, _TABLE)
        return unsupported(f"{mount.type}: what lies behind it is not visible here")
    return fact(False, _TABLE)


def _filesystem(
    host: Host, mounts: Sequence[Mount], mount: Mount, is_target: bool, room: Room
) -> Filesystem:
    read_only = "ro" in mount.options or "ro" in mount.super_options
    return Filesystem(
        name=mount.point,
        type=fact(mount.type, _TABLE),
        source=fact(mount.source, _TABLE),
        devices=find_devices(host, mounts, mount),
        network=on_network(mount),
        overlay=fact(mount.type in OVERLAYS, _TABLE),
        read_only=fact(read_only, _TABLE),
        total=room if isinstance(room, Missing) else reported(room.total_bytes, BYTE, "statvfs"),
        available=room if isinstance(room, Missing) else reported(
            room.available_bytes, BYTE, "statvfs"
        ),
        available_inodes=_inodes(room, mount.type),
        is_target=is_target,
    )  # fmt: skip


def _inodes(room: Room, filesystem_type: str) -> Reading:
    if isinstance(room, Missing):
        return room
    if room.available_inodes == 0 and filesystem_type not in _INODES_COUNTED:
        return unsupported(
            f"statvfs says 0, which {filesystem_type} may say because it has no fixed number"
        )
    return reported(room.available_inodes, ONE, "statvfs")


def _ask_rooms(
    host: Host, mounts: Sequence[Mount], target: Mount | None, place: str
) -> tuple[Room, ...]:
    """The mounts' rooms; network filesystems are asked side by side, for each may hang."""

    def ask(mount: Mount) -> Room:
        # A directory may have a quota of its own, so the target's is asked rather than the mount's.
        room = host.outside.space(place) if mount is target else None
        return (
            host.outside.space(mount.point) if room is None or isinstance(room, Missing) else room
        )

    if not any(each.type in NETWORKS for each in mounts):
        return tuple(ask(each) for each in mounts)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=_ASKED_AT_ONCE) as pool:
        return tuple(pool.map(ask, mounts))


def _below_overlay(host: Host, mounts: Sequence[Mount], mount: Mount, depth: int) -> Statement:
    """The disks that hold the writable layer, where its folder can be seen from here."""
    upper = mount.option("upperdir")
    if not upper or not host.exists(upper) or depth == _OVERLAY_DEPTH:
        return unsupported(
            "an overlay inside a container: the filesystem that holds its layers is not visible",
            "mount a directory of the host into the container and name it with --dir",
        )
    below = holding(mounts, upper, "")
    if below is None or below is mount:
        return unsupported(f"the mount table does not say what holds {upper}")
    return find_devices(host, mounts, below, depth + 1)


def _block_devices(host: Host, mount: Mount) -> tuple[str, ...]:
    """The devices of a filesystem: its number, or by name where it has none, as on btrfs."""
    if not mount.device.startswith("0:"):
        return (mount.device,)
    names = []
    # bcachefs joins its devices with colons.
    for path in mount.source.split(":"):
        place = host.resolve(path) if path.startswith("/dev/") else absent(path)
        names.append(path if isinstance(place, Missing) else place)
    named = tuple(each.rpartition("/")[2] for each in names if each.startswith("/dev/"))
    if mount.type != "btrfs":
        return named
    for folder in host.matching("/sys/fs/btrfs", "*-*"):
        together = host.names(f"{folder}/devices")
        if not isinstance(together, Missing) and set(named) & set(together):
            return together
    return named


def _device_number(host: Host, place: str) -> str:
    found = host.outside.device_number(place)
    return "" if isinstance(found, Missing) else f"{found[0]}:{found[1]}"


def _unknown(directory: str, why: Missing, room: Room) -> Filesystem:
    """Stands for the target where the mount table cannot be read."""
    return Filesystem(
        name=directory, type=why, source=why, devices=why, network=why, overlay=why, read_only=why,
        total=room if isinstance(room, Missing) else reported(room.total_bytes, BYTE, "statvfs"),
        available=room if isinstance(room, Missing) else reported(
            room.available_bytes, BYTE, "statvfs"
        ),
        available_inodes=_inodes(room, "tmpfs"),
        is_target=True,
    )  # fmt: skip


PROBE = Probe(
    summary="Disks with their medium and bus, filesystems, and what lies behind --dir", find=find
)
