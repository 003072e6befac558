"""A comparison as lines to look at: what became worse first, what is the same last."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.model.aim import Aim
from bitpath_cli.model.comparison import (
    AdviceChange,
    AimOutcome,
    Change,
    Comparison,
    MachineChange,
    Outcome,
    TermChange,
)
from bitpath_cli.model.reading import Fact, Missing, Quantity, Reading
from bitpath_cli.model.result import Doubt, Parameters
from bitpath_cli.model.units import BYTE, human, significant
from bitpath_cli.renderers._doubts import words
from bitpath_cli.renderers._words import UNKNOWN, known, label, reading, share, term_name

Tone = Literal["good", "poor", "fair", "plain"]
_TITLES: Final[dict[Outcome, tuple[str, Tone]]] = {
    "worse": ("Worse", "poor"),
    "better": ("Better", "good"),
    "undecided": ("Undecided", "fair"),
    "not usable": ("Not usable", "fair"),
    "now unknown": ("Known before, unknown now", "fair"),
    "now known": ("Unknown before, known now", "plain"),
    "not comparable": ("Not comparable", "fair"),
    "same": ("The same", "plain"),
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A metric or a term: what it is of, both values, the change with its bounds, and a remark.

    A term has its outcome in the place of bounds.
    """

    about: str
    name: str
    before: str
    after: str
    change: str
    bounds: str
    remark: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines with the same outcome."""

    outcome: Outcome
    title: str
    tone: Tone
    lines: tuple[ChangeLine, ...]


def sections(found: Comparison) -> tuple[Section, ...]:
    """The metrics by outcome, worst first; empty outcomes are left out."""
    told = varied((each.benchmark, each.parameters) for each in found.changes)
    return tuple(
        Section(outcome, title, tone, tuple(_lines(found.changes, outcome, told)))
        for outcome, (title, tone) in _TITLES.items()
        if any(each.outcome == outcome for each in found.changes)
    )


def summary(found: Comparison) -> str:
    """Counts in one sentence: what is worse, better, the same, and what cannot tell."""
    counts = Counter(each.outcome for each in found.changes)
    told = [f"{counts[each]} {_called(each, found)}" for each in _TITLES if counts[each]]
    doubtful = sum(each.is_in_doubt for each in found.regressions)
    text = ", ".join(told) if told else "neither report holds a result"
    if doubtful:
        text += f"; {doubtful} of what is worse rests on values in doubt"
    return text


def single_runs(found: Comparison) -> str:
    """What the intervals leave out: how one run of a benchmark differs from the next."""
    alone = dict.fromkeys(
        label(each.benchmark)
        for each in found.changes
        if each.processes == 1 and each.outcome in ("worse", "better")
    )
    if not alone:
        return ""
    return (
        f"{', '.join(alone)}: one process on a side, so how one run differs from the next is not "
        "in the interval. Measure again, or with --budget thorough, before you believe it."
    )


def term_lines(found: Comparison, of: Literal["today", "advised"]) -> dict[str, list[ChangeLine]]:
    """The five terms by workload."""
    lines: dict[str, list[ChangeLine]] = {}
    for each in found.terms:
        if each.of == of:
            lines.setdefault(each.workload, []).append(_term_line(each))
    return lines


def advice_sentence(each: AdviceChange) -> str:
    """What was advised, and what is."""
    was, now = each.before or "nothing feasible", each.after or "nothing feasible"
    text = (
        f"{each.workload}: {was}, then {now}" if each.changed else f"{each.workload}: still {now}"
    )
    verdicts = (
        "" if each.verdict_before == each.verdict_after
        else f" (a {each.verdict_before} before, {each.verdict_after} now)"
    )  # fmt: skip
    return f"{text}{verdicts}" + (f"; {each.reason}" if each.reason else "")


def machine_sentence(each: MachineChange) -> str:
    """What of the machine is another now."""
    name = each.kind.replace("_", " ") + (f" {each.name}" if each.name != each.kind else "")
    if each.event != "changed":
        return f"{name.strip()} {'is new' if each.event == 'added' else 'is gone'}"
    return f"{name.strip()}: {label(each.field)} {_state(each.before)} → {_state(each.after)}"


def aim_words(aim: Aim) -> str:
    """An aim as it was typed."""
    chosen = ", ".join(f"{name}={value}" for name, value in aim.parameters.items())
    name = term_name(aim.name) if "." not in aim.name and _is_term(aim) else aim.name
    typed = f"{round(aim.change * 100, 6):+g} %".replace("-", "−")
    return f"{name}{f'[{chosen}]' if chosen else ''} {typed}"


def aim_sentence(each: AimOutcome) -> str:
    """Whether an aim was reached, by what, and how sure that is."""
    if each.outcome == "unknown":
        return f"{aim_words(each.aim)}: unknown ({each.reason or 'it cannot be compared'})"
    doubt = "" if each.certain else ", though the interval reaches across the aim"
    if isinstance(each.change, Quantity) and each.change.low is None:
        doubt = ", without an interval"
    remark = f"; {each.reason}" if each.reason else ""
    moved = f"{change_words(each.change)} {_bounds(each.change)}".rstrip()
    return f"{aim_words(each.aim)}: {each.outcome}, {moved} ({each.about}){doubt}{remark}"


def change_words(change: Reading) -> str:
    """A relative change; a factor where a percentage would be hard to read."""
    if isinstance(change, Missing):
        return "" if change.detail else UNKNOWN
    return percent(change.value)


def percent(change: float) -> str:
    """`+12 %`, `-3.4 %`, `×25`."""
    if change >= 9:
        return f"×{significant(change + 1)}"
    text = f"{change * 100:+.1f}" if abs(change) < 0.1 else f"{change * 100:+.0f}"
    return f"{text} %".replace("-", "−")


def condition(parameters: Parameters, told: Iterable[str]) -> str:
    """The parameters by which results differ: words as they are, numbers with their names."""
    shown = [name for name in told if name in parameters]
    texts = [str(parameters[name]) for name in shown if isinstance(parameters[name], str)]
    numbers: dict[str, list[str]] = {}
    for name in shown:
        value = parameters[name]
        if isinstance(value, str):
            continue
        size = name.endswith(("_bytes", "_size")) and not isinstance(value, bool)
        words_ = human(float(value), BYTE) if size else str(value)
        numbers.setdefault(words_, []).append(label(name.removesuffix("_bytes")))
    return " ".join([*texts, *(f"{','.join(names)} {value}" for value, names in numbers.items())])


def _called(outcome: Outcome, found: Comparison) -> str:
    if outcome == "same":
        return f"the same within ±{share(found.threshold)}"
    return outcome


def varied(results: Iterable[tuple[str, Parameters]]) -> dict[str, tuple[str, ...]]:
    """Per benchmark the parameters that are not the same in all of its results."""
    values: dict[str, dict[str, set[object]]] = {}
    for benchmark, parameters in results:
        told = values.setdefault(benchmark, {})
        for name, value in parameters.items():
            told.setdefault(name, set()).add(value)
    return {
        benchmark: tuple(
            name for name, found in told.items() if len(found) > 1 or name == "size_bytes"
        )
        for benchmark, told in values.items()
    }


def _lines(
    changes: Sequence[Change], outcome: Outcome, told: dict[str, tuple[str, ...]]
) -> Iterator[ChangeLine]:
    for each in changes:
        if each.outcome == outcome:
            where = condition(each.parameters, told[each.benchmark])
            yield ChangeLine(
                f"{label(each.benchmark)} {where}".rstrip(), label(each.metric),
                reading(each.before), reading(each.after), change_words(each.change),
                _bounds(each.change), _remark(each),
            )  # fmt: skip


def _term_line(each: TermChange) -> ChangeLine:
    outcome = "the same" if each.outcome == "same" else each.outcome
    return ChangeLine(
        each.workload, term_name(each.term), reading(each.before), reading(each.after),
        change_words(each.change), outcome, each.reason,
    )  # fmt: skip


def _remark(change: Change) -> str:
    parts = [change.reason]
    doubts = dict.fromkeys((*change.doubts_before, *change.doubts_after))
    if change.is_in_doubt and change.outcome in ("worse", "better", "same", "undecided"):
        parts.append(f"in doubt: {_doubts(change, tuple(doubts))}")
    return "; ".join(part for part in parts if part)


def _doubts(change: Change, doubts: tuple[Doubt, ...]) -> str:
    before, after = set(change.doubts_before), set(change.doubts_after)
    if before == after:
        return words(doubts)
    told = [
        f"{words(tuple(each for each in doubts if each in side))} {when}"
        for side, when in ((before, "before"), (after, "after"))
        if side
    ]
    return ", ".join(told)


def _bounds(change: Reading) -> str:
    if isinstance(change, Missing) or change.low is None or change.high is None:
        return ""
    low, high = percent(change.low), percent(change.high)
    if not high.startswith("×"):
        low, high = low.removesuffix(" %"), high.removesuffix(" %")
    return f"[{low} – {high}]"


def _state(value: Fact | Quantity | Missing | None) -> str:
    return UNKNOWN if value is None else known(value) or UNKNOWN


def _is_term(aim: Aim) -> bool:
    return aim.name in ("compute", "storage", "bandwidth", "hardware", "energy")
