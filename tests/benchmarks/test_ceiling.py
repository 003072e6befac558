from dataclasses import replace
from pathlib import Path
from typing import Any

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._ceiling import (
    Libraries,
    ceiling_metrics,
    find_libraries,
    find_shortfalls,
    loops_behind,
)
from bitpath_cli.benchmarks._gemm_cases import Shape
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Reason, fact
from bitpath_cli.model.result import Samples
from bitpath_cli.model.units import FLOP, FLOP_PER_SECOND
from tests.benchmarks.scenes import context, samples
from tests.recorded import Recorded
from tests.sample_report import filled

SQUARE = Shape("float32", 1024, 1024, 1024)
WITH_MKL = "torch 2.13.0+cpu (mkl)"
SETTINGS = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_L2_SIZE": "512"}


def host(tmp_path: Path, environment: dict[str, str] | None = None) -> Context:
    """A machine with NumPy 2.4.6 and its OpenBLAS."""
    from bitpath_cli.model.components.software import Software

    told: dict[str, Any] = {"affinity": [0, 1], "hostname": "h", "machine": "x86_64"}
    told |= {"distributions": {"numpy": "2.4.6"}, "environment": environment or {}}
    blas = fact("scipy-openblas 0.3.31, kernels for Haswell", "numpy")
    software = filled(Software, name="software", numpy_blas=blas)
    return replace(context(tmp_path, software), host=Host(tmp_path, Recorded(told, None)))


def at(gigaflops: float, spread: float = 0.01) -> Samples:
    """Nine samples of one GFLOP each, a third of them faster by a spread and a third slower."""
    return samples(1e9, FLOP, tuple(each / gigaflops for each in (1 - spread, 1, 1 + spread)) * 3)


def libraries(told: Context, torch: str = WITH_MKL, **rates: Samples) -> Libraries:
    return find_libraries(SQUARE, told, rates, FLOP_PER_SECOND, torch)


def test_the_fastest_library_is_the_ceiling(tmp_path: Path) -> None:
    found = libraries(host(tmp_path), product=at(111), numpy=at(239), onednn=at(230))
    assert found.fastest.words == "NumPy 2.4.6 with scipy-openblas 0.3.31"
    assert found.ceiling is not None
    assert round(found.ceiling.value / 1e9) == 239
    assert found.ceiling.source == "measured: NumPy 2.4.6 with scipy-openblas 0.3.31"
    names = [each.name for each in ceiling_metrics(found, None)]
    assert names == ["measured_ceiling", "throughput_numpy", "throughput_onednn"]
    assert loops_behind(found)["throughput_onednn"] == ("onednn",)


def test_torch_is_its_own_ceiling_where_it_is_the_fastest(tmp_path: Path) -> None:
    found = libraries(host(tmp_path), product=at(300), numpy=at(239), onednn=at(230))
    assert found.ceiling is not None
    assert found.ceiling.source == f"measured: {WITH_MKL}"
    assert not find_shortfalls(found, SQUARE, 2, {})


def test_torch_alone_is_no_ceiling(tmp_path: Path) -> None:
    found = libraries(host(tmp_path), product=at(300))
    assert found.ceiling is None
    by_name = {each.name: each for each in ceiling_metrics(found, None)}
    assert list(by_name) == ["throughput_numpy", "throughput_onednn"]
    missing = by_name["throughput_numpy"].missing
    assert missing is not None
    assert missing.reason is Reason.FAILED
    without_numpy = libraries(context(tmp_path), product=at(300)).missing["numpy"]
    assert (without_numpy.reason, without_numpy.hint) == (Reason.ABSENT, "pip install numpy")


