import errno
import os
from pathlib import Path

import pytest

from bitpath_cli.benchmarks._directory import (
    Filesystem,
    explain,
    find_filesystem,
    find_obstacle,
    refusal,
)
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Reason

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
31 27 8:1 / /data rw,relatime shared:2 master:1 - xfs /dev/sda1 rw
32 31 0:40 / /data/shared rw - nfs4 server:/export rw,vers=4.2
33 27 0:41 / /mnt/my\\040disk rw - btrfs /dev/sdb rw
34 27 0:42 / /over rw - tmpfs first rw
35 34 0:43 / /over rw - overlay second rw
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTS)
    for name in ("data/shared/deep", "database", "mnt/my disk/x", "over"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("/data/shared")
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("/", Filesystem("ext4", "/dev/vda")),
        ("/database", Filesystem("ext4", "/dev/vda")),
        ("/data", Filesystem("xfs", "/dev/sda1")),
        ("/data/shared/deep", Filesystem("nfs4", "server:/export")),
        ("/link", Filesystem("nfs4", "server:/export")),
        ("/mnt/my disk/x", Filesystem("btrfs", "/dev/sdb")),
        ("/over", Filesystem("overlay", "second")),
    ],
)
def test_the_nearest_mount_holds_a_directory(
    host: Host, directory: str, expected: Filesystem
) -> None:
    assert find_filesystem(host, directory) == expected


def test_a_directory_that_is_not_there_is_named(host: Host) -> None:
    found = find_filesystem(host, "/nowhere")
    assert isinstance(found, Missing)
    assert found.reason is Reason.ABSENT
    assert "/nowhere" in found.detail


@pytest.mark.parametrize("type_", ["tmpfs", "ramfs"])
def test_files_in_memory_are_no_disk(type_: str) -> None:
    found = find_obstacle("/fast", Filesystem(type_, "none"))
    assert found is not None
    assert found.reason is Reason.UNSUPPORTED
    assert found.detail == f"/fast is on {type_}: its files lie in memory, not on a disk"
    assert "--dir" in found.hint


@pytest.mark.parametrize(
    "type_", ["nfs", "nfs4", "cifs", "lustre", "ceph", "9p", "virtiofs", "fuse.sshfs", "fuse.s3fs"]
)
def test_files_on_another_machine_are_no_disk_of_this_one(type_: str) -> None:
    found = find_obstacle("/far", Filesystem(type_, "server:/export"))
    assert found is not None
    assert found.reason is Reason.UNSUPPORTED
    assert found.detail.startswith(f"/far is on {type_} (server:/export): ")
    assert "--dir" in found.hint


@pytest.mark.parametrize("type_", ["ext4", "xfs", "btrfs", "overlay", "zfs", "fuseblk"])
def test_other_filesystems_may_be_tried(type_: str) -> None:
    assert find_obstacle("/here", Filesystem(type_, "/dev/sda1")) is None


@pytest.mark.parametrize(
    ("number", "reason", "words", "hint"),
    [
        (errno.EACCES, Reason.DENIED, "Permission denied", "write access to /here"),
        (errno.EROFS, Reason.UNSUPPORTED, "mounted read-only", "--dir"),
        (errno.ENOENT, Reason.ABSENT, "No such file", "create it"),
        (errno.ENOSPC, Reason.FAILED, "No space left", "free some space"),
        (errno.EDQUOT, Reason.FAILED, "quota exceeded", "free some space"),
        (errno.EFBIG, Reason.FAILED, "ulimit -f", "raise it"),
        (errno.EINVAL, Reason.UNSUPPORTED, "refuses O_DIRECT", "--dir"),
        (errno.EIO, Reason.FAILED, "Input/output error", "dmesg"),
    ],
)
def test_a_refusal_is_explained(number: int, reason: Reason, words: str, hint: str) -> None:
    error = OSError(number, os.strerror(number))
    found = explain(error, "/here")
    assert found.reason is reason
    assert found.detail.startswith("/here: ")
    assert words in found.detail
    assert hint in found.hint
    assert str(refusal(error, "/here")).startswith("/here cannot be written: ")
