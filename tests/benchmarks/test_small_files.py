import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._disk_kinds import SMALL_FILE_BYTES, TRAINING
from bitpath_cli.benchmarks._small_files import FileReads, small_files, sweep
from bitpath_cli.errors import UnwritableOutput
from bitpath_cli.host import Host
from tests.benchmarks.places import disk_directory

ROOT = Path(__file__).parent.parent.parent
KIND = TRAINING[0]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


def context(directory: Path) -> Context:
    return Context(
        host=Host(), threads=2, memory_bytes=1 << 30, cache_bytes=0, directory=str(directory)
    )


def test_files_are_of_one_size_and_all_different(directory: Path) -> None:
    with small_files(str(directory)) as files:
        files.fill(8, 60)
        contents = [Path(each).read_bytes() for each in files.paths]
        assert len(files.paths) == len(set(contents)) == 8
        assert {len(each) for each in contents} == {SMALL_FILE_BYTES}
        assert files.find_damage() is None
    assert list(directory.iterdir()) == []


def test_filling_stops_at_its_limit_but_never_before_a_file(directory: Path) -> None:
    with small_files(str(directory)) as files:
        files.fill(8, -1.0)
        assert len(files.paths) == 1


def test_every_file_is_read_once_before_any_is_read_again(directory: Path) -> None:
    with small_files(str(directory)) as files:
        files.fill(96, 60)
        reads = FileReads(KIND, files, context(directory))
        assert reads.run(1) > 0
        left = set(reads._rounds.left)
        assert len(left) == 96 - 64
        assert left < set(files.paths)
        reads.run(1)
        assert len(reads._rounds.left) == 64
        seen = reads.evidence()
    assert sum(seen["asked_bytes"]) == 128 * SMALL_FILE_BYTES
    assert sum(seen["file_bytes"]) == 96 * SMALL_FILE_BYTES
    assert seen["wrong"] == (0.0,)
    assert len(seen["latency"]) == 128
    if "moved_bytes" in seen:
        assert seen["moved_bytes"][0] >= 128 * SMALL_FILE_BYTES


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: os.truncate(path, 100), "something cut a test file short: 100 of 65536 B"),
        (os.unlink, "No such file or directory"),
    ],
)
def test_a_file_that_shrinks_or_goes_is_named(directory: Path, spoil: object, words: str) -> None:
    with small_files(str(directory)) as files:
        files.fill(8, 60)
        reads = FileReads(KIND, files, context(directory))
        reads.run(1)
        for path in files.paths:
            spoil(path)  # type: ignore[operator]
        with pytest.raises(UnwritableOutput) as caught:
            reads.run(1)
    assert words in str(caught.value)
    assert list(directory.iterdir()) == []


def test_a_file_that_holds_something_else_is_noticed(directory: Path) -> None:
    with small_files(str(directory)) as files:
        files.fill(1, 60)
        Path(files.paths[0]).write_bytes(bytes(SMALL_FILE_BYTES))
        assert "did not hold what was written" in str(files.find_damage())


@pytest.fixture
def abandoned(directory: Path) -> Iterator[Path]:
    """A folder whose process was killed outright."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.writing", str(directory), "read", "small_files",
         "4"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as reading:  # fmt: skip
        assert reading.stdout is not None
        assert reading.stdout.readline() == b"running\n"
        reading.send_signal(signal.SIGKILL)
        reading.wait(30)
    (folder,) = directory.iterdir()
    yield folder


def test_what_a_killed_process_left_is_removed_by_the_next(
    directory: Path, abandoned: Path
) -> None:
    sweep(str(directory))
    assert not abandoned.exists()


def test_a_folder_in_use_and_what_is_not_ours_stay(directory: Path) -> None:
    mine = directory / ".bitpath-files-mine"
    mine.symlink_to("/")
    other = directory / "data"
    other.mkdir()
    with small_files(str(directory)) as files:
        files.fill(2, 60)
        sweep(str(directory))
        assert all(Path(each).exists() for each in files.paths)
    assert mine.is_symlink()
    assert other.exists()


def test_a_directory_that_cannot_be_listed_is_left_alone(tmp_path: Path) -> None:
    sweep(str(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []
