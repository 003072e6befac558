from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bitpath_cli.benchmarks import CannotMeasure, Case, _product, _torch_loops, gemm
from bitpath_cli.benchmarks._product import PRECISIONS, Product
from bitpath_cli.model.reading import Reason
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.model.units import FLOP, OP
from tests.benchmarks.scenes import context, samples
from tests.benchmarks.test_peak import cpu

CPU = torch.device("cpu")
DTYPES = ["float64", "float32", "bfloat16", "int8"]


def case(dtype: str = "float32", size: int = 64, device: str = "cpu", **more: int) -> Case:
    return Case({"dtype": dtype, "m": size, "n": size, "k": size, "device": device, **more})


def test_the_cases_are_every_dtype_and_size_and_one_with_one_thread(tmp_path: Path) -> None:
    found = gemm.find_cases(context(tmp_path, threads=4, distributions={"torch": "2.13.0"}))

    keys = [(c.parameters["dtype"], c.parameters["m"], c.parameters["threads"]) for c in found]
    assert keys == [
        ("float32", 256, 4), ("float32", 1024, 4), ("float32", 2048, 4), ("float32", 1024, 1),
        ("bfloat16", 1024, 4), ("bfloat16", 2048, 4), ("bfloat16", 1024, 1),
        ("int8", 1024, 4), ("int8", 2048, 4), ("int8", 1024, 1),
        ("float64", 1024, 4), ("float64", 1024, 1),
    ]  # fmt: skip
    assert {c.parameters["library"] for c in found} == {"torch 2.13.0"}
    assert {c.parameters["device"] for c in found} == {"cpu"}


def test_one_thread_is_not_measured_twice(tmp_path: Path) -> None:
    found = gemm.find_cases(context(tmp_path, threads=1))
    assert len(found) == len({str(c.parameters) for c in found}) == 8


def fake_nvml(count: int) -> Any:
    return SimpleNamespace(nvmlDeviceGetCount=lambda: count, NVMLError=RuntimeError)


