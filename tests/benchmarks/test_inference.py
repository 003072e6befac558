import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bitpath_cli import harness
from bitpath_cli.benchmarks import CannotMeasure, Case, Conclusion, Context, inference
from bitpath_cli.benchmarks._inference_metrics import wilson
from bitpath_cli.benchmarks._inference_queries import Check
from bitpath_cli.benchmarks._inference_subject import open_subject
from bitpath_cli.benchmarks._precision import make_ready
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.model.result import Block, Doubt, Samples
from bitpath_cli.model.units import ONE
from tests.benchmarks.scenes import context

OWN = "tests.benchmarks.own_model:net"
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs the compiler g++")


@pytest.fixture
def live() -> Context:
    return Context(
        host=Host(), threads=1, memory_bytes=1 << 30, cache_bytes=0, directory="/nowhere"
    )


def measure(case: Case, live: Context, budget_seconds: float = 0.3) -> Conclusion:
    with inference.open_loops(case, live) as loops:
        sampling = harness.sample(loops, budget_seconds, monotonic, 0.0)
        assert sampling.wrong == ""
        return inference.conclude(case, live, sampling.samples)


def refusal(case: Case, live: Context) -> Missing:
    with pytest.raises(CannotMeasure) as caught, inference.open_loops(case, live):
        pass
    return caught.value.missing


def names(found: Conclusion) -> list[str]:
    return [each.name for each in found.metrics]


def value(found: Conclusion, name: str) -> float:
    (one,) = (each for each in found.metrics if each.name == name)
    assert one.value is not None
    return one.value


def test_an_assessment_has_one_small_model_alone_and_in_batches(tmp_path: Path) -> None:
    cases = inference.find_cases(context(tmp_path, threads=3))
    told = [(each.parameters["scenario"], each.parameters["batch_size"]) for each in cases]
    assert told == [("single_stream", 1), ("offline", 32)]
    assert all(each.parameters["threads"] == 3 for each in cases)


@pytest.mark.parametrize(
    ("scenario", "first"),
    [
        ("single_stream", "latency_p50"), ("multi_stream", "latency_p50"),
        ("offline", "throughput"),
    ],
)  # fmt: skip
def test_a_closed_scenario_runs(live: Context, scenario: str, first: str) -> None:
    found = measure(inference.make_case(OWN, scenario), live)
    assert names(found)[0] == first
    assert {"latency_p50", "latency_p95", "latency_p99", "throughput"} <= set(names(found))
    assert "top1_agreement" not in names(found)
    assert 0 < value(found, "latency_p50") <= value(found, "latency_p99")
    # 4·8 + 8 + 8·3 + 3 parameters of 4 bytes.
    assert value(found, "weight_bytes") == 67 * 4


def samples(latencies: tuple[float, ...], work: float, **evidence: tuple[float, ...]) -> Samples:
    block = Block(loops=1, seconds=latencies, evidence={"latency": latencies, **evidence})
    return Samples(work=work, unit=ONE, blocks=(block,), stopped="budget")


def test_throughput_counts_samples_and_latency_queries(tmp_path: Path) -> None:
    case = inference.make_case(OWN, "multi_stream")
    found = inference.conclude(
        case, context(tmp_path), {"multi_stream": samples((0.02,) * 500, work=8)}
    )
    assert value(found, "latency_p99") == 0.02
    assert value(found, "throughput") == pytest.approx(8 / 0.02)


EPISODES = {
    "rate": (10.0, 20.0, 40.0, 11.0, 12.0, 30.0), "requests": (100.0,) * 6,
    "late": (0.0, 0.0, 60.0, 0.0, 0.0, 40.0), "capacity": (50.0,), "latency_rate": (20.0,),
}  # fmt: skip


def server(tmp_path: Path, late: tuple[float, ...] = EPISODES["late"]) -> Conclusion:
    case = inference.make_case(OWN, "server", batch_size=2, limit_seconds=0.1, percentile=0.9)
    told = samples((0.03,) * 50, work=2, **{**EPISODES, "late": late})
    return inference.conclude(case, context(tmp_path), {"server": told})


def test_a_servers_throughput_is_the_largest_rate_within_the_limit(tmp_path: Path) -> None:
    found = server(tmp_path)
    # A tenth may be late: between 0 of 100 at 20/s and 40 of 100 at 30/s, a quarter of the way.
    assert value(found, "throughput") == pytest.approx(2 * 20 * 1.5**0.25)
    throughput = found.metrics[0]
    assert throughput.low is not None and throughput.high is not None
    assert throughput.low <= 2 * 20
    assert throughput.high >= 2 * 30
    assert "p90 within 100 ms" in throughput.origin.source


