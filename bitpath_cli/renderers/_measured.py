"""Results as lines to look at: the best of each sweep, its share of the ceiling, a verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    Metric,
    Parameters,
    Validity,
)
from bitpath_cli.renderers._doubts import words
from bitpath_cli.renderers._words import UNKNOWN, amount, interval, label, reading

Tone = Literal["good", "fair", "poor", "plain"]
_VERDICTS: Final[tuple[tuple[float, str, Tone], ...]] = (
    (1.05, "over ceiling", "fair"),
    (0.90, "at ceiling", "good"),
    (0.70, "good", "good"),
    (0.40, "fair", "fair"),
    (-math.inf, "low", "poor"),
)
_SAID_BY_UNIT: Final = frozenset({"throughput", "bandwidth"})


@dataclass(frozen=True, slots=True)
class Line:
    """One metric: `share` is None where there is no ceiling; `aside` holds the lesser metrics."""

    name: str
    value: str
    bounds: str
    share: float | None
    ceiling: str
    verdict: str
    tone: Tone
    mark: Literal["", "!", "✗", "?"]
    doubts: str
    aside: str


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one benchmark, with what makes it doubtful."""

    benchmark: str
    lines: tuple[Line, ...]


def measure_lines(results: Sequence[BenchmarkResult]) -> tuple[Group, ...]:
    """A group per benchmark, in the order in which they ran."""
    names = dict.fromkeys(each.benchmark for each in results)
    return tuple(
        Group(name, _lines([each for each in results if each.benchmark == name])) for name in names
    )


def doubts(results: Sequence[BenchmarkResult]) -> tuple[Doubt, ...]:
    """Every doubt that some result has, each once."""
    found = [
        doubt
        for each in results
        for doubt in (*each.reasons, *(reason for one in each.metrics for reason in one.reasons))
    ]
    return tuple(dict.fromkeys(found))


def _lines(results: list[BenchmarkResult]) -> tuple[Line, ...]:
    conditions = dict.fromkeys(_condition(each, results) for each in results)
    lines: list[Line] = []
    for condition in conditions:
        sweep = [each for each in results if _condition(each, results) == condition]
        lines += _sweep_lines(condition, sweep)
    return tuple(lines)


def _condition(result: BenchmarkResult, others: Sequence[BenchmarkResult]) -> str:
    """The words among the parameters that tell a result from the benchmark's others.

    Where there is no other, what a collective did still needs its name.
    """
    told = {name: value for name, value in result.parameters.items() if isinstance(value, str)}
    varied = [
        value
        for name, value in told.items()
        if any(other.parameters.get(name) != value for other in others)
    ]
    return " ".join(varied) or told.get("op", "")


def _sweep_lines(condition: str, sweep: list[BenchmarkResult]) -> list[Line]:
    """Bars for what has a ceiling, or for the first metric; the rest stands beside."""
    if not any(each.metrics for each in sweep):
        return [_missing_line(condition, each) for each in sweep]
    names = dict.fromkeys(one.name for each in sweep for one in each.metrics)
    best = [_best(name, sweep) for name in names]
    barred = [pair for pair in best if pair[1].ceiling is not None] or best[:1]
    beside = [pair for pair in best if pair not in barred]
    aside = " · ".join(f"{label(one.name)} {reading(one.reading)}" for _, one in beside)
    return [
        _line(
            _title(condition, one, len(barred) > 1), result, one, _place(result, sweep),
            aside if index == 0 else "",
        )
        for index, (result, one) in enumerate(barred)
    ]  # fmt: skip


def _best(name: str, sweep: list[BenchmarkResult]) -> tuple[BenchmarkResult, Metric]:
    """The best valid value of a metric over a sweep, else whatever there is."""
    found = [(each, one) for each in sweep for one in each.metrics if one.name == name]
    usable = [
        pair for pair in found
        if pair[1].value is not None and _validity(*pair) is not Validity.INVALID
    ]  # fmt: skip
    if not usable:
        return found[0]

    def rank(pair: tuple[BenchmarkResult, Metric]) -> float:
        value = pair[1].value or 0.0
        return value if pair[1].direction is Direction.HIGHER else -value

    return max(usable, key=rank)


def _line(name: str, result: BenchmarkResult, one: Metric, place: str, aside: str) -> Line:
    validity = _validity(result, one)
    reasons = tuple(dict.fromkeys((*result.reasons, *one.reasons)))
    share = _share(one) if validity is not Validity.INVALID else None
    verdict, tone = _judge(share, validity)
    value = one.reading
    missing = isinstance(value, Missing)
    return Line(
        name=name,
        value=reading(value),
        bounds=interval(value) if isinstance(value, Quantity) else "",
        share=share,
        ceiling="" if one.ceiling is None else (
            f"of {amount(one.ceiling.value, one.ceiling.unit)}: {one.ceiling.source}"
        ),
        verdict=value.detail if isinstance(value, Missing) else verdict,
        tone="plain" if missing else tone,
        mark=UNKNOWN if missing else _mark(validity),
        doubts=words(reasons),
        aside=" · ".join(part for part in (place, aside) if part),
    )  # fmt: skip


def _missing_line(condition: str, result: BenchmarkResult) -> Line:
    missing = result.missing
    verdict = words(result.reasons) if missing is None else missing.detail
    if missing is not None and missing.hint:
        verdict = f"{verdict}; {missing.hint}"
    return Line(condition, UNKNOWN, "", None, "", verdict, "plain", UNKNOWN, "", "")


def _title(condition: str, one: Metric, with_metric: bool) -> str:
    name = label(one.name)
    said = one.name in _SAID_BY_UNIT and not with_metric
    if condition == name or (condition and said):
        return condition
    return f"{condition} {name}".lstrip()


def _place(result: BenchmarkResult, sweep: list[BenchmarkResult]) -> str:
    """Where in its sweep a result was the best: the numbers in which the others differ."""
    if len(sweep) == 1:
        return ""
    varied: Parameters = {
        name: value
        for name, value in result.parameters.items()
        if isinstance(value, int | float)
        and any(other.parameters.get(name) != value for other in sweep)
    }
    where = ", ".join(f"{label(name)} {value:,}" for name, value in varied.items())
    return f"best of {len(sweep)}" + (f": {where}" if where else "")


def _share(one: Metric) -> float | None:
    if one.fraction_of_ceiling is None:
        return None
    if one.direction is Direction.LOWER:
        return 1 / one.fraction_of_ceiling if one.fraction_of_ceiling > 0 else None
    return one.fraction_of_ceiling


def _judge(share: float | None, validity: Validity) -> tuple[str, Tone]:
    if validity is Validity.INVALID:
        return "not usable", "poor"
    if share is None:
        return "", "plain"
    verdict, tone = next((words, tone) for least, words, tone in _VERDICTS if share >= least)
    return verdict, "fair" if validity is Validity.DEGRADED and tone == "good" else tone


def _mark(validity: Validity) -> Literal["", "!", "✗"]:
    if validity is Validity.INVALID:
        return "✗"
    return "!" if validity is Validity.DEGRADED else ""


def _validity(result: BenchmarkResult, one: Metric) -> Validity:
    """The worse of the result's and the metric's own."""
    order = (Validity.VALID, Validity.DEGRADED, Validity.INVALID)
    return max(result.validity, one.validity, key=order.index)
