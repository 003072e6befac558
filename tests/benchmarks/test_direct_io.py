import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.benchmarks._direct_io import (
    BLOCK_BYTES,
    PAGE_BYTES,
    DirectFile,
    Requests,
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


def test_so_many_requests_are_outstanding_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read waits until all eight are there: with fewer at once, none would ever end."""
    all_there = threading.Barrier(8)
    asked: list[int] = []

    def read(_descriptor: int, buffers: list[Any], offset: int) -> int:
        all_there.wait(30)
        asked.append(offset)
        return len(buffers[0])

    monkeypatch.setattr(os, "preadv", read)
    offsets = [each * PAGE_BYTES for each in range(64)]
    requests = Requests(-1, PAGE_BYTES, depth=8)
    assert requests.read(offsets) > 0
    assert sorted(asked) == offsets
    assert len(requests.latencies) == 64


@pytest.mark.parametrize("depth", [1, 4])
def test_a_read_that_fails_is_not_lost(depth: int) -> None:
    memory = os.memfd_create("short")
    os.pwrite(memory, bytes(2 * PAGE_BYTES), 0)
    requests = Requests(memory, PAGE_BYTES, depth)
    assert requests.read([0, PAGE_BYTES]) > 0
    with pytest.raises(OSError, match="gave 0"):
        requests.read([0, 9 * PAGE_BYTES])
    os.close(memory)
    with pytest.raises(OSError, match="Bad file descriptor"):
        requests.read([0])