def test_a_limit_that_no_rate_keeps_has_no_number(tmp_path: Path) -> None:
    found = server(tmp_path, late=(90.0,) * 6)
    assert found.metrics[0].name == "throughput"
    assert isinstance(found.metrics[0].reading, Missing)
    assert "no rate of Poisson arrivals kept p90 within 100 ms" in found.metrics[0].reading.detail


def test_a_server_is_searched_for_real(live: Context) -> None:
    case = inference.make_case(OWN, "server", limit_seconds=0.5, percentile=0.9)
    with inference.open_loops(case, live) as loops:
        sampling = harness.sample(loops, 1.0, monotonic, 0.0)
        found = inference.conclude(case, live, sampling.samples)
    told = sampling.samples["server"]
    assert all(rate < told.evidence("capacity")[0] for rate in told.evidence("rate"))
    assert 0 < value(found, "throughput") <= told.evidence("capacity")[0]


def test_bfloat16_moves_the_outputs_a_little(live: Context) -> None:
    found = measure(inference.make_case("mlp", "offline", "bfloat16"), live)
    assert 0 < value(found, "relative_error") < 0.05
    assert 0.9 < value(found, "top1_agreement") <= 1
    assert value(found, "weight_bytes") == value(
        measure(inference.make_case("mlp", "offline"), live), "weight_bytes"
    ) / 2  # fmt: skip


def test_row_numbers_do_not_survive_bfloat16(live: Context) -> None:
    why = refusal(inference.make_case("recommender", "offline", "bfloat16"), live)
    assert "whole numbers beyond 256" in why.detail


def test_int8_needs_an_engine_that_has_it(live: Context) -> None:
    why = refusal(inference.make_case(OWN, "offline", "int8-static"), live)
    assert why.reason is Reason.UNSUPPORTED
    assert "--engine compiled" in why.hint


@needs_compiler
@pytest.mark.parametrize("precision", ["int8-static", "int8-dynamic"])
def test_int8_by_torchao(live: Context, precision: str, tmp_path: Path) -> None:
    pytest.importorskip("torchao")
    found = measure(inference.make_case(OWN, "offline", precision, "compiled"), live)
    assert 0 < value(found, "relative_error") < 0.1


def test_without_a_compiler_there_is_no_compiled(
    live: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    why = refusal(inference.make_case(OWN, "offline", engine="compiled"), live)
    assert why.reason is Reason.ABSENT
    assert "C++ compiler" in why.detail


@pytest.mark.parametrize("precision", ["float32", "int8-static", "int8-dynamic"])
def test_onnx_runtime_answers_like_torch(live: Context, precision: str) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    case = inference.make_case(OWN, "offline", precision, "onnxruntime")
    found = measure(case, live)
    if precision != "float32":
        assert 0 < value(found, "relative_error") < 0.1


def test_a_file_of_onnx(live: Context, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    path = tmp_path / "net.onnx"
    torch.onnx.export(
        open_subject(OWN).torch_module(), (torch.zeros(2, 4),), str(path), dynamo=False,
        input_names=["x"], dynamic_axes={"x": {0: "n"}},
    )  # fmt: skip
    found = measure(inference.make_case(str(path), "offline", "float32", "onnxruntime"), live)
    assert value(found, "throughput") > 0
    why = refusal(inference.make_case(str(path), "offline"), live)
    assert "--engine onnxruntime" in why.hint


@pytest.fixture
def expected() -> Iterator[torch.Tensor]:
    subject = open_subject(OWN)
    with make_ready(subject, "float32", "eager", 4, 1) as ready:
        yield ready.answer(*subject.draw(4, 1))


def test_a_wrong_answer_has_no_speed(expected: torch.Tensor) -> None:
    assert Check(expected, expected, expected, 1e-3).find_error() is None
    off = Check(1.01 * expected, expected, expected, 1e-3).find_error()
    assert off == "the answers differ from float32's by 0.01 of their size"
    broken = Check(expected / 0, expected, expected, 1e-3).find_error()
    assert broken == "the model answers with numbers that are not finite"


def test_shares_by_hand() -> None:
    # Wilson's interval for 9 of 10, as in any textbook: 0.596 to 0.982.
    assert wilson(9, 10) == pytest.approx((0.9, 0.5958, 0.9821), abs=1e-4)
    assert wilson(10, 10)[2] == 1.0


def test_few_queries_bound_no_high_percentile(live: Context) -> None:
    case = inference.make_case(OWN, "single_stream")
    found = inference.conclude(case, live, {"single_stream": samples((0.01,) * 20, work=1)})
    high = next(each for each in found.metrics if each.name == "latency_p99")
    assert Doubt.TOO_FEW in high.reasons
