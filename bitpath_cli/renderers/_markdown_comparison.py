"""A comparison as Markdown, short enough for a pull request."""

from collections.abc import Iterator
from typing import Final

from bitpath_cli.model.comparison import Comparison, Side
from bitpath_cli.renderers._comparison import (
    ChangeLine,
    advice_sentence,
    aim_sentence,
    machine_sentence,
    sections,
    single_runs,
    summary,
    term_lines,
)
from bitpath_cli.renderers._markdown import bullets, plain, section, table
from bitpath_cli.renderers._words import LEGEND

_HEADS: Final = ("", "before", "after", "change", "95 %", "remark")
_TERM_HEADS: Final = (*_HEADS[:4], "outcome")
_MARKS: Final = {"reached": "✅", "missed": "❌", "unknown": "❔"}


def lines(found: Comparison) -> Iterator[str]:
    """The verdict first, because a pull request is read from above."""
    verdict = "worse or missed" if found.is_finding else "no regression"
    yield f"# Before and after: {verdict}"
    yield ""
    yield f"{plain(summary(found)).capitalize()}."
    yield ""
    yield from bullets(f"{when}: {_side(side)}" for when, side in _sides(found))
    yield from section(
        "Aims", (f"{_MARKS[each.outcome]} {aim_sentence(each)}" for each in found.aims)
    )
    for each in sections(found):
        folded = each.outcome in ("same", "now known")
        yield (
            f"<details><summary>{each.title} ({len(each.lines)})</summary>"
            if folded
            else (f"## {each.title}")
        )
        yield ""
        yield from table(_HEADS, (_row(line) for line in each.lines))
        if folded:
            yield "</details>"
            yield ""
    yield from bullets(each for each in (single_runs(found),) if each)
    yield from section("What of the machine changed", map(machine_sentence, found.machine))
    yield from section("The advice", map(advice_sentence, found.advice))
    for of, title in (("today", "Today's host doing"), ("advised", "What is advised for")):
        yield from _terms(found, of == "today", title)
    yield from section("Notes", (f"{each.text} {each.next_step}" for each in found.notes))
    yield LEGEND


def _terms(found: Comparison, today: bool, title: str) -> Iterator[str]:
    for workload, told in term_lines(found, "today" if today else "advised").items():
        yield f"## {title} {plain(workload)}"
        yield ""
        yield from table(_TERM_HEADS, (_row(line)[:-1] for line in told))


def _sides(found: Comparison) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return ("before", found.before), ("after", found.after)


def _side(side: Side) -> str:
    state = "" if side.complete else ", not complete"
    return (
        f"{side.host}, {side.created:%Y-%m-%d %H:%M} UTC{state}, fingerprint {side.fingerprint} "
        f"({side.source})"
    )


def _row(line: ChangeLine) -> tuple[str, ...]:
    return (
        f"{line.about} {line.name}",
        line.before,
        line.after,
        line.change,
        line.bounds,
        line.remark,
    )
