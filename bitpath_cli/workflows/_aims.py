"""Changes to reach as they are typed, and whether a comparison reached them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli import benchmarks, discover
from bitpath_cli.errors import BadValue, UnknownName
from bitpath_cli.model.aim import Aim
from bitpath_cli.model.comparison import AimOutcome, Change, TermChange
from bitpath_cli.model.reading import Missing, Quantity, Reading, absent
from bitpath_cli.model.recommendation import TERM_NAMES
from bitpath_cli.model.result import Parameters, Scalar

OPTION: Final = "--aim"
_ALLOWED: Final = (
    "a term or a metric and a change in percent, such as 'cost=-20%', 'energy=-10%', "
    "'gemm.throughput=+10%' or 'disk.iops[operation=read,pattern=random]=+20%'"
)
_TYPED: Final = re.compile(
    r"\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\s*(?:\[([^\]]*)\])?\s*=\s*"
    r"([+\-\u2212])\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%\s*"
)
_AS_PEOPLE_SAY: Final = {"time": "compute", "cost": "hardware"}
_LONGEST: Final = 200


def parse_aims(typed: Iterable[str]) -> tuple[Aim, ...]:
    """Every aim once, the last where a name was typed twice; BadValue or UnknownName."""
    found = [parse_aim(each) for each in typed]
    return tuple({(each.name, str(each.parameters)): each for each in found}.values())


def parse_aim(text: str) -> Aim:
    """`cost=-20%` as a aim; `cost` and `time` stand for the terms hardware and compute."""
    match = _TYPED.fullmatch(text[:_LONGEST])
    if match is None:
        raise BadValue(OPTION, text[:_LONGEST], _ALLOWED)
    name, chosen, sign, number = match.groups()
    benchmark, dot, _ = name.partition(".")
    known = discover.names(benchmarks)
    if dot and benchmark not in known:
        raise UnknownName("benchmark", benchmark, known, "See them: bitpath bench list")
    change = float(number) / 100 * (1 if sign == "+" else -1)
    if change <= -1:
        raise BadValue(OPTION, text, "less than 100 % off")
    name = _AS_PEOPLE_SAY.get(name, name)
    if name in TERM_NAMES and change > 0:
        raise BadValue(OPTION, text, f"a minus sign: less of {match[1]} is better")
    return Aim(name=name, parameters=_parameters(chosen, text), change=change)


def judge_aims(
    aims: Sequence[Aim], changes: Sequence[Change], terms: Sequence[TermChange]
) -> tuple[AimOutcome, ...]:
    """Reached where everything that an aim is about reached it; unknown where some cannot tell."""
    return tuple(_judge(each, _evidence(each, changes, terms)) for each in aims)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One figure that an aim is about."""

    about: str
    change: Reading
    reason: str
    is_in_doubt: bool = False


def _parameters(chosen: str | None, text: str) -> Parameters:
    found: Parameters = {}
    for part in (chosen or "").split(","):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not part.strip():
            continue
        if not equals or not name or not value:
            raise BadValue(OPTION, text, _ALLOWED)
        found[name] = _scalar(value)
    return found


def _scalar(text: str) -> Scalar:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def _evidence(aim: Aim, changes: Sequence[Change], terms: Sequence[TermChange]) -> list[_Evidence]:
    if aim.name in TERM_NAMES:
        return [
            _Evidence(each.workload, each.change, each.reason)
            for each in terms
            if each.of == "today" and each.term == aim.name
        ]
    benchmark, _, metric = aim.name.rpartition(".")
    return [
        _Evidence(_about(each), each.change, each.reason, each.is_in_doubt)
        for each in changes
        if each.metric == metric
        and each.benchmark == (benchmark or each.benchmark)
        and _is_chosen(each, aim.parameters)
    ]


def _is_chosen(change: Change, parameters: Parameters) -> bool:
    """A point of a sweep counts only where its size is asked for."""
    if "size_bytes" in change.parameters and "size_bytes" not in parameters:
        return False
    return all(change.parameters.get(name) == value for name, value in parameters.items())


def _about(change: Change) -> str:
    words = [str(value) for value in change.parameters.values()]
    return " ".join([change.benchmark, *words])


def _judge(aim: Aim, evidence: Sequence[_Evidence]) -> AimOutcome:
    known = [each for each in evidence if isinstance(each.change, Quantity)]
    unknown = [each for each in evidence if isinstance(each.change, Missing)]
    if not known:
        detail = unknown[0].reason if unknown else "neither report holds it"
        return AimOutcome(
            aim=aim, about=unknown[0].about if unknown else aim.name,
            change=absent(detail or "it cannot be compared"), outcome="unknown", certain=False,
            reason=detail,
        )  # fmt: skip
    farthest = max(known, key=lambda each: _shortfall(aim, each.change))
    is_reached = _shortfall(aim, farthest.change) <= 0
    reason = "the value is in doubt" if farthest.is_in_doubt else ""
    if is_reached and unknown:
        reason = f"{len(unknown)} of {len(evidence)} cannot be compared: {unknown[0].reason}"
    outcome = "missed" if not is_reached else "unknown" if unknown else "reached"
    return AimOutcome.model_validate(
        {
            "aim": aim, "about": farthest.about, "change": farthest.change,
            "outcome": outcome, "reason": reason,
            "certain": outcome != "unknown" and _is_certain(aim, farthest.change, is_reached),
        }
    )  # fmt: skip


def _shortfall(aim: Aim, change: Reading) -> float:
    """By how much the aim was missed; 0 or less where it was reached."""
    if isinstance(change, Missing):
        return 0.0
    missing = change.value - aim.change
    return missing if aim.change < 0 else -missing


def _is_certain(aim: Aim, change: Reading, is_reached: bool) -> bool:
    """Whether the whole interval lies on that side of the aim."""
    if isinstance(change, Missing) or change.low is None or change.high is None:
        return False
    worst = change.high if aim.change < 0 else change.low
    best = change.low if aim.change < 0 else change.high
    decisive = change.model_copy(update={"value": worst if is_reached else best})
    return (_shortfall(aim, decisive) <= 0) == is_reached