def test_a_gpu_adds_its_own_dtypes(tmp_path: Path) -> None:
    found = gemm.find_cases(context(tmp_path, nvml=fake_nvml(2)))
    on_gpu = [c.parameters["dtype"] for c in found if c.parameters["device"] == "cuda:0"]
    assert on_gpu == ["float32", "tf32", "bfloat16", "float16", "int8", "float64"]
    assert not [
        c for c in gemm.find_cases(context(tmp_path, nvml=fake_nvml(0)))
        if c.parameters["device"] == "cuda:0"
    ]  # fmt: skip


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_torch_cannot_use_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotMeasure) as refused,
        gemm.open_loops(case(device="cuda:0"), context(tmp_path)),
    ):
        pass
    assert refused.value.missing.reason is Reason.UNSUPPORTED
    assert "CUDA build" in refused.value.missing.hint


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_product_is_right_in_every_dtype(dtype: str) -> None:
    assert Product(dtype, 48, 64, 80, CPU).find_error() is None


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_wrong_element_in_any_checked_row_is_found(
    dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = Product(dtype, 16, 64, 80, CPU)
    right = product.multiply

    def corrupt() -> None:
        right()
        product._c[11, 63] += 40

    monkeypatch.setattr(product, "multiply", corrupt)
    found = product.find_error()
    assert found is not None
    assert found.startswith("element (11, 63) of the product is ")


def test_a_product_that_was_never_computed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product("float32", 32, 32, 32, CPU)
    monkeypatch.setattr(product, "multiply", lambda: None)
    assert product.find_error() is not None


def test_not_a_number_is_never_right(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product("float32", 32, 32, 32, CPU)
    monkeypatch.setattr(product, "multiply", lambda: product._c.fill_(float("nan")))
    assert product.find_error() is not None


def test_coarse_sums_pass_only_where_the_dtype_promises_no_more() -> None:
    """A product computed in bfloat16 is wrong for float32 and right for bfloat16."""
    exact = Product("float32", 64, 64, 512, CPU)
    coarse = (exact._a.to(torch.bfloat16) @ exact._b.to(torch.bfloat16)).to(torch.float32)
    exact.multiply = lambda: exact._c.copy_(coarse)
    assert exact.find_error() is not None


def test_every_dtype_has_its_precision() -> None:
    assert PRECISIONS["float32"].sum_roundoff == torch.finfo(torch.float32).eps / 2
    assert PRECISIONS["float64"].sum_roundoff == torch.finfo(torch.float64).eps / 2
    assert PRECISIONS["float16"].output_roundoff == torch.finfo(torch.float16).eps / 2
    assert PRECISIONS["bfloat16"].output_roundoff >= torch.finfo(torch.bfloat16).eps / 2


def test_the_loop_counts_two_operations_per_multiplication(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    with gemm.open_loops(case("float32", 64, threads=1), context(tmp_path)) as loops:
        assert torch.get_num_threads() == 1
        assert (loops["product"].work, loops["product"].unit) == (2 * 64**3, FLOP)
        assert loops["product"].trial.find_error() is None
        assert loops["product"].trial.run(3) > 0
    with gemm.open_loops(case("int8", 64, threads=1), context(tmp_path)) as loops:
        assert loops["product"].unit == OP
    assert torch.get_num_threads() == threads


def test_a_dtype_without_a_fast_path_is_refused_before_it_takes_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 0.3 GFLOP/s, as float16 on a processor: 2·256³ FLOP in 0.112 s, 2048³ in 57 s.
    monkeypatch.setattr(_product, "time_trial", lambda dtype, size, device: 2 * 256**3 / 0.3e9)
    with (
        pytest.raises(CannotMeasure) as refused,
        gemm.open_loops(case("float16", 2048, threads=1), context(tmp_path)),
    ):
        pass
    assert refused.value.missing.detail == (
        "float16 reaches only 0.3 GFLOP/s at 256³: one product of 2048×2048×2048 would take 57 s"
    )


def test_a_dtype_that_torch_does_not_multiply_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> float:
        raise RuntimeError('"addmm_impl_cpu_" not implemented for this dtype')

    monkeypatch.setattr(_product, "time_trial", refuse)
    with (
        pytest.raises(CannotMeasure) as refused,
        gemm.open_loops(case("int8", 64, threads=1), context(tmp_path)),
    ):
        pass
    assert "torch multiplies no int8 here" in refused.value.missing.detail


def test_throughput_is_work_over_the_median_of_the_processes(tmp_path: Path) -> None:
    blocks = [(0.5, 0.5, 0.5), (0.25, 0.25, 0.25), (1.0, 1.0, 1.0)]
    found = gemm.conclude(
        case("float32", 1000, threads=1),
        context(tmp_path),
        {"product": samples(2e9, FLOP, *blocks)},
    )
    (throughput,) = found.metrics
    assert (throughput.value, throughput.unit) == (4e9, "FLOP/s")
    assert throughput.low is not None
    assert throughput.high is not None
    assert throughput.low <= 2e9 < 8e9 <= throughput.high
    assert throughput.ceiling is None
    assert throughput.origin.source == f"gemm, {_torch_loops.library()}"
    assert found.validity is Validity.VALID


def test_integers_are_operations_and_not_flops(tmp_path: Path) -> None:
    told = {"product": samples(2e9, OP, (1.0,) * 6)}
    (throughput,) = gemm.conclude(case("int8", 1000), context(tmp_path), told).metrics
    assert throughput.unit == "OP/s"


def test_a_known_peak_is_the_ceiling_and_more_than_it_is_not_believed(tmp_path: Path) -> None:
    one = cpu()
    half = {"product": samples(3e9 * 32 / 2, FLOP, (1.0,) * 6)}
    found = gemm.conclude(case("float32", 8, threads=1), context(tmp_path, one), half)
    assert found.metrics[0].fraction_of_ceiling == 0.5
    assert found.validity is Validity.VALID

    twice = {"product": samples(3e9 * 32 * 2, FLOP, (1.0,) * 6)}
    found = gemm.conclude(case("float32", 8, threads=1), context(tmp_path, one), twice)
    assert found.validity is found.metrics[0].validity is Validity.INVALID
    assert found.reasons == found.metrics[0].reasons == (Doubt.IMPLAUSIBLE,)
