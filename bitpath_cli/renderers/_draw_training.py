"""Ways of synchronising side by side: how fast, for how many bytes, and what is learnt with each.

Cheaper communication is not free of charge: losses are compared after as many samples and after as
much time as all of them had.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table

from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.units import SECOND
from bitpath_cli.renderers._words import UNKNOWN, amount, reading

_BENCHMARK: Final = "train_step"
_STEP: Final = "step"


def draw_training(results: Sequence[BenchmarkResult]) -> Iterator[RenderableType]:
    """A table a model that was trained in more than one way."""
    models: dict[str, list[BenchmarkResult]] = defaultdict(list)
    for each in results:
        if each.benchmark == _BENCHMARK and each.missing is None and _STEP in each.samples:
            models[str(each.parameters.get("model"))].append(each)
    for model, found in models.items():
        if len({each.parameters.get("sync") for each in found}) > 1:
            yield Padding(_table(model, found), (1, 0, 0, 2))


def _table(model: str, found: Sequence[BenchmarkResult]) -> Table:
    samples = min(_last(each, "curve_samples") for each in found)
    seconds = min(_last(each, "curve_seconds") for each in found)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(model)
    for title in ("step", "samples", "sent a step"):
        table.add_column(title, justify="right")
    table.add_column(f"loss after\n{samples:,.0f} samples", justify="right")
    table.add_column(f"loss after\n{amount(seconds, SECOND)}", justify="right")
    for each in found:
        table.add_row(
            str(each.parameters["sync"]),
            *(_metric(each, name) for name in ("step_time", "samples_per_second", "sent_bytes")),
            _loss(each, "curve_samples", samples), _loss(each, "curve_seconds", seconds),
        )  # fmt: skip
    return table


def loss_at(places: Sequence[float], losses: Sequence[float], at: float) -> float | None:
    """The loss between two looks, in a straight line; None before the first and after the last."""
    for index in range(1, len(places)):
        begin, end = places[index - 1], places[index]
        if begin <= at <= end and end > begin:
            return losses[index - 1] + (at - begin) / (end - begin) * (
                losses[index] - losses[index - 1]
            )
    return None


def _loss(result: BenchmarkResult, axis: str, at: float) -> str:
    """Of the first process: each begins anew."""
    evidence = result.samples[_STEP].blocks[0].evidence
    found = loss_at(evidence.get(axis, ()), evidence.get("curve_loss", ()), at)
    return UNKNOWN if found is None else f"{found:.3g}"


def _last(result: BenchmarkResult, axis: str) -> float:
    return max(result.samples[_STEP].blocks[0].evidence.get(axis, ()), default=0.0)


def _metric(result: BenchmarkResult, name: str) -> str:
    found = result.metric(name)
    return UNKNOWN if found is None else reading(found.reading)
