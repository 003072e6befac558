"""Finds in two reports what was measured in the same way, and what only looks like it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    Parameters,
    Validity,
)

_LIKE_ENOUGH: Final = 0.5
_WORST_LAST: Final = (Validity.VALID, Validity.DEGRADED, Validity.INVALID)


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric, or the time of one message size of a collective."""

    metric: str
    direction: Direction
    reading: Quantity | Missing
    validity: Validity
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two results that belong together; one of them is None where the other report has none.

    `differing` names the parameters in which they differ: then they belong together and may not be
    compared.
    """

    before: BenchmarkResult | None
    after: BenchmarkResult | None
    differing: tuple[str, ...] = ()


def pair_results(before: Report, after: Report, across: frozenset[str]) -> Iterator[Pair]:
    """Every result of either report once; parameters named in `across` may differ.

    Results with equal parameters first; then, benchmark by benchmark, those that are most alike.
    """
    lefts, rights = list(before.results), list(after.results)
    yield from _equals(lefts, rights, frozenset())
    if across:
        yield from _equals(lefts, rights, across)
    yield from _lookalikes(lefts, rights)
    yield from (Pair(each, None) for each in lefts)
    yield from (Pair(None, each) for each in rights)


def figures(result: BenchmarkResult) -> dict[tuple[str, int], Figure]:
    """The figures of a result by metric and message size; the size is 0 for a metric."""
    found = {
        (one.name, 0): Figure(
            one.name, one.direction, one.reading, _worse(result.validity, one.validity),
            tuple(dict.fromkeys((*result.reasons, *one.reasons))),
        )
        for one in result.metrics
    }  # fmt: skip
    for point in result.points:
        validity = Validity.INVALID if point.wrong else result.validity
        found["time", point.size_bytes] = Figure(
            "time", Direction.LOWER, point.time, validity, result.reasons
        )
    return found


def _equals(
    lefts: list[BenchmarkResult], rights: list[BenchmarkResult], across: frozenset[str]
) -> Iterator[Pair]:
    """Takes from both lists the pairs that agree in all but `across`, where that is unambiguous."""
    for left in tuple(lefts):
        rivals = [each for each in lefts if _agree(left, each, across)]
        found = [each for each in rights if _agree(left, each, across)]
        if not found or (across and (len(found) > 1 or len(rivals) > 1)):
            continue
        lefts.remove(left)
        rights.remove(found[0])
        yield Pair(left, found[0])


def _lookalikes(lefts: list[BenchmarkResult], rights: list[BenchmarkResult]) -> Iterator[Pair]:
    ranked = sorted(
        (
            (len(_differing(left.parameters, right.parameters)), at, to)
            for at, left in enumerate(lefts)
            for to, right in enumerate(rights)
            if left.benchmark == right.benchmark and _is_alike(left.parameters, right.parameters)
        )
    )
    used_lefts: set[int] = set()
    used_rights: set[int] = set()
    pairs: list[tuple[int, int]] = []
    for _, at, to in ranked:
        if at not in used_lefts and to not in used_rights:
            used_lefts.add(at)
            used_rights.add(to)
            pairs.append((at, to))
    found = [
        Pair(lefts[at], rights[to], _differing(lefts[at].parameters, rights[to].parameters))
        for at, to in sorted(pairs)
    ]
    lefts[:] = _without(lefts, used_lefts)
    rights[:] = _without(rights, used_rights)
    yield from found


def _without(results: list[BenchmarkResult], used: Iterable[int]) -> list[BenchmarkResult]:
    taken = set(used)
    return [each for at, each in enumerate(results) if at not in taken]


def _agree(left: BenchmarkResult, right: BenchmarkResult, across: frozenset[str]) -> bool:
    return left.benchmark == right.benchmark and not (
        set(_differing(left.parameters, right.parameters)) - across
    )


def _differing(left: Parameters, right: Parameters) -> tuple[str, ...]:
    names = dict.fromkeys((*left, *right))
    return tuple(name for name in names if left.get(name) != right.get(name))


def _is_alike(left: Parameters, right: Parameters) -> bool:
    names = {*left, *right}
    return len(_differing(left, right)) <= _LIKE_ENOUGH * len(names)


def _worse(left: Validity, right: Validity) -> Validity:
    return max(left, right, key=_WORST_LAST.index)
