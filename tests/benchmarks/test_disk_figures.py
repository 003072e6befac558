from collections.abc import Mapping
from pathlib import Path

import pytest

from bitpath_cli.benchmarks import Case, Conclusion, Context, disk
from bitpath_cli.benchmarks._disk_kinds import RAW
from bitpath_cli.benchmarks._disk_verdict import compare_engines
from bitpath_cli.model.reading import Method, Origin, Quantity
from bitpath_cli.model.result import Block, Doubt, Samples, Validity
from bitpath_cli.model.units import BYTE, Unit
from tests.benchmarks.disk_scene import (
    CHECKPOINT_WRITE,
    DEEP_READ,
    MIB,
    RANDOM_READ,
    SEQUENTIAL_READ,
    SEQUENTIAL_WRITE,
    SHUFFLED,
    SMALL_FILES,
    told,
)

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
)
def test_rates_by_hand(
    tmp_path: Path, case: Case, work: float, seconds: float, bandwidth: float, iops: float
) -> None:
    found = conclude(told(tmp_path), case, work, seconds)
    assert (found.validity, found.reasons) == (Validity.VALID, ())
    values = {each.name: each.value for each in found.metrics}
    assert values == pytest.approx(
        {
            "bandwidth": bandwidth,
            "iops": iops,
            "latency_p50": 1e-3,
            "latency_p95": 1e-3,
            "latency_p99": 1e-3,
        }
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


def test_training_has_its_own_words_by_hand(tmp_path: Path) -> None:
    """128 samples of 128 KiB, 64 files of 64 KiB and 64 MiB of checkpoint, each in 0.5 s."""
    context = told(tmp_path)
    samples = conclude(context, SHUFFLED, 16 * MIB, 0.5, moved_bytes=1.19e9).metrics
    assert (samples[0].value, samples[1].value) == pytest.approx((32 * MIB, 256))
    assert samples[0].origin.source == (
        "disk, builtin engine, an emptied page cache on ext4: "
        "/proc/diskstats 8:1 counted 119% of the bytes asked for"
    )
    files = conclude(context, SMALL_FILES, 4 * MIB, 0.5).metrics
    assert (files[0].value, files[1].name, files[1].value) == pytest.approx(
        (8 * MIB, "files_per_second", 128)
    )
    checkpoint = conclude(context, CHECKPOINT_WRITE, 64 * MIB, 0.5).metrics
    assert [(each.name, each.value) for each in checkpoint] == [
        ("bandwidth", 128 * MIB), ("time", 0.5),
    ]  # fmt: skip


def limited(tmp_path: Path, line: str) -> Context:
    """The same machine in a control group of version 2 that limits sda1."""
    context = told(tmp_path)
    (tmp_path / "sys/fs/cgroup/job").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/job/io.max").write_text(f"8:1 {line}\n")
    (tmp_path / "proc/self/cgroup").write_text("0::/job\n")
    return context


@pytest.mark.parametrize(
    ("seconds", "reasons", "share"), [(0.02, (Doubt.IO_LIMIT,), 1.0486), (0.1, (), 0.20972)]
)
def test_a_limit_is_the_ceiling_and_is_named_where_it_was_met(
    tmp_path: Path, seconds: float, reasons: tuple[Doubt, ...], share: float
) -> None:
    context = limited(tmp_path, "rbps=50000000 riops=200")
    found = conclude(context, SEQUENTIAL_READ, MIB, seconds)
    assert found.reasons == reasons
    assert found.validity is (Validity.DEGRADED if reasons else Validity.VALID)
    bandwidth, iops = found.metrics[:2]
    assert bandwidth.ceiling is not None
    assert bandwidth.ceiling.source == "rbps in /sys/fs/cgroup/job/io.max"
    assert bandwidth.fraction_of_ceiling == pytest.approx(share, rel=1e-4)
    assert iops.ceiling is None


def test_of_two_limits_the_one_that_binds_is_the_ceiling(tmp_path: Path) -> None:
    context = limited(tmp_path, "rbps=50000000 riops=200")
    bandwidth, iops = conclude(context, RANDOM_READ, 4096, 5e-3).metrics[:2]
    assert bandwidth.ceiling is None
    assert iops.fraction_of_ceiling == pytest.approx(1.0)
    assert iops.reasons == (Doubt.IO_LIMIT,)


@pytest.mark.parametrize(
    ("fio", "ours", "words"),
    [
        (1.00, 1.04, ""),
        (1.00, 0.94, "the built-in engine 940 kB/s, which is 0.94 of it"),
        (1.00, 1.20, "the built-in engine 1.2 MB/s, which is 1.20 of it"),
    ],
)
def test_engines_that_disagree_are_a_finding(
    tmp_path: Path, fio: float, ours: float, words: str
) -> None:
    context = told(tmp_path)
    found = disk.conclude(
        RANDOM_READ, context, {"requests": steady(1e6 * ours), "fio": steady(1e6 * fio)}
    )
    assert [each.name for each in found.findings] == (["engines_disagree"] if words else [])
    assert all(words in each.sentence for each in found.findings)
    assert all("random read of 4 KiB, 1 at a time" in each.sentence for each in found.findings)


def steady(rate: float) -> Samples:
    evidence: dict[str, tuple[float, ...]] = {
        **{name: (float(value),) for name, value in HONEST.items()}, "latency": (1e-3,) * 500
    }  # fmt: skip
    block = Block(loops=1, seconds=(1 / rate,) * 10, evidence=evidence)
    return Samples(work=1.0, unit=BYTE, blocks=(block,), stopped="precise")


def test_engines_that_differ_by_noise_are_no_finding() -> None:
    wide = {"low": 0.8, "high": 1.3, "level": 0.95, "unit": Unit("B/s")}
    origin = Origin(method=Method.MEASURED, source="x")
    ours, fio = (Quantity(value=each, origin=origin, **wide) for each in (0.9, 1.1))
    assert compare_engines(RAW[0], fio, ours) is None
