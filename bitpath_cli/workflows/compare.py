"""Puts two reports side by side, metric by metric, and refuses what was not measured alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bitpath_cli import __version__, amounts, benchmarks, discover
from bitpath_cli.benchmarks import Benchmark
from bitpath_cli.errors import BadValue, UnreadableReport
from bitpath_cli.model.aim import Aim
from bitpath_cli.model.comparison import Change, Comparison, Side
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.reading import Fact, Missing, absent
from bitpath_cli.model.report import Note, Report, Tool
from bitpath_cli.model.result import BenchmarkResult, Parameters, Validity
from bitpath_cli.model.units import ONE
from bitpath_cli.workflows._advice_changes import advice_changes, term_changes
from bitpath_cli.workflows._aims import judge_aims, parse_aims
from bitpath_cli.workflows._machine_changes import machine_changes
from bitpath_cli.workflows._pairing import Figure, Pair, figures, pair_results
from bitpath_cli.workflows._relative_change import judge, relative_change

DEFAULT_THRESHOLD: Final = 0.05
__all__ = ["Manner", "compare", "parse_aims", "parse_threshold"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How to compare: the margin, aims beside those that BEFORE holds, what may differ, names."""

    threshold: float = DEFAULT_THRESHOLD
    aims: tuple[Aim, ...] = ()
    across: tuple[str, ...] = ()
    sources: tuple[str, str] = ("BEFORE", "AFTER")


def parse_threshold(typed: str) -> float:
    """`5%` as 0.05; BadValue for what is no share between 0 and 1."""
    margin = amounts.parse(typed, ONE, "--threshold")
    if not 0 < margin < 1:
        raise BadValue("--threshold", typed, "a share between 0 and 100 %, such as '5%'")
    return margin


def compare(before: Report, after: Report, manner: Manner | None = None) -> Comparison:
    """Every metric of either report once; see Comparison for what is a regression."""
    manner = manner or Manner()
    for report, source in ((before, manner.sources[0]), (after, manner.sources[1])):
        if report.members:
            raise UnreadableReport(
                source, f"it is a fleet report of {len(report.members)} hosts",
                "Compare the reports of one host: bitpath compare BEFORE AFTER",
            )  # fmt: skip
    across = frozenset(manner.across)
    versions = partial(_version_change, _libraries(before), _libraries(after), across)
    changes = tuple(
        change
        for pair in pair_results(before, after, across)
        for change in _changes(pair, versions(pair.after or pair.before), manner.threshold)
    )
    found_terms = term_changes(before, after, manner.threshold)
    return Comparison(
        tool=Tool(name="bitpath", version=__version__),
        before=_side(before, manner.sources[0]),
        after=_side(after, manner.sources[1]),
        threshold=manner.threshold,
        changes=changes,
        terms=found_terms,
        advice=advice_changes(before, after),
        machine=machine_changes(before, after),
        aims=judge_aims((*before.aims, *manner.aims), changes, found_terms),
        notes=tuple(_notes(before, after)),
    )


def _side(report: Report, source: str) -> Side:
    return Side(
        source=source, host=report.host.name, fingerprint=report.host.fingerprint,
        created=report.created, complete=report.complete,
    )  # fmt: skip


def _changes(pair: Pair, version_change: str, margin: float) -> Iterator[Change]:
    before, after = pair.before, pair.after
    lefts = figures(before) if before is not None else {}
    rights = figures(after) if after is not None else {}
    refusal = _refusal(pair) or version_change
    result = after or before
    for key in dict.fromkeys((*lefts, *rights)):
        change = _change(result, key[1], lefts.get(key), rights.get(key), pair)
        if change is not None:
            yield _judged(change, refusal, margin)


def _change(
    result: BenchmarkResult | None,
    size_bytes: int,
    left: Figure | None,
    right: Figure | None,
    pair: Pair,
) -> Change | None:
    """Both readings side by side and not yet judged; None where neither side knows anything."""
    known = right or left
    if result is None or known is None:
        return None
    was = left.reading if left is not None else _why_not(pair.before, "the earlier report")
    now = right.reading if right is not None else _why_not(pair.after, "the later report")
    if isinstance(was, Missing) and isinstance(now, Missing):
        return None
    parameters: Parameters = dict(result.parameters)
    if size_bytes:
        parameters["size_bytes"] = size_bytes
    return Change(
        benchmark=result.benchmark, parameters=parameters, metric=known.metric,
        direction=known.direction, before=was, after=now, change=absent("not compared"),
        outcome="not comparable",
        validity_before=left.validity if left is not None else Validity.VALID,
        validity_after=right.validity if right is not None else Validity.VALID,
        doubts_before=left.doubts if left is not None else (),
        doubts_after=right.doubts if right is not None else (),
        processes=min(_processes(pair.before), _processes(pair.after)),
    )  # fmt: skip


