"""Latency and throughput of a model's answers, in the scenarios and terms of MLPerf Inference.

One operation is a query of `batch_size` samples; latencies are of single queries, from a request's
arrival where requests arrive, and throughput is samples a second.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._inference_metrics import closed_metrics, drift_metrics, server_metrics
from bitpath_cli.benchmarks._inference_terms import BATCHES
from bitpath_cli.errors import BadModel
from bitpath_cli.model.reading import failed
from bitpath_cli.model.result import Parameters, Samples
from bitpath_cli.model.units import ONE

if TYPE_CHECKING:
    from torch import Tensor

    from bitpath_cli.benchmarks._inference_subject import Subject, Tensors

MODEL: Final = "resnet"
PERCENTILE: Final = 0.99


def make_case(
    model: str,
    scenario: str,
    precision: str = "float32",
    engine: str = "eager",
    batch_size: int | None = None,
    pruning: str = "none",
    threads: int = 1,
    limit_seconds: float | None = None,
    percentile: float = PERCENTILE,
) -> Case:
    """A case as its parameters; `limit_seconds` is what the server scenario must keep."""
    told: Parameters = {
        "model": model, "scenario": scenario, "precision": precision, "engine": engine,
        "batch_size": batch_size or BATCHES[scenario], "pruning": pruning, "threads": threads,
    }  # fmt: skip
    if scenario == "server" and limit_seconds is not None:
        told |= {"limit": limit_seconds, "percentile": percentile}
    # A search takes many episodes of load where a closed loop takes one.
    return Case(told, weight=3.0 if scenario == "server" else 1.0)


def find_cases(context: Context) -> tuple[Case, ...]:
    """One small model, alone and in batches; what else can be asked is `bench inference`'s."""
    return tuple(
        make_case(MODEL, scenario, threads=context.threads)
        for scenario in ("single_stream", "offline")
    )


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The model made ready; CannotMeasure for a precision or engine that cannot be had here."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._inference_pruning import prune_subject
    from bitpath_cli.benchmarks._inference_queries import (
        WORST_ERROR,
        Check,
        Queries,
        Server,
        answers,
        draw_judged,
    )
    from bitpath_cli.benchmarks._inference_subject import blame, open_subject
    from bitpath_cli.benchmarks._precision import make_ready

    told = case.parameters
    precision, engine, threads = str(told["precision"]), str(told["engine"]), int(told["threads"])
    batch, scenario = int(told["batch_size"]), str(told["scenario"])
    with _told(), _torch_loops.threads(threads):
        original = open_subject(str(told["model"]))
        subject = prune_subject(original, str(told["pruning"]))
        judged = draw_judged(original.draw, batch)
        before = _refer(original, judged, threads)
        expected = before if subject is original else _refer(subject, judged, threads)
        with make_ready(subject, precision, engine, batch, threads) as ready, blame(subject.name):
            found = answers(ready, judged, batch)
            check = Check(found, expected, before, WORST_ERROR[precision])
            if scenario == "server":
                trial: Queries | Server = Server(
                    ready, subject.draw, batch, check,
                    float(told["limit"]), float(told["percentile"]),
                )  # fmt: skip
                most = 1
            else:
                trial, most = Queries(ready, subject.draw, batch, check), 1_000_000
            size = {} if ready.weight_bytes is None else {"weight_bytes": (ready.weight_bytes,)}
            yield {
                scenario: Loop(
                    trial, batch, ONE, largest_loops=most,
                    evidence=lambda: {**trial.evidence(), **size},
                )
            }  # fmt: skip


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A model that cannot be used takes the place of its result, as what cannot be had does."""
    try:
        yield
    except BadModel as error:
        raise CannotMeasure(failed(error.what.rstrip("."), error.next_step)) from error


def _refer(subject: "Subject", judged: "Tensors", threads: int) -> "Tensor":
    """What the model answers in float32, by torch itself, or by ONNX Runtime for its files."""
    from bitpath_cli.benchmarks._inference_queries import answers
    from bitpath_cli.benchmarks._precision import make_ready

    engine = "eager" if subject.onnx is None else "onnxruntime"
    batch = subject.batch or len(judged[0])
    with make_ready(subject, "float32", engine, batch, threads) as plain:
        return answers(plain, judged, batch)


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Latencies and throughput, and beside them how far the answers moved."""
    from bitpath_cli.benchmarks._torch_loops import library

    told = case.parameters
    (found,) = samples.values()
    source = (
        f"inference, {told['scenario']}, {told['model']} in {told['precision']}, {told['engine']}, "
        f"batch {told['batch_size']}, {library()}"
    )
    speed = server_metrics if told["scenario"] == "server" else closed_metrics
    return Conclusion((*speed(told, found, source), *drift_metrics(told, found, source)))


BENCHMARK = Benchmark(
    summary="Latency and throughput of a small model, as MLPerf defines them",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    blocks=3,
    fills_processors=True,
    weight=0.3,
)
