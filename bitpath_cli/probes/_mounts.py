"""The mount table of this process, from /proc/<pid>/mountinfo (proc_pid_mountinfo(5))."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing

# Kernel interfaces, images and memory: nothing that a dataset or a checkpoint is kept on.
_NOT_STORAGE: Final = frozenset({
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cramfs", "debugfs", "devpts",
    "devtmpfs", "efivarfs", "erofs", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fusectl",
    "hugetlbfs", "iso9660", "mqueue", "nsfs", "nullfs", "proc", "pstore", "ramfs", "rootfs",
    "rpc_pipefs", "securityfs", "selinuxfs", "smackfs", "squashfs", "sysfs", "tmpfs", "tracefs",
})  # fmt: skip
# Container runtimes mount these single files from the host; they are no place to work in.
_SINGLE_FILES: Final = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"})
OVERLAYS: Final = frozenset({"overlay", "aufs", "fuse.fuse-overlayfs"})
NETWORKS: Final = frozenset({
    "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs", "wekafs", "fuse.beegfs",
    "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.ceph-fuse", "fuse.curlftpfs",
    "fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.juicefs",
    "fuse.mountpoint-s3", "fuse.objectivefs", "fuse.quobyte", "fuse.rclone", "fuse.s3fs",
    "fuse.seaweedfs", "fuse.sshfs",
})  # fmt: skip
FROM_HOST: Final = frozenset({
    "9p", "virtiofs", "vboxsf", "prl_fs", "vmhgfs", "fuse.vmhgfs-fuse", "drvfs", "fakeowner",
    "fuse.grpcfuse",
})  # fmt: skip
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line: the device's `major:minor`, the part of it that is mounted, where, and how."""

    device: str
    root: str
    point: str
    options: tuple[str, ...]
    type: str
    source: str
    super_options: tuple[str, ...]

    def option(self, name: str) -> str:
        """The value of `name=value` among the filesystem's options, empty without one."""
        start = f"{name}="
        found = (each for each in self.super_options if each.startswith(start))
        return next(found, start).removeprefix(start)


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """All mounts in the order in which they were made; lines that are cut off are left out."""
    mounts = []
    for line in text.splitlines():
        # Optional fields stand before the dash, so what follows it has no fixed position.
        left, dash, right = line.partition(" - ")
        before, after = left.split(" "), right.split(" ")
        if not dash or len(before) < 6 or len(after) < 3:
            continue
        mounts.append(
            Mount(
                device=before[2],
                root=_unescape(before[3]),
                point=_unescape(before[4]),
                options=tuple(before[5].split(",")),
                type=after[0],
                source=_unescape(after[1]),
                super_options=tuple(_unescape(after[2]).split(",")),
            )
        )
    return tuple(mounts)


def absolute(host: Host, directory: str) -> str:
    """The directory as the mount table names it: absolute, and with every link followed."""
    if not directory.startswith("/"):
        here = host.resolve(f"/proc/{host.outside.process_id()}/cwd")
        directory = f"{'/' if isinstance(here, Missing) else here}/{directory}"
    directory = posixpath.normpath(directory)
    found = host.resolve(directory)
    return directory if isinstance(found, Missing) else found


def holding(mounts: Sequence[Mount], directory: str, device: str) -> Mount | None:
    """The mount that holds an absolute directory: the deepest one, and of several the last made.

    A mount over a parent hides deeper ones, which only the directory's device number tells; it is
    empty where unknown, and matches nothing on btrfs, whose subvolumes have numbers of their own.
    """
    above = [each for each in mounts if _is_below(directory, each.point)]
    same = [each for each in above if each.device == device]
    chosen: Mount | None = None
    for each in same or above:
        if chosen is None or len(each.point) >= len(chosen.point):
            chosen = each
    return chosen


def listed(mounts: Iterable[Mount], target: Mount | None) -> tuple[Mount, ...]:
    """One mount per filesystem that is storage: the target's own, else the least partial one."""
    chosen: dict[str, Mount] = {}
    for each in mounts:
        if not _is_listed(each):
            continue
        other = chosen.get(each.device)
        if other is None or _partiality(each) < _partiality(other):
            chosen[each.device] = each
    if target is not None:
        chosen[target.device] = target
    return tuple(sorted(chosen.values(), key=lambda each: each.point))


def _is_listed(mount: Mount) -> bool:
    if mount.type in OVERLAYS:
        # The others are the roots of this host's containers: views of a filesystem listed already.
        return mount.point == "/"
    return mount.type not in _NOT_STORAGE and mount.point not in _SINGLE_FILES


def _partiality(mount: Mount) -> tuple[bool, int]:
    """Bind mounts show a part of a filesystem and come after a mount of the whole."""
    return mount.root != "/", len(mount.point)


def _is_below(directory: str, point: str) -> bool:
    return directory == point or directory.startswith(point.rstrip("/") + "/")


def _unescape(word: str) -> str:
    """Blanks and backslashes are written in octal."""
    return _ESCAPE.sub(lambda found: chr(int(found.group(1), 8)), word)
