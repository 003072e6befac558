"""A recommendation as columns and sentences: each strategy's best, its terms, what they weigh."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.recommendation import (
    TERM_NAMES,
    AssumedInput,
    Candidate,
    Confidence,
    Recommendation,
    TermName,
)
from bitpath_cli.model.units import significant
from bitpath_cli.renderers._words import reading, share, strategy, term, term_name

_WORTH_SAYING: Final = 0.05
_WORTH_MEASURING: Final = 0.01
_NAMED: Final = 3
_SMALLEST: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Column:
    """One strategy: per term its value and its multiple of today's, and its parts of L."""

    strategy: str
    configuration: str
    wins: bool
    feasible: bool
    values: tuple[str, ...]
    multiples: tuple[str, ...]
    parts: tuple[float, ...]
    score: str
    total: float | None
    probability: str
    sentence: str


def columns(advice: Recommendation) -> tuple[Column, ...]:
    """Each strategy's best: the feasible ones by L, then the others, and today's host last."""
    return tuple(_column(each, advice) for each in firsts(advice))


def firsts(advice: Recommendation) -> tuple[Candidate, ...]:
    """The candidates of `columns`, in the same order."""
    found: dict[str, Candidate] = {}
    for each in advice.candidates:
        found.setdefault(each.strategy, each)
    return tuple(sorted(found.values(), key=lambda each: _rank(each, advice)))


def term_labels() -> tuple[str, ...]:
    """The five terms in the order of a column's values."""
    return tuple(term_name(name) for name in TERM_NAMES)


def weights(advice: Recommendation) -> str:
    """The λ in use and where they come from."""
    told = [(name, getattr(advice.lambdas, name)) for name in TERM_NAMES]
    if all(value == 1 for _, value in told):
        return f"all λ = 1, from {advice.lambdas_source}"
    listed = ", ".join(f"{term_name(name)} {significant(value)}" for name, value in told)
    return f"λ: {listed}, from {advice.lambdas_source}"


def losers(advice: Recommendation) -> tuple[tuple[str, str], ...]:
    """Every strategy that did not win, and why in a sentence."""
    return tuple((each.strategy, each.sentence) for each in columns(advice) if not each.wins)


def bottleneck(advice: Recommendation) -> str:
    """What holds today's host back, or what is advised where that is all that is known."""
    found = advice.bottleneck_today or advice.bottleneck
    return "" if found is None else found.sentence


def next_bottleneck(advice: Recommendation) -> str:
    """What would hold the advised configuration back, where that is another thing."""
    now, then = advice.bottleneck_today, advice.bottleneck
    if now is None or then is None or now.sentence == then.sentence:
        return ""
    return then.sentence


def confidence(advice: Recommendation) -> str:
    """How sure the ranking is, in one sentence."""
    if advice.verdict == "none feasible":
        return advice.smallest_change or "Nothing is feasible as the workload is stated."
    parts = [_verdict(advice)]
    if advice.confidence is not None:
        parts.append(_draws(advice.confidence))
    agree = "agree" if advice.robust else "do not agree"
    parts.append(f"the views by L, by money and by geometric mean {agree}")
    return "; ".join(parts) + "."


def assumptions(advice: Recommendation, most: int) -> tuple[str, ...]:
    """What knowing would settle most first, then the widest; once how, for those alike."""
    # What can be measured stands among the measurements, with its command.
    named = {name for each in advice.measurements for name in each.inputs}
    stated = [each for each in advice.assumptions if each.name not in named]
    widest = sorted(stated, key=lambda each: (_gain(each, advice), _spread(each)))[::-1]
    shown = widest[:most]
    told = [
        f"{', '.join(_figure(each, advice) for each in shown if each.next_step == step)}: {step}"
        for step in dict.fromkeys(each.next_step for each in shown)
    ]
    if len(widest) > most:
        told.append(f"and {len(widest) - most} more, in the report")
    return tuple(told)


