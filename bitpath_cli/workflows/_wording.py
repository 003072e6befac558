"""What a recommendation says in sentences: every one carries its own numbers."""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.model.configuration import NodeGroup, StrategyName
from bitpath_cli.model.recommendation import TermName
from bitpath_cli.model.units import BYTE, ONE, SECOND, Unit, human, significant
from bitpath_cli.strategies import ConstraintName

STRATEGY_WORDS: Final[Mapping[StrategyName, str]] = {
    "today": "today's host",
    "edge": "edge",
    "cloud_native": "cloud-native",
    "hybrid": "hybrid",
    "distributed": "distributed",
}
TERM_WORDS: Final[Mapping[TermName, str]] = {
    "compute": "time",
    "storage": "storage",
    "bandwidth": "bandwidth",
    "hardware": "hardware cost",
    "energy": "energy",
}
RESOURCE_WORDS: Final[Mapping[str, str]] = {
    "compute": "compute rate",
    "memory_bandwidth": "memory bandwidth",
    "network_bandwidth": "network bandwidth",
    "network_latency": "network latency (a shorter round trip)",
    "storage_bandwidth": "storage bandwidth",
    "fixed_times": "fixed overheads (start-up, launch, preparation)",
    "rent": "the price of rented machines",
    "purchase": "the price of bought machines",
    "request_rate": "the request rate",
    "batch": "the batch size",
}
_TENURE_WORDS: Final = {
    "owned": "yours",
    "bought": "to buy",
    "on_demand": "rented on demand",
    "spot": "rented spot",
}


def label(groups: tuple[NodeGroup, ...], precision: str, synchronisation: str) -> str:
    """A configuration's name in tables: what runs where, in which precision."""
    parts = [_nodes(each) for each in groups]
    extras = [precision] + ([] if synchronisation == "none" else [synchronisation])
    return f"{' + '.join(parts)}, {', '.join(extras)}"


def _nodes(group: NodeGroup) -> str:
    count = "" if group.count == 1 else f"{significant(group.count)} × "
    return f"{count}{group.device} ({_TENURE_WORDS[group.tenure]})"


def violation(
    name: ConstraintName, predicted: float, limit: float, unit: Unit, reason: str, *, binds: bool
) -> str:
    """Why a configuration is out, or what it would miss where the limit only warns.

    `reason` is the rule behind a residency, or what alone takes so long for a latency.
    """
    found, allowed = human(predicted, unit), human(limit, unit)
    sentences: dict[ConstraintName, str] = {
        "memory": f"it needs {found} of memory a device where {allowed} can be planned with",
        "deadline": f"it would take {found}, past the deadline of {allowed}",
        "budget": f"it would cost {found} against a budget of {allowed}",
        "residency": f"the data may not go there: {reason}",
        "latency": f"{reason or f'its latency would be {found}'} where {allowed} is allowed",
        "utilisation": f"requests arrive faster than it answers (utilisation {found})",
        "uplink": f"the requests need {significant(100 * predicted)} % of the uplink",
        "availability": (
            f"it would be down {significant(100 * predicted)} % of the time, "
            f"where {significant(100 * limit)} % is allowed"
        ),
    }
    return sentences[name] if binds else f"{sentences[name]} (an example limit: it only warns)"


def elasticity(resource: str, value: float, target: str) -> str:
    """ "+10 % network bandwidth → −6 % time", from the elasticity."""
    change = 100 * (1.1**value - 1)
    sign = "−" if change < 0 else "+"
    words = RESOURCE_WORDS.get(resource, resource)
    return f"+10 % {words} → {sign}{significant(abs(change), 2)} % {target}"


def bottleneck(resource: str, value: float, target: str, runner_up: str | None) -> str:
    """The sentence that names what to improve first."""
    words = RESOURCE_WORDS.get(resource, resource)
    if runner_up is not None:
        other = RESOURCE_WORDS.get(runner_up, runner_up)
        return f"balanced between {words} and {other}: {elasticity(resource, value, target)}"
    return f"{words}: {elasticity(resource, value, target)}"


def break_even(lever: str, winner: StrategyName, other: StrategyName, factor: float) -> str:
    """Where another strategy would win, all else equal."""
    direction = "above" if factor > 1 else "below"
    return (
        f"{STRATEGY_WORDS[winner]} until {RESOURCE_WORDS.get(lever, lever)} is {direction} "
        f"{significant(factor)} × what it is now, then {STRATEGY_WORDS[other]}"
    )


def margin(winner_score: float, other_score: float) -> str:
    """How much worse a loser is in L."""
    ratio = other_score / winner_score
    if ratio >= 2:
        return f"{significant(ratio)} × the winner's L"
    return f"{significant(100 * (ratio - 1), 2)} % more L than the winner"


def worst_terms(ratios: Mapping[TermName, float], rivals: Mapping[TermName, float]) -> str:
    """The term in which a loser falls behind the winner the most."""
    gaps = {name: ratios[name] - rivals[name] for name in ratios}
    name = max(gaps, key=lambda each: gaps[each])
    if gaps[name] <= 0:
        return ""
    mine, theirs = ratios[name], rivals[name]
    return (
        f"mostly {TERM_WORDS[name]}: {significant(mine)} against {significant(theirs)} of today's"
    )


def bound_unit(name: ConstraintName, currency: str) -> Unit:
    """The unit in which a constraint is said."""
    if name == "memory":
        return BYTE
    if name in ("deadline", "latency"):
        return SECOND
    return Unit(currency) if name == "budget" else ONE