def _judged(change: Change, refusal: str, margin: float) -> Change:
    """The change with its outcome; the first thing that speaks against comparing decides."""
    was, now = change.before, change.after
    if isinstance(now, Missing):
        return change.model_copy(update={"outcome": "now unknown", "reason": now.detail})
    if isinstance(was, Missing):
        return change.model_copy(update={"outcome": "now known", "reason": was.detail})
    if was.origin.method != now.origin.method:
        refusal = refusal or f"{was.origin.method} before, {now.origin.method} after"
    if was.unit != now.unit:
        refusal = refusal or f"in {was.unit} before, in {now.unit} after"
    if refusal:
        return change.model_copy(update={"reason": refusal, "change": absent(refusal)})
    validities = (change.validity_before, change.validity_after)
    if Validity.INVALID in validities:
        side = "earlier" if validities[0] is Validity.INVALID else "later"
        reason = f"the {side} value is not usable"
        update = {"outcome": "not usable", "reason": reason, "change": absent(reason)}
        return change.model_copy(update=update)
    moved = relative_change(was, now)
    if isinstance(moved, Missing):
        return change.model_copy(update={"reason": moved.detail, "change": moved})
    outcome, reason = judge(moved, change.direction, margin)
    return change.model_copy(update={"outcome": outcome, "reason": reason, "change": moved})


def _why_not(result: BenchmarkResult | None, side: str) -> Missing:
    if result is not None and result.missing is not None:
        return result.missing
    return absent(f"{side} has no such result")


def _refusal(pair: Pair) -> str:
    """Why the two results may not be compared; empty where they may."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return ""
    if pair.differing:
        return "; ".join(
            f"{name.replace('_', ' ')} differs: {_word(before.parameters, name)}, "
            f"then {_word(after.parameters, name)}"
            for name in pair.differing
        )
    if before.revision != after.revision:
        return f"revision {before.revision} of the benchmark, then {after.revision}"
    return ""


def _word(parameters: Parameters, name: str) -> str:
    return str(parameters.get(name, "none"))


def _processes(result: BenchmarkResult | None) -> int:
    if result is None:
        return 0
    return max((len(each.blocks) for each in result.samples.values()), default=0)


def _libraries(report: Report) -> Mapping[str, str]:
    """The versions of the libraries that a benchmark may rest on, as far as the report has them."""
    found = next((each for each in report.components if isinstance(each, Software)), None)
    if found is None:
        return {}
    told = {name: getattr(found, name) for name in ("torch", "numpy", "nccl", "mpi")}
    return {name: str(each.value) for name, each in told.items() if isinstance(each, Fact)}


def _version_change(
    before: Mapping[str, str],
    after: Mapping[str, str],
    across: frozenset[str],
    result: BenchmarkResult | None,
) -> str:
    """Which library the benchmark rests on is another version now; empty where none or unknown."""
    changed = {name for name in before if name in after and before[name] != after[name]}
    changed -= across
    if result is None or not changed or "library" in across:
        return ""
    if result.benchmark not in discover.names(benchmarks):
        return ""
    needs = discover.member(benchmarks, result.benchmark, "BENCHMARK", Benchmark).needs
    return "; ".join(
        f"{name} {before[name]}, then {name} {after[name]}, which --across library allows"
        for name in needs
        if name in changed
    )


def _notes(before: Report, after: Report) -> Iterator[Note]:
    if before == after:
        yield Note(level="warning", text="Both are the same report.")
    if after.created < before.created:
        yield Note(
            level="warning", text="The report named first is the younger one.",
            next_step="If that is not what you meant, name them the other way round.",
        )  # fmt: skip
    for side, report in (("earlier", before), ("later", after)):
        if not report.complete:
            yield Note(level="warning", text=f"The {side} report is not complete.")
    if before.host.name != after.host.name:
        yield Note(
            level="info",
            text=f"Two hosts: {before.host.name} before, {after.host.name} after.",
        )