def worth_measuring(advice: Recommendation) -> tuple[str, ...]:
    """What measuring would make the choice surer; else that none of what is left would."""
    gains = [
        each
        for each in advice.measurements
        if each.confidence_if_known - each.confidence_now >= _WORTH_MEASURING
    ]
    if gains or not advice.measurements:
        return tuple(each.sentence for each in gains)
    now = share(advice.measurements[0].confidence_now)
    left = ", ".join(each.what for each in advice.measurements[:_NAMED])
    return (f"nothing that is left to measure would raise the confidence of {now}: {left}",)


def _figure(each: AssumedInput, advice: Recommendation) -> str:
    told = f"{each.name} {reading(each.reading)}"
    if _gain(each, advice) < _WORTH_SAYING:
        return told
    now = share(advice.probability_best or 0.0)
    return f"{told} (knowing it: best in {now} → about {share(each.confidence_if_known)})"


def _gain(each: AssumedInput, advice: Recommendation) -> float:
    """By how much knowing it would raise the confidence; 0 where that is less than worth saying."""
    gain = each.confidence_if_known - (advice.probability_best or 0.0)
    return gain if gain >= _WORTH_SAYING else 0.0


def _rank(candidate: Candidate, advice: Recommendation) -> tuple[bool, bool, bool, float]:
    score = candidate.score
    return (
        not _wins(candidate, advice), candidate.strategy == "today", not candidate.feasible,
        float("inf") if score is None else score,
    )  # fmt: skip


def _wins(candidate: Candidate, advice: Recommendation) -> bool:
    return advice.winner is not None and candidate.configuration == advice.winner


def _column(candidate: Candidate, advice: Recommendation) -> Column:
    ratios = [candidate.terms.by_name(name).ratio for name in TERM_NAMES]
    return Column(
        strategy=strategy(candidate.strategy),
        configuration=candidate.configuration.label,
        wins=_wins(candidate, advice),
        feasible=candidate.feasible,
        values=tuple(term(candidate.terms.by_name(name)) for name in TERM_NAMES),
        multiples=tuple("" if each is None else _multiple(each) for each in ratios),
        parts=_parts(candidate, advice),
        score="–" if candidate.score is None else significant(candidate.score),
        total=candidate.score,
        probability=share(candidate.probability_best) if candidate.feasible else "–",
        sentence=_sentence(candidate),
    )


def _multiple(ratio: float) -> str:
    """Of today's; what is next to nothing is said to be that."""
    return f"×{significant(ratio, 2)}" if ratio == 0 or ratio >= _SMALLEST else "×<0.0001"


def _parts(candidate: Candidate, advice: Recommendation) -> tuple[float, ...]:
    """Each term's part of L: λ·ratio over the sum of the λ in use; 0 where a term is left out."""
    used = [name for name in TERM_NAMES if _counts(name, advice.candidates)]
    total = sum(getattr(advice.lambdas, name) for name in used)
    if total <= 0:
        return (0.0,) * len(TERM_NAMES)
    return tuple(
        getattr(advice.lambdas, name) * (candidate.terms.by_name(name).ratio or 0.0) / total
        if name in used
        else 0.0
        for name in TERM_NAMES
    )


def _counts(name: TermName, candidates: Sequence[Candidate]) -> bool:
    return all(each.terms.by_name(name).ratio is not None for each in candidates)


def _sentence(candidate: Candidate) -> str:
    removing = [each.sentence for each in candidate.violations if each.removes]
    return "; ".join(removing) or candidate.verdict


def _verdict(advice: Recommendation) -> str:
    if advice.verdict == "clear":
        best = advice.probability_best
        return "A clear choice" if best is None else f"A clear choice, the best in {share(best)}"
    names = " and ".join(strategy(each) for each in advice.tied_with)
    return f"Too close to call: a tie with {names}" if names else "Too close to call"


def _draws(told: Confidence) -> str:
    ranks = f"{told.rank_low}" + (f"–{told.rank_high}" if told.rank_high > told.rank_low else "")
    return (
        f"{told.draws:,} draws from the spreads of its inputs put it at rank {ranks}; "
        f"it wins under {share(told.simplex_share)} of all weightings"
    )


def _spread(each: AssumedInput) -> float:
    low, high = each.reading.low, each.reading.high
    return high / low if low and high and low > 0 else 1.0
