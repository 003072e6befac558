"""What lies behind a directory: its filesystem as /proc/self/mountinfo names it, and refusals."""

import errno
import os
from dataclasses import dataclass
from typing import Final

from bitpath_cli.errors import UnwritableOutput
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, absent, denied, failed, unsupported

_MOUNTS: Final = "/proc/self/mountinfo"
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
# 9p and virtiofs are a virtual machine's way to its host's folders: no disk of this machine.
_NETWORK: Final = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "glusterfs", "gpfs", "beegfs",
        "orangefs", "afs", "coda", "ncpfs", "wekafs", "9p", "virtiofs",
    }
)  # fmt: skip
_NETWORK_FUSE: Final = ("ssh", "gluster", "ceph", "s3", "gcs", "goofys", "rclone", "blob", "juice")
_OTHER_DIRECTORY: Final = "name a directory on a local disk with --dir"


@dataclass(frozen=True, slots=True)
class Filesystem:
    """The type and the source of the mount that holds a directory."""

    type: str
    source: str

    @property
    def is_in_memory(self) -> bool:
        """Whether its files are pages of memory."""
        return self.type in _IN_MEMORY

    @property
    def is_network(self) -> bool:
        """Whether its files lie on another machine."""
        told = self.type.removeprefix("fuse.")
        is_fuse = told != self.type
        return self.type in _NETWORK or (is_fuse and any(each in told for each in _NETWORK_FUSE))


def find_filesystem(host: Host, directory: str) -> Filesystem | Missing:
    """The filesystem of a directory: the longest mount point above it, the last one mounted."""
    text = host.read_text(_MOUNTS)
    if isinstance(text, Missing):
        return text
    place = host.resolve(os.path.abspath(directory))  # noqa: PTH100  (links are the host's to follow)
    if isinstance(place, Missing):
        return place
    found, length = None, -1
    for line in text.splitlines():
        mount, _, kind = line.partition(" - ")
        fields, names = mount.split(" "), kind.split(" ")
        if len(fields) < 5 or len(names) < 2:
            continue
        point = _plain(fields[4])
        if len(point) >= length and _is_below(place, point):
            found, length = Filesystem(names[0], _plain(names[1])), len(point)
    return found or absent(f"{directory} lies below no mount point in {_MOUNTS}")


def find_obstacle(directory: str, filesystem: Filesystem) -> Missing | None:
    """Why a disk cannot be measured on such a filesystem, or None."""
    if filesystem.is_in_memory:
        return unsupported(
            f"{directory} is on {filesystem.type}: its files lie in memory, not on a disk",
            _OTHER_DIRECTORY,
        )
    if filesystem.is_network:
        return unsupported(
            f"{directory} is on {filesystem.type} ({filesystem.source}): its files lie on another "
            "machine, and a local counter cannot prove what the disk there did",
            _OTHER_DIRECTORY,
        )
    return None


def explain(error: OSError, directory: str) -> Missing:
    """A refusal in plain words, with the least that would lift it."""
    words = f"{directory}: {error.strerror or error}"
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return denied(words, f"write access to {directory}, or another directory with --dir")
        case errno.EROFS:
            return unsupported(f"{words} (it is mounted read-only)", _OTHER_DIRECTORY)
        case errno.ENOENT | errno.ENOTDIR:
            return absent(words, "create it, or name another directory with --dir")
        case errno.ENOSPC | errno.EDQUOT:
            return failed(words, "free some space there, or name another directory with --dir")
        case errno.EFBIG:
            return failed(
                f"{words} (the limit 'ulimit -f')", "raise it, such as: ulimit -f 1048576"
            )
        case errno.EINVAL | errno.EOPNOTSUPP:
            return unsupported(
                f"{directory}: its filesystem refuses O_DIRECT, so only the page cache could be "
                "measured",
                _OTHER_DIRECTORY,
            )
    if error.errno is None:
        return failed(words, "leave its test file alone, then run it again")
    return failed(words, "see the kernel's messages: dmesg")


def refusal(error: OSError, directory: str) -> UnwritableOutput:
    """The same as an error, for what happens once the loops are open."""
    why = explain(error, directory)
    return UnwritableOutput(directory, why.detail.removeprefix(f"{directory}: "), f"{why.hint}.")


def _is_below(place: str, point: str) -> bool:
    return point == "/" or place == point or place.startswith(f"{point}/")


def _plain(name: str) -> str:
    """Undo mountinfo's escapes: space, tab, newline and backslash as octal."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        name = name.replace(escape, character)
    return name
