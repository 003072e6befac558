import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.benchmarks._direct_io import (
    BLOCK_BYTES,
    PAGE_BYTES,
    DirectFile,
    make_unnamed,
    unnamed_file,
)
from tests.benchmarks.places import disk_directory

ROOT = Path(__file__).parent.parent.parent
FILL_A_TINY_DISK = """
import sys
from bitpath_cli.benchmarks._direct_io import unnamed_file
from bitpath_cli.benchmarks._directory import explain
try:
    with unnamed_file(sys.argv[1], 8 << 20) as file:
        file.fill(8 << 20, 60)
except OSError as error:
    print(explain(error, sys.argv[1]).detail)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


@pytest.fixture
def file(directory: Path) -> Iterator[DirectFile]:
    with unnamed_file(str(directory), 4 * BLOCK_BYTES) as made:
        yield made


def test_the_file_has_no_name_and_bypasses_the_cache(directory: Path, file: DirectFile) -> None:
    file.fill(2 * BLOCK_BYTES, 60)
    assert list(directory.iterdir()) == []
    flags = Path(f"/proc/self/fdinfo/{file.descriptor}").read_text().split("flags:")[1].split()[0]
    assert int(flags, 8) & os.O_DIRECT
    assert os.fstat(file.descriptor).st_nlink == 0


def test_every_page_differs_from_every_other_and_holds_its_stamp(file: DirectFile) -> None:
    file.fill(4 * BLOCK_BYTES, 60)
    whole = Path(f"/proc/self/fd/{file.descriptor}").read_bytes()
    pages = [whole[at : at + PAGE_BYTES] for at in range(0, len(whole), PAGE_BYTES)]
    assert len(pages) == len(set(pages)) == 1024
    first = int.from_bytes(pages[0][:8], "little")
    assert [int.from_bytes(page[:8], "little") - first for page in pages] == list(range(1024))


def test_filling_stops_at_its_limit_but_never_before_a_block(file: DirectFile) -> None:
    file.fill(4 * BLOCK_BYTES, -1.0)
    assert file.size_bytes == BLOCK_BYTES


def test_a_file_that_holds_something_else_is_noticed(file: DirectFile) -> None:
    file.fill(BLOCK_BYTES, 60)
    assert file.find_damage() is None
    Path(f"/proc/self/fd/{file.descriptor}").write_bytes(bytes(BLOCK_BYTES))
    assert "did not hold what was written" in str(file.find_damage())


def test_a_block_that_is_written_over_holds_the_same_stamps(file: DirectFile) -> None:
    file.fill(4 * BLOCK_BYTES, 60)
    before = Path(f"/proc/self/fd/{file.descriptor}").read_bytes()
    file.overwrite(2)
    assert file.size_bytes == 4 * BLOCK_BYTES
    assert file.find_damage() is None
    assert Path(f"/proc/self/fd/{file.descriptor}").read_bytes() == before


def test_damage_is_looked_for_only_where_it_was_asked(file: DirectFile) -> None:
    file.fill(2 * BLOCK_BYTES, 60)
    file.use_cache()
    os.pwrite(file.descriptor, bytes(BLOCK_BYTES), BLOCK_BYTES)
    assert file.find_damage(blocks=1, probes=64) is None
    assert "did not hold" in str(file.find_damage(probes=64))


def test_a_dropped_file_is_read_from_the_device_again(file: DirectFile) -> None:
    """What the kernel counts as this process's reads grows only where a device was asked."""
    file.fill(4 * BLOCK_BYTES, 60)
    file.use_cache()
    os.pread(file.descriptor, 4 * BLOCK_BYTES, 0)
    cached = read_by_this_process()
    os.pread(file.descriptor, 4 * BLOCK_BYTES, 0)
    assert read_by_this_process() == cached
    file.drop_cache()
    os.pread(file.descriptor, 4 * BLOCK_BYTES, 0)
    assert read_by_this_process() >= cached + 4 * BLOCK_BYTES


def read_by_this_process() -> int:
    counts = Path("/proc/self/io").read_text()
    return int(next(line for line in counts.splitlines() if "read_bytes" in line).split()[1])


def test_without_o_tmpfile_the_name_is_gone_at_once(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = os.open

    def refuse_unnamed(path: Any, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return real_open(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse_unnamed)
    descriptor = make_unnamed(str(directory))
    assert list(directory.iterdir()) == []
    assert os.fstat(descriptor).st_nlink == 0
    os.close(descriptor)


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_unnamed(str(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_becomes_full_says_so(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    mount_and_run = 'mount -t tmpfs -o size=3m none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [
            unshare, "--user", "--map-root-user", "--mount", "sh", "-c", mount_and_run,
            "sh", str(tmp_path), sys.executable, FILL_A_TINY_DISK,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"no filesystem can be mounted here: {done.stderr.strip()}")
    if "O_DIRECT" in done.stdout:
        pytest.skip("this kernel's tmpfs refuses O_DIRECT")
    assert done.stdout.strip() == f"{tmp_path}: No space left on device"
