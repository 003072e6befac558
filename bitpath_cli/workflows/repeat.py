"""Measures the whole of a wish several times over, and says how far the runs lie apart.

The interval that a run states is a claim about the machine: here it is held against other runs.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from bitpath_cli import archive
from bitpath_cli.errors import UnwritableOutput
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.result import BenchmarkResult, Metric, Parameters, Validity
from bitpath_cli.workflows.assess import Progress, Wish, assess

REPEAT = "repeat"
"""The parameter that tells the runs of one measurement apart, from 1."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One headline metric over all runs.

    Of the runs that state an interval, `claims`, so many hold the median of all: `covered`.
    """

    benchmark: str
    parameters: Parameters
    metric: str
    values: tuple[float, ...]
    half_width: float | None
    covered: int
    claims: int

    @property
    def width(self) -> float:
        """The largest less the smallest value, relative to the median."""
        return (max(self.values) - min(self.values)) / median(self.values)


def measure_repeatedly(wish: Wish, times: int, progress: Progress) -> Report:
    """One report with every run's results, numbered, and a note on each headline metric.

    After a signal it holds the runs until then and is not `complete`.
    """
    runs: list[Report] = []
    for number in range(1, times + 1):
        progress.stage(f"run {number} of {times}")
        runs.append(assess(replace(wish, keep=()), progress))
        found = join(runs)
        for path in wish.keep:
            with contextlib.suppress(UnwritableOutput):
                archive.save(found, path)
        if not runs[-1].complete:
            break
    return join(runs)


def join(runs: Sequence[Report]) -> Report:
    """Several reports of the same wish as one."""
    results = tuple(
        result.model_copy(update={"parameters": {**result.parameters, REPEAT: number}})
        for number, run in enumerate(runs, 1)
        for result in run.results
    )
    notes = tuple(Note(level="info", text=_describe(each)) for each in find_spreads(runs))
    return runs[-1].model_copy(
        update={"created": runs[0].created, "results": results, "notes": (*runs[-1].notes, *notes)}
    )


def find_spreads(runs: Sequence[Report]) -> tuple[Spread, ...]:
    """The spread of the first metric of every result that two or more runs have."""
    groups: dict[tuple[str, str], list[BenchmarkResult]] = {}
    for run in runs:
        for each in run.results:
            key = (each.benchmark, repr(sorted(each.parameters.items())))
            groups.setdefault(key, []).append(each)
    found = []
    for group in groups.values():
        usable = [each for each in group if each.metrics and each.validity is not Validity.INVALID]
        headline = [each.metrics[0] for each in usable if each.metrics[0].value is not None]
        if len(headline) > 1:
            found.append(_spread(usable[0], headline))
    return tuple(found)


def _spread(result: BenchmarkResult, headline: list[Metric]) -> Spread:
    values = tuple(each.value for each in headline if each.value is not None)
    widths = [
        (each.high - each.low) / 2 / abs(each.value)
        for each in headline
        if each.low is not None and each.high is not None and each.value
    ]
    claims = [
        each.low <= median(values) <= each.high
        for each in headline
        if each.low is not None and each.high is not None
    ]
    return Spread(
        benchmark=result.benchmark, parameters=result.parameters, metric=headline[0].name,
        values=values, half_width=median(widths) if widths else None,
        covered=sum(claims), claims=len(claims),
    )  # fmt: skip


def _describe(spread: Spread) -> str:
    told = ", ".join(f"{name} {value}" for name, value in spread.parameters.items())
    stated = "no run states an interval"
    if spread.half_width is not None:
        stated = (
            f"they state ±{spread.half_width:.1%}, and {spread.covered} of {spread.claims} hold "
            "the median of all"
        )
    ordered = sorted(spread.values)
    share = [each / median(ordered) - 1 for each in (ordered[0], ordered[-1])]
    return (
        f"{spread.benchmark} {spread.metric} ({told}): {len(ordered)} runs lie between "
        f"{share[0]:+.1%} and {share[1]:+.1%} of their median; {stated}."
    )
