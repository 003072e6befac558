import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli import harness
from bitpath_cli.benchmarks import CannotMeasure, Case, Conclusion, Context, disk
from bitpath_cli.errors import UnwritableOutput
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.model.result import Block, Doubt, Samples, Validity
from bitpath_cli.model.units import BYTE
from tests.benchmarks.places import disk_directory
from tests.recorded import Recorded

ROOT = Path(__file__).parent.parent.parent
MIB = 1 << 20
SEQUENTIAL_READ, SEQUENTIAL_WRITE, RANDOM_READ, DEEP_READ = (
    Case({"operation": operation, "pattern": pattern, "block_size": size, "depth": depth,
          "engine": "builtin", "direct": True})
    for operation, pattern, size, depth in (
        ("read", "sequential", MIB, 1), ("write", "sequential", MIB, 1),
        ("read", "random", 4096, 1), ("read", "random", 4096, 32),
    )
)  # fmt: skip
CASES = [SEQUENTIAL_READ, SEQUENTIAL_WRITE, RANDOM_READ, DEEP_READ]
NAMES = ["sequential read", "sequential write", "random read", "random read at depth 32"]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


def live(directory: Path | str) -> Context:
    """This machine, with so little memory that files are 16 MiB."""
    return Context(
        host=Host(), threads=2, memory_bytes=64 * MIB, cache_bytes=0, directory=str(directory)
    )


