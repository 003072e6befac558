from pathlib import Path

import pytest

from bitpath_cli.errors import BadModel, BadValue, UnknownName
from bitpath_cli.model.reading import measured
from bitpath_cli.model.result import BenchmarkResult, Direction, Parameters, Validity, metric
from bitpath_cli.model.units import ONE, PER_SECOND, SECOND
from bitpath_cli.workflows.infer import Asked, _compare, check_model, name_code

LIGHT = Asked(threads=1)


def told(asked: Asked, name: str, is_quick: bool = False) -> list[object]:
    return [each[name] for each in asked.cases(is_quick)]


def test_what_is_not_asked_is_chosen() -> None:
    cases = LIGHT.cases(is_quick=True)
    assert [(each["scenario"], each["precision"]) for each in cases] == [
        ("single_stream", "float32"), ("single_stream", "bfloat16"),
        ("offline", "float32"), ("offline", "bfloat16"),
    ]  # fmt: skip
    assert {each["engine"] for each in cases} == {"eager"}
    assert "int8-static" in told(LIGHT, "precision")
    assert set(told(LIGHT, "engine")) == {"compiled"}


def test_float32_unpruned_is_always_there_to_compare_with() -> None:
    asked = Asked(
        scenarios=("offline",), precisions=("int8",), prunings=("structured:0.5",), threads=1,
        batch_sizes=(1, 8), engine="onnxruntime",
    )  # fmt: skip
    found = asked.cases(is_quick=False)
    assert len(found) == 8
    for batch in (1, 8):
        ours = [each for each in found if each["batch_size"] == batch]
        assert [(each["pruning"], each["precision"]) for each in ours] == [
            ("none", "float32"), ("none", "int8-static"),
            ("structured:0.5", "float32"), ("structured:0.5", "int8-static"),
        ]  # fmt: skip


def test_a_limit_adds_the_server() -> None:
    asked = Asked(limit_seconds=0.05, percentile=0.95, precisions=("float32",), threads=1)
    (server,) = (each for each in asked.cases(True) if each["scenario"] == "server")
    assert (server["limit"], server["percentile"], server["batch_size"]) == (0.05, 0.95, 1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked(scenarios=("server",), threads=1), "--slo"),
        (Asked(scenarios=("sever",), threads=1), "single_stream, multi_stream"),
        (Asked(precisions=("int4",), threads=1), "float32, bfloat16"),
        (Asked(engine="tensorrt", threads=1), "eager, compiled"),
        (Asked(prunings=("structured:1.5",), threads=1), "structured:0.5"),
        (Asked(prunings=("structured:0.0",), threads=1), "structured:0.5"),
        (Asked(limit_seconds=1.0, percentile=1.0, threads=1), "a number such as 99"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: Asked, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        asked.cases(is_quick=True)


def test_a_model_is_looked_for_before_anything_runs(tmp_path: Path) -> None:
    for name in ("mlp", "package.module:factory"):
        check_model(name)
    path = tmp_path / "net.onnx"
    with pytest.raises(BadModel, match="no such file"):
        check_model(str(path))
    path.touch()
    check_model(str(path))
    with pytest.raises(BadValue, match="onnxruntime"):
        Asked(model=str(path), engine="eager", threads=1).cases(True)
    assert set(told(Asked(model=str(path), threads=1), "engine")) == {"onnxruntime"}
    with pytest.raises(UnknownName, match="transformer"):
        check_model("transformers")


def test_code_of_the_users_is_named_before_it_runs() -> None:
    (line,) = name_code("mine.nets:build", "mlp")
    assert line.startswith("mine.nets:build is imported")


def result(
    scenario: str, precision: str, low: float, high: float, agreement: float | None = None
) -> BenchmarkResult:
    """Latencies for a stream, samples a second otherwise."""
    is_stream = scenario == "single_stream"
    name, unit = ("latency_p50", SECOND) if is_stream else ("throughput", PER_SECOND)
    direction = Direction.LOWER if is_stream else Direction.HIGHER
    metrics = [metric(name, measured((low + high) / 2, unit, "hand", low, high), direction)]
    if agreement is not None:
        metrics += [
            metric("top1_agreement", measured(agreement, ONE, "hand", 0, 1), Direction.HIGHER),
            metric("relative_error", measured(0.02, ONE, "hand", 0, 1), Direction.LOWER),
        ]
    parameters: Parameters = {
        "model": "mlp", "scenario": scenario, "precision": precision, "engine": "compiled",
        "batch_size": 8, "pruning": "none", "threads": 1,
    }  # fmt: skip
    return BenchmarkResult(
        benchmark="inference", revision=1, parameters=parameters, validity=Validity.VALID,
        duration_seconds=1.0, metrics=tuple(metrics),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scenario", "plain", "narrow", "words"),
    [
        ("offline", (99, 101), (299, 301), "is 3.00× ("),
        ("offline", (99, 101), (49, 51), "is slower than float32 here, at 0.50× ("),
        ("offline", (90, 110), (95, 115), "is no faster than float32 within the noise"),
        ("single_stream", (0.019, 0.021), (0.0095, 0.0105), "is 2.00× ("),
        ("single_stream", (0.019, 0.021), (0.038, 0.042), "is slower than float32 here"),
    ],
)
def test_a_gain_is_said_and_a_loss_as_well(
    scenario: str, plain: tuple[float, float], narrow: tuple[float, float], words: str
) -> None:
    first = result(scenario, "float32", *plain)
    second = result(scenario, "int8-static", *narrow, agreement=0.99)
    (found,) = _compare(second, (first, second)).findings
    assert words in found.sentence
    assert "99.0% of its top-1 answers are the same, outputs moved 2.0%" in found.sentence
    assert _compare(first, (first, second)) is first


def test_without_float32_beside_it_nothing_is_said() -> None:
    alone = result("offline", "bfloat16", 1, 2)
    other = result("single_stream", "float32", 1, 2)
    assert _compare(alone, (alone, other)) is alone
