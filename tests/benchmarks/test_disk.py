import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli import harness
from bitpath_cli.benchmarks import CannotMeasure, Case, Context, Loop, disk
from bitpath_cli.benchmarks._io_limits import IoLimit, IoLimits
from bitpath_cli.errors import UnwritableOutput
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.model.result import Block, Doubt, Samples
from tests.benchmarks.disk_scene import (
    CASES,
    CHECKPOINT_READ,
    CHECKPOINT_WRITE,
    MIB,
    PLAIN,
    RANDOM_READ,
    SEQUENTIAL_READ,
    SEQUENTIAL_WRITE,
    SHUFFLED,
    SMALL_FILES,
    name_of,
    told,
)
from tests.benchmarks.places import disk_directory

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


def live(directory: Path | str) -> Context:
    """This machine, with so little memory that files are 16 MiB."""
    return Context(
        host=Host(), threads=2, memory_bytes=64 * MIB, cache_bytes=0, directory=str(directory)
    )


@contextmanager
def limited_file_size(size_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refused(found: object) -> Missing:
    assert isinstance(found, Missing)
    return found


def test_the_cases(directory: Path) -> None:
    found = disk.find_cases(live(directory))
    assert not isinstance(found, Missing)
    assert [case.parameters for case in found] == [case.parameters for case in CASES]
    assert [name_of(each) for each in found] == [
        "read sequential 1", "write sequential 1", "read random 1", "read random 32",
        "read small_files 4", "read shuffled 4", "write checkpoint 1", "read checkpoint 1",
    ]  # fmt: skip
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    ("case", "metrics", "file_bytes"),
    [
        *((case, PLAIN, 16 * MIB) for case in CASES[:4]),
        (SMALL_FILES, ["bandwidth", "files_per_second", *PLAIN[2:]], 64 * MIB),
        (SHUFFLED, ["bandwidth", "samples_per_second", *PLAIN[2:]], 16 * MIB),
        (CHECKPOINT_READ, ["bandwidth", "time"], 16 * MIB),
    ],
    ids=lambda value: name_of(value) if isinstance(value, Case) else "",
)
def test_a_case_runs_and_is_proven(
    directory: Path, case: Case, metrics: list[str], file_bytes: int
) -> None:
    context = live(directory)
    with disk.open_loops(case, context) as loops:
        sampling = harness.sample(loops, 0.1, monotonic, 0.0)
    assert sampling.wrong == ""
    samples = sampling.samples
    asked, moved = (samples["requests"].evidence(name) for name in ("asked_bytes", "moved_bytes"))
    assert sum(moved) >= sum(asked) > 0
    assert list(directory.iterdir()) == []
    assert sum(samples["requests"].evidence("file_bytes")) == file_bytes
    found = disk.conclude(case, context, samples)
    assert set(found.reasons) & {Doubt.CACHED_IO, Doubt.UNPROVEN_IO, Doubt.WRONG_RESULT} == set()
    assert (Doubt.TOO_SMALL in found.reasons) is (file_bytes < 64 * MIB)
    assert [each.name for each in found.metrics] == metrics


def test_a_checkpoint_goes_to_a_new_file_and_through_to_the_device(directory: Path) -> None:
    context = replace(live(directory), memory_bytes=256 * MIB)
    with disk.open_loops(CHECKPOINT_WRITE, context) as loops:
        loop = loops["requests"]
        assert loop.trial.find_error() is None
        assert loop.trial.run(2) > 0
        assert loop.trial.find_error() is None
        seen = loop.evidence()
        assert list(directory.iterdir()) == []
    assert sum(seen["asked_bytes"]) == 128 * MIB
    assert seen.get("moved_bytes", (128 * MIB,))[0] >= 0.95 * 128 * MIB
    assert (loop.largest_loops, loop.most_operations * loop.work) == (1, 512 * MIB)


def test_a_checkpoint_needs_room_for_the_whole_of_it(directory: Path) -> None:
    with pytest.raises(CannotMeasure) as caught, disk.open_loops(CHECKPOINT_WRITE, live(directory)):
        pass
    assert "at least 64 MiB" in caught.value.missing.detail


def test_what_is_written_in_all_is_bounded(directory: Path) -> None:
    assert disk.BENCHMARK.writes_bytes <= 2 << 30
    assert disk.BENCHMARK.blocks == 1
    roomy = replace(live(directory), memory_bytes=2 << 30)
    with disk.open_loops(SEQUENTIAL_WRITE, roomy) as loops:
        loop = loops["requests"]
        sampling = harness.sample(loops, 60, monotonic, 0.0)
    assert loop.most_operations * loop.work == 256 * MIB
    assert sum(sampling.samples["requests"].evidence("asked_bytes")) <= 256 * MIB


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_signal_leaves_no_file(directory: Path, case: Case, number: signal.Signals) -> None:
    told = case.parameters
    if told["pattern"] == "small_files" and number == signal.SIGKILL:
        pytest.skip("files with names outlive SIGKILL until the next run: test_small_files.py")
    words = [str(told[name]) for name in ("operation", "pattern", "depth")]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.writing", str(directory), *words],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as writing:  # fmt: skip
        assert writing.stdout is not None
        assert writing.stdout.readline() == b"running\n"
        writing.send_signal(number)
        writing.wait(30)
    assert writing.returncode != 0
    assert list(directory.iterdir()) == []