def told(tmp_path: Path, *, number: tuple[int, int] = (8, 1), **outside: Any) -> Context:
    """A machine with ext4 on sda1 at its root."""
    (tmp_path / "proc/self").mkdir(parents=True, exist_ok=True)
    (tmp_path / "proc/self/mountinfo").write_text("27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (tmp_path / "proc/diskstats").write_text("8 1 sda1 90 5 4000 60 45 3 800 35 0 55 95\n")
    (tmp_path / "proc/self/io").write_text("read_bytes: 4096\nwrite_bytes: 0\n")
    known: dict[str, Any] = {"device_numbers": {"/": list(number)}, **outside}
    host = Host(tmp_path, Recorded(known, None))
    return Context(host=host, threads=2, memory_bytes=1 << 30, cache_bytes=0, directory="/")


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


def test_the_four_cases(directory: Path) -> None:
    found = disk.find_cases(live(directory))
    assert not isinstance(found, Missing)
    assert [case.parameters for case in found] == [case.parameters for case in CASES]
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_case_runs_and_is_proven(directory: Path, case: Case) -> None:
    context = live(directory)
    with disk.open_loops(case, context) as loops:
        sampling = harness.sample(loops, 0.1, monotonic, 0.0)
        assert list(directory.iterdir()) == []
    assert sampling.wrong == ""
    samples = sampling.samples
    asked, moved = (samples["requests"].evidence(name) for name in ("asked_bytes", "moved_bytes"))
    assert sum(moved) >= sum(asked) > 0
    assert sum(samples["requests"].evidence("file_bytes")) == 16 * MIB
    found = disk.conclude(case, context, samples)
    assert found.validity is Validity.DEGRADED
    assert set(found.reasons) & {Doubt.CACHED_IO, Doubt.UNPROVEN_IO, Doubt.WRONG_RESULT} == set()
    assert Doubt.TOO_SMALL in found.reasons
    names = [each.name for each in found.metrics]
    assert names == ["bandwidth", "iops", "latency_p50", "latency_p99"]


def test_what_is_written_in_all_is_bounded(directory: Path) -> None:
    assert disk.BENCHMARK.writes_bytes <= 1 << 30
    assert disk.BENCHMARK.blocks == 1
    roomy = replace(live(directory), memory_bytes=2 << 30)
    with disk.open_loops(SEQUENTIAL_WRITE, roomy) as loops:
        loop = loops["requests"]
        sampling = harness.sample(loops, 60, monotonic, 0.0)
    assert loop.most_operations * loop.work == 256 * MIB
    assert sum(sampling.samples["requests"].evidence("asked_bytes")) <= 256 * MIB


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("operation", ["read", "write"])
def test_a_signal_leaves_no_file(directory: Path, operation: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.writing", str(directory), operation],
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


HONEST: Mapping[str, float] = {
    "asked_bytes": 1e9, "moved_bytes": 1e9, "file_bytes": 128 * MIB,
    "wall_seconds": 1.0, "cpu_seconds": 0.2, "engine_seconds": 1e-6,
}  # fmt: skip


def conclude(
    context: Context, case: Case, work: float, seconds: float, **changes: float | None
) -> Conclusion:
    """A conclusion from ten equal samples of two operations, and what else was seen."""
    seen = {name: value for name, value in {**HONEST, **changes}.items() if value is not None}
    evidence: dict[str, tuple[float, ...]] = {name: (float(value),) for name, value in seen.items()}
    evidence["latency"] = tuple([1e-3] * 500)
    block = Block(loops=2, seconds=(2 * seconds,) * 10, evidence=evidence)
    samples = Samples(work=work, unit=BYTE, blocks=(block,), stopped="precise")
    return disk.conclude(case, context, {"requests": samples})


@pytest.mark.parametrize(
    ("case", "work", "seconds", "bandwidth", "iops"),
    [
        (SEQUENTIAL_READ, MIB, 1e-3, 1048576e3, 1000),
        (SEQUENTIAL_WRITE, 16 * MIB, 0.02, 838860800, 800),
        (RANDOM_READ, 4096, 1e-4, 40960e3, 10000),
        (DEEP_READ, 1024 * 4096, 0.0128, 327680e3, 80000),
    ],
    ids=NAMES,
)
def test_rates_by_hand(
    tmp_path: Path, case: Case, work: float, seconds: float, bandwidth: float, iops: float
) -> None:
    found = conclude(told(tmp_path), case, work, seconds)
    assert (found.validity, found.reasons) == (Validity.VALID, ())
    values = {each.name: each.value for each in found.metrics}
    assert values == pytest.approx(
        {"bandwidth": bandwidth, "iops": iops, "latency_p50": 1e-3, "latency_p99": 1e-3}
    )
    assert found.metrics[0].origin.source == (
        "disk, builtin engine, O_DIRECT on ext4: "
        "/proc/diskstats 8:1 counted 100% of the bytes asked for"
    )


@pytest.mark.parametrize(
    ("seen", "doubt", "validity"),
    [
        ({"moved_bytes": 0.5e9}, Doubt.CACHED_IO, Validity.INVALID),
        ({"moved_bytes": 0.0}, Doubt.CACHED_IO, Validity.INVALID),
        ({"moved_bytes": None}, Doubt.UNPROVEN_IO, Validity.DEGRADED),
        ({"wrong": 1.0}, Doubt.WRONG_RESULT, Validity.INVALID),
        ({"cpu_seconds": 0.95}, Doubt.CPU_BOUND, Validity.DEGRADED),
        ({"engine_seconds": 0.8e-3}, Doubt.CPU_BOUND, Validity.DEGRADED),
        ({"file_bytes": 32 * MIB}, Doubt.TOO_SMALL, Validity.DEGRADED),
    ],
)
def test_what_speaks_against_a_disk(
    tmp_path: Path, seen: dict[str, float | None], doubt: Doubt, validity: Validity
) -> None:
    found = conclude(told(tmp_path), SEQUENTIAL_READ, MIB, 1e-3, **seen)
    assert (found.validity, found.reasons) == (validity, (doubt,))
    assert all(each.validity is validity for each in found.metrics)
    assert all(each.reasons == (doubt,) for each in found.metrics)


def test_a_counter_of_another_level_cannot_convict(tmp_path: Path) -> None:
    context = told(tmp_path, number=(0, 44))
    found = conclude(context, SEQUENTIAL_READ, MIB, 1e-3, moved_bytes=0.0)
    assert found.reasons == (Doubt.UNPROVEN_IO,)
    assert "/proc/self/io counted 0%" in found.metrics[0].origin.source
    acquitted = conclude(context, SEQUENTIAL_READ, MIB, 1e-3)
    assert acquitted.validity is Validity.VALID


def test_without_any_counter_the_words_say_so(tmp_path: Path) -> None:
    context = told(tmp_path, number=(0, 44))
    (tmp_path / "proc/self/io").unlink()
    found = conclude(context, SEQUENTIAL_READ, MIB, 1e-3, moved_bytes=None)
    assert found.reasons == (Doubt.UNPROVEN_IO,)
    assert "is unproven (neither /proc/diskstats" in found.metrics[0].origin.source