def test_a_gap_is_told_with_its_numbers_and_what_to_do(tmp_path: Path) -> None:
    found = libraries(host(tmp_path), product=at(111), numpy=at(239), onednn=at(230))
    (gap,) = find_shortfalls(found, SQUARE, 1, {})
    assert gap.name == "faster_library"
    assert gap.sentence == (
        "float32, 1024³, 1 thread: NumPy 2.4.6 with scipy-openblas 0.3.31 reaches 239 GFLOP/s, "
        "torch's own product 111 GFLOP/s, 46 % of it."
    )
    assert "libblas=*=*openblas" in gap.next_step
    assert gap.next_step.endswith("products in bfloat16 (here oneDNN reaches 230 GFLOP/s).")
    alone = libraries(host(tmp_path), product=at(111), onednn=at(230))
    (same,) = find_shortfalls(alone, SQUARE, 1, {})
    assert same.next_step == (
        "torch computes convolutions by oneDNN already, and products in bfloat16."
    )


def test_in_bfloat16_torch_is_not_told_to_use_bfloat16(tmp_path: Path) -> None:
    half = Shape("bfloat16", 1024, 1024, 1024)
    rates = {"product": at(111), "onednn": at(230)}
    found = find_libraries(half, host(tmp_path), rates, FLOP_PER_SECOND, WITH_MKL)
    (gap,) = find_shortfalls(found, half, 2, {})
    assert gap.next_step == "torch computes convolutions by oneDNN already."


def test_a_torch_with_openblas_is_not_told_to_get_openblas(tmp_path: Path) -> None:
    found = libraries(host(tmp_path), "torch 2.13.0 (open)", product=at(111), numpy=at(239))
    (gap,) = find_shortfalls(found, SQUARE, 1, {})
    assert "conda-forge" not in gap.next_step


def test_a_small_gap_and_one_within_the_noise_are_no_findings(tmp_path: Path) -> None:
    small = libraries(host(tmp_path), product=at(220), numpy=at(239))
    noisy = libraries(host(tmp_path), product=at(180, 0.5), numpy=at(239, 0.5))
    # Half of the time something else ran while torch had its turn, and never with NumPy's.
    disturbed = libraries(
        host(tmp_path), product=samples(1e9, FLOP, (1 / 235,) * 2 + (1 / 60,) * 8), numpy=at(239)
    )
    assert not find_shortfalls(small, SQUARE, 2, {})
    assert not find_shortfalls(noisy, SQUARE, 2, {})
    assert not find_shortfalls(disturbed, SQUARE, 2, {})


def test_inherited_variables_that_slow_a_library_are_named(tmp_path: Path) -> None:
    told = host(tmp_path, SETTINGS)
    found = libraries(told, product=at(235), numpy=at(239), numpy_inherited=at(120))
    (slow,) = find_shortfalls(found, SQUARE, 1, SETTINGS)
    assert slow.name == "inherited_environment"
    assert slow.sentence == (
        "float32, 1024³, 1 thread: NumPy reaches 239 GFLOP/s in a fresh process without the "
        "inherited OPENBLAS_CORETYPE=Haswell, OPENBLAS_L2_SIZE=512, and 120 GFLOP/s with them."
    )
    assert slow.next_step.endswith("unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE")
    assert found.fastest.words.endswith("without the inherited OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE")


def test_variables_that_change_nothing_are_no_finding(tmp_path: Path) -> None:
    told = host(tmp_path, SETTINGS)
    found = libraries(told, product=at(235), numpy=at(239), numpy_inherited=at(238))
    assert not find_shortfalls(found, SQUARE, 1, SETTINGS)


def test_a_torch_that_is_slowed_is_told_of_itself_and_not_of_another_library(
    tmp_path: Path,
) -> None:
    variables = {"MKL_CBWR": "COMPATIBLE"}
    told = host(tmp_path, variables)
    found = libraries(told, product=at(50), torch_uninherited=at(240), numpy=at(120))
    (slow,) = find_shortfalls(found, SQUARE, 2, variables)
    assert slow.sentence.startswith("float32, 1024³, 2 threads: torch reaches 240 GFLOP/s")
    assert slow.next_step == "Take it out of the environment: unset MKL_CBWR"