def test_a_limit_reached_while_writing_is_named_and_leaves_no_file(directory: Path) -> None:
    with disk.open_loops(SEQUENTIAL_WRITE, live(directory)) as loops:
        with limited_file_size(8 * MIB), pytest.raises(UnwritableOutput) as caught:
            loops["requests"].trial.run(1)
        assert list(directory.iterdir()) == []
    assert str(caught.value).startswith(f"{directory} cannot be written: File too large")


def test_a_limit_on_file_sizes_makes_the_file_smaller(directory: Path) -> None:
    with limited_file_size(20 * MIB):
        roomy = replace(live(directory), memory_bytes=1 << 30)
        with disk.open_loops(SEQUENTIAL_READ, roomy) as loops:
            assert sum(loops["requests"].evidence()["file_bytes"]) == 16 * MIB


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"space": {"/": [1 << 40, 40 * MIB, 9]}}, "/: 40 MiB are free there"),
        ({"space": {"/": [1 << 40, 1 << 40, 9]}, "ulimits": {"FSIZE": MIB}}, "allows 1 MiB"),
    ],
)
def test_too_little_room_is_named(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    context = told(tmp_path, **changes)
    found = refused(disk.find_cases(context))
    assert found.reason is Reason.FAILED
    assert words in found.detail
    assert "--dir" in found.hint
    with pytest.raises(CannotMeasure) as caught, disk.open_loops(SEQUENTIAL_READ, context):
        pass
    assert caught.value.missing == found


def test_a_directory_that_may_not_be_written_is_named() -> None:
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        found = refused(disk.find_cases(live("/")))
    finally:
        os.seteuid(user)
    assert found.reason is Reason.DENIED
    assert found.hint.startswith("write access to /")


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    found = refused(disk.find_cases(live(tmp_path / "nowhere")))
    assert found.reason is Reason.ABSENT


@pytest.mark.parametrize(("type_", "words"), [("tmpfs", "in memory"), ("nfs4", "another machine")])
def test_a_filesystem_that_is_no_disk_is_named(tmp_path: Path, type_: str, words: str) -> None:
    context = told(tmp_path)
    mount = f"27 1 0:40 / / rw - {type_} source rw\n"
    (tmp_path / "proc/self/mountinfo").write_text(mount)
    found = refused(disk.find_cases(context))
    assert found.reason is Reason.UNSUPPORTED
    assert words in found.detail


def test_under_a_limit_an_operation_outlasts_the_kernels_slices(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = IoLimits(IoLimit(8.0 * MIB, "x"), None)
    monkeypatch.setattr(disk, "find_io_limits", lambda *_: limits)
    with disk.open_loops(SEQUENTIAL_READ, live(directory)) as loops:
        assert loops["requests"].work == 12 * MIB
    with disk.open_loops(SEQUENTIAL_WRITE, live(directory)) as loops:
        assert loops["requests"].work == 16 * MIB
        assert loops["requests"].most_operations * 16 * MIB == 256 * MIB


@pytest.mark.skipif(shutil.which("fio") is None, reason="fio is not installed: make lab")
@pytest.mark.parametrize(
    ("engine", "order"), [("builtin", ["requests", "fio"]), ("fio", ["fio", "requests"])]
)
@pytest.mark.parametrize("case", CASES[:4], ids=name_of)
def test_a_thorough_look_has_both_engines_the_one_asked_for_first(
    directory: Path, case: Case, engine: str, order: list[str]
) -> None:
    context = replace(live(directory), thorough=True)
    asked = Case({**case.parameters, "engine": engine})
    with disk.open_loops(asked, context) as loops:
        assert list(loops) == order
        samples = {name: once(loop) for name, loop in loops.items()}
    assert all(sum(each.evidence("wrong")) == 0 for each in samples.values())
    found = disk.conclude(asked, context, samples)
    assert f"disk, {engine} engine, O_DIRECT" in found.metrics[0].origin.source
    assert all(names == (order[0],) for names in found.rests_on.values())
    assert list(directory.iterdir()) == []


def once(loop: Loop) -> Samples:
    """The samples of one operation, its answer looked at before and after."""
    assert loop.trial.find_error() is None
    block = Block(loops=1, seconds=(loop.trial.run(1),), evidence=dict(loop.evidence()))
    assert loop.trial.find_error() is None
    return Samples(work=loop.work, unit=loop.unit, blocks=(block,), stopped="budget")


def test_fio_that_was_asked_for_and_is_not_there_is_named(
    directory: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    asked = Case({**RANDOM_READ.parameters, "engine": "fio"})
    with pytest.raises(CannotMeasure) as caught, disk.open_loops(asked, live(directory)):
        pass
    assert caught.value.missing.detail == "fio is not installed"
    thorough = replace(live(directory), thorough=True)
    with disk.open_loops(RANDOM_READ, thorough) as loops:
        assert list(loops) == ["requests"]
