"""What a recommendation says in sentences: every one carries its own numbers."""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.model.configuration import PREPARES, NodeGroup, StrategyName
from bitpath_cli.model.reading import Quantity, Reading
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
    "network_latency": "round-trip time",
    "device_link": "the link between a node's devices",
    "storage_bandwidth": "storage bandwidth",
    "fixed_times": "fixed time (start-up, launch, preparation)",
    "rent": "the price of rented machines",
    "purchase": "the price of bought machines",
    "duty": "the share of its life in which a machine of your own has work",
    "request_rate": "the request rate",
    "batch": "the batch size",
}
_SHORTER: Final = frozenset({"network_latency", "fixed_times"})
"""Levers that divide a time: more of them is less of it."""

_TENURE_WORDS: Final = {
    "owned": "yours",
    "bought": "to buy",
    "on_demand": "rented on demand",
    "spot": "rented spot",
    "per_request": "rented by the request",
}


def label(groups: tuple[NodeGroup, ...], precision: str, synchronisation: str) -> str:
    """A configuration's name in tables: what runs where, in which precision."""
    parts = [_nodes(each) for each in groups]
    extras = [precision] + ([] if synchronisation == "none" else [synchronisation])
    return f"{' + '.join(parts)}, {', '.join(extras)}"


def _nodes(group: NodeGroup) -> str:
    count = "" if group.count == 1 else f"{significant(group.count)} × "
    if group.least is not None and group.most is not None:
        count = f"{significant(group.least)} to {significant(group.most)} × "
    prepares = f", {group.role}" if group.role == PREPARES else ""
    return f"{count}{group.device} ({_TENURE_WORDS[group.tenure]}{prepares})"


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
        "first_token": f"the first token would take {found} where {allowed} is allowed",
        "token": f"{reason or f'each token takes {found}'} where {allowed} is allowed",
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
    more = "÷ 1.1" if resource in _SHORTER else "+10 %"
    return f"{more} {words} → {sign}{significant(abs(change), 2)} % {target}"


def bottleneck(resource: str, value: float, target: str, runner_up: str | None) -> str:
    """The sentence that names what to improve first."""
    words = RESOURCE_WORDS.get(resource, resource)
    if runner_up is not None:
        other = RESOURCE_WORDS.get(runner_up, runner_up)
        return f"balanced between {words} and {other}: {elasticity(resource, value, target)}"
    return f"{words}: {elasticity(resource, value, target)}"


def break_even(
    lever: str, winner: StrategyName, other: StrategyName, now: Quantity, at: Quantity
) -> str:
    """Where another strategy would win, all else equal; multiples where the unit is 1."""
    words = RESOURCE_WORDS.get(lever, lever)
    direction = "above" if at.value > now.value else "below"
    there = (
        f"{significant(at.value)} × what it is now"
        if now.unit == ONE and now.value == 1
        else f"{human(at.value, at.unit)} (now {human(now.value, now.unit)})"
    )
    return (
        f"{STRATEGY_WORDS[winner]} until {words} is {direction} {there}, "
        f"then {STRATEGY_WORDS[other]}"
    )


def is_divided(lever: str) -> bool:
    """Whether the lever divides a time, so that its factor is the inverse of what a person sees."""
    return lever in _SHORTER


def remedy(lever: str, before: float, after: float, cost: Reading) -> str:
    """Twice of a resource, what L becomes, and what it may cost."""
    words = RESOURCE_WORDS.get(lever, lever)
    twice = f"half the {words}" if is_divided(lever) else f"twice the {words}"
    told = f"{twice}: L {significant(before)} → {significant(after)}"
    if isinstance(cost, Quantity):
        return f"{told}, for about {human(cost.value, cost.unit)} more (a guess, × ÷ 3)"
    return f"{told}, for a price that is not known"


def purchasable(
    lever: str, elasticity: float, pays_below: float | None, share: float, more: float
) -> str:
    """What somewhat more of a resource brings, and what it may cost at most."""
    words = RESOURCE_WORDS.get(lever, lever)
    gained = significant(100 * (1 - more**-elasticity), 2)
    amount = f"÷ {more}" if is_divided(lever) else f"+{significant(100 * (more - 1), 2)} %"
    told = f"{amount} {words} → −{gained} % L"
    if pays_below is None:
        return f"{told}, whatever it costs: money and energy have no weight"
    limit = significant(100 * (more - 1) * pays_below, 2)
    guess = significant(100 * (more - 1) * share, 2)
    return f"{told}; it pays while it adds less than {limit} % to the nodes (assumed: {guess} %)"


def multiple(lever: str, factor: float) -> str:
    """How much of a resource there should be."""
    words = RESOURCE_WORDS.get(lever, lever)
    return f"{words} {'÷' if is_divided(lever) else '×'} {significant(factor, 2)}"


def at_risk(name: ConstraintName, predicted: float, limit: float, unit: Unit, kept: float) -> str:
    """A constraint that holds for the expected numbers, but not in all draws."""
    return (
        f"{name} is at risk: {human(predicted, unit)} expected against {human(limit, unit)}, "
        f"kept in {significant(100 * kept)} % of the draws"
    )


def headline(predicted: Mapping[str, Reading]) -> str:
    """Time and money said plainly: per job, or per month and per 1000 requests."""
    said = {
        name: human(each.value, each.unit)
        for name, each in predicted.items()
        if isinstance(each, Quantity)
    }
    if "job_time" in said:
        return f"about {said['job_time']} and {said['job_price']} a job"
    latency = next((name for name in said if name.startswith("latency_")), None)
    quick = "" if latency is None else f"{latency.removeprefix('latency_')} {said[latency]}, "
    if "first_token" in said and latency is not None:
        level = latency.removeprefix("latency_")
        quick = f"{level} {said['first_token']} to the first token, {said['token_time']} a token, "
    return (
        f"{quick}{said['month_price']} a month, {said['price_per_1000_requests']} per 1000 requests"
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
    if name in ("deadline", "latency", "first_token", "token"):
        return SECOND
    return Unit(currency) if name == "budget" else ONE
