from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bitpath_cli.benchmarks import CannotMeasure, Case, _product, _torch_loops, gemm
from bitpath_cli.benchmarks._product import PRECISIONS, Product, spread
from bitpath_cli.model.reading import Reason
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.model.units import FLOP, OP
from tests.benchmarks.scenes import context, samples
from tests.benchmarks.test_peak import cpu

CPU = torch.device("cpu")
DTYPES = ["float64", "float32", "bfloat16", "int8"]


def case(dtype: str = "float32", size: int = 64, device: str = "cpu", **more: int) -> Case:
    return Case({"dtype": dtype, "m": size, "n": size, "k": size, "device": device, **more})


def fake_nvml(count: int) -> Any:
    return SimpleNamespace(nvmlDeviceGetCount=lambda: count, NVMLError=RuntimeError)


def test_a_gpu_adds_its_own_cases(tmp_path: Path) -> None:
    found = gemm.find_cases(context(tmp_path, nvml=fake_nvml(2)))
    on_gpu = [c for c in found if c.parameters["device"] == "cuda:0"]
    squares = [c.parameters["dtype"] for c in on_gpu if "shape" not in c.parameters]
    assert squares == ["float32", "tf32", "bfloat16", "float16", "int8", "float64"]
    assert {c.parameters["dtype"] for c in on_gpu if "shape" in c.parameters} == {
        "bfloat16", "float16",
    }  # fmt: skip
    assert not any("threads" in c.parameters for c in on_gpu)
    assert not [
        c for c in gemm.find_cases(context(tmp_path, nvml=fake_nvml(0)))
        if c.parameters["device"] == "cuda:0"
    ]  # fmt: skip


def test_every_case_names_the_library(tmp_path: Path) -> None:
    found = gemm.find_cases(context(tmp_path, distributions={"torch": "2.13.0"}))
    assert {c.parameters["library"] for c in found} == {"torch 2.13.0"}
    assert {c.parameters["device"] for c in found} == {"cpu"}


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


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_batches_and_a_linear_layers_weights_are_right(dtype: str) -> None:
    assert Product(dtype, 24, 32, 40, CPU, batch=6).find_error() is None
    assert Product(dtype, 8, 2048, 64, CPU, linear=True).find_error() is None


def test_a_wrong_element_in_the_last_of_a_batch_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product("float32", 24, 32, 40, CPU, batch=6)
    right = product.multiply

    def corrupt() -> None:
        right()
        product._c[5, 23, 31] += 1

    monkeypatch.setattr(product, "multiply", corrupt)
    assert str(product.find_error()).startswith("matrix 5: element (23, 31) of the product is ")


def test_of_many_columns_some_are_checked_from_the_first_to_the_last() -> None:
    assert spread(3, 16) == [0, 1, 2]
    assert spread(11, 3) == [0, 5, 10]


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
    throughput, *untried = found.metrics
    assert [each.name for each in untried] == ["throughput_numpy", "throughput_onednn"]
    assert all(each.missing is not None for each in untried)
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


def test_a_linear_layers_few_rows_have_the_bandwidth_that_they_take(tmp_path: Path) -> None:
    """One row by 1000 × 1000 weights in float32: 4 MB and two vectors of 4 kB in a millisecond."""
    row = Case({**case("float32", 1000, threads=1).parameters, "m": 1, "shape": "vector"})
    told = {"product": samples(2e6, FLOP, (1e-3,) * 6)}
    throughput, bandwidth = gemm.conclude(row, context(tmp_path, cpu()), told).metrics
    assert throughput.value == pytest.approx(2e9)
    assert throughput.ceiling is None
    assert bandwidth.value == pytest.approx(4.008e9)
    assert (bandwidth.name, bandwidth.unit) == ("bandwidth", "B/s")


def test_a_batch_is_so_many_products(tmp_path: Path) -> None:
    many = Case({**case("float32", 64, threads=1).parameters, "batch": 5, "shape": "batched"})
    with gemm.open_loops(many, context(tmp_path)) as loops:
        assert loops["product"].work == 5 * 2 * 64**3
        assert loops["product"].trial.find_error() is None


def test_what_is_faster_than_torch_is_its_ceiling(tmp_path: Path) -> None:
    """2·1024³ FLOP: torch 100 ms, NumPy 50 ms, oneDNN 60 ms."""
    work = 2.0 * 1024**3
    told = {
        "product": samples(work, FLOP, (0.1,) * 6), "numpy": samples(work, FLOP, (0.05,) * 6),
        "onednn": samples(work, FLOP, (0.06,) * 6),
    }  # fmt: skip
    found = gemm.conclude(case("float32", 1024, threads=2), context(tmp_path), told)
    by_name = {each.name: each for each in found.metrics}
    throughput = by_name["throughput"]
    assert found.metrics[0] is throughput
    assert throughput.fraction_of_ceiling == 0.5
    assert throughput.ceiling is not None
    assert throughput.ceiling.source.startswith("measured: NumPy")
    assert by_name["measured_ceiling"].value == work / 0.05
    assert by_name["throughput_onednn"].value == work / 0.06
    assert found.rests_on["measured_ceiling"] == ("numpy",)
    assert found.rests_on["throughput"] == ("product",)
    assert [each.name for each in found.findings] == ["faster_library"]
    # Other sizes and other numbers of threads say the same, and stay silent.
    for silent in (case("float32", 2048, threads=2), case("float32", 1024, threads=1)):
        assert not gemm.conclude(silent, context(tmp_path), told).findings


def test_a_known_peak_comes_before_the_measured_ceiling(tmp_path: Path) -> None:
    peak, work = 3e9 * 32, 2.0 * 1024**3
    told = {
        "product": samples(work, FLOP, (2 * work / peak,) * 6),
        "numpy": samples(work, FLOP, (work / peak / 2,) * 6),
    }  # fmt: skip
    found = gemm.conclude(case("float32", 1024, threads=1), context(tmp_path, cpu()), told)
    by_name = {each.name: each for each in found.metrics}
    assert by_name["throughput"].fraction_of_ceiling == pytest.approx(0.5)
    assert by_name["measured_ceiling"].fraction_of_ceiling == pytest.approx(2)
    # Twice the peak: torch's own figure stands, the other is not believed.
    assert found.validity is by_name["throughput"].validity is Validity.VALID
    assert by_name["measured_ceiling"].validity is Validity.INVALID


def test_matrices_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    """Three of 1024² in float32 are 12 MiB, and all libraries together have four times as many."""
    with (
        pytest.raises(CannotMeasure) as refused,
        gemm.open_loops(case("float32", 1024), context(tmp_path, memory_bytes=95 << 20)),
    ):
        pass
    assert refused.value.missing.detail == (
        "the matrices take 48 MiB, too much of the 95 MiB that may be used"
    )
