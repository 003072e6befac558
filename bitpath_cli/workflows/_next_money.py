"""Where the next unit of money should go: the optimiser over the recommended nodes' resources.

What a faster resource costs nobody publishes, and without a price the best would be infinite. So
each resource is given an assumed share of what a node costs and draws, by which both grow with it;
beside it stands the share up to which more of the resource pays, which rests on no such guess.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.objective import objective, ratios
from bitpath_cli.cost.optimise import Rule, Target, decayed, descend
from bitpath_cli.cost.sensitivity import elasticities
from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.reading import Quantity, assumed
from bitpath_cli.model.recommendation import NextMoney, Purchasable
from bitpath_cli.model.units import ONE, significant
from bitpath_cli.strategies import evaluate, select
from bitpath_cli.workflows import _wording
from bitpath_cli.workflows._judgement import Judgement

_GUESS: Final = "unsourced estimate of its part in what a node costs and draws"
SHARES: Final[Mapping[str, Quantity]] = {
    name: assumed(share, ONE, _GUESS, 3)
    for name, share in (
        ("compute", 0.5),
        ("memory_bandwidth", 0.2),
        ("network_bandwidth", 0.1),
        ("network_latency", 0.05),
        ("device_link", 0.05),
        ("storage_bandwidth", 0.1),
    )
}
"""Parts of a node's price that sum to 1; fixed times are not for sale."""

ASSUMPTION: Final = (
    "price and power of a node grow with each resource by its share ("
    + ", ".join(
        f"{name.replace('_', ' ')} {significant(each.value)}" for name, each in SHARES.items()
    )
    + "; unsourced estimates, × ÷ 3); how many nodes there are stays"
)
_MOST: Final = 16.0
_STARTS: Final = (1.0, 2.0, 8.0)
_RULES: Final[tuple[Rule, ...]] = ("adam", "sgd")
_STEPS: Final = 80
_PRICE: Final = "price"
_NOTICED: Final = 1e-3
_BOUGHT: Final = 1.05
_MORE: Final = 1.1


@dataclass(frozen=True, slots=True)
class _Found:
    """What the better of the rules came to: θ over the resources, and both rules' lowest values."""

    theta: Tensor
    rule: Rule
    values: tuple[float, float]


def next_money(judged: Judgement) -> NextMoney | None:
    """For the winner; None where nothing is feasible."""
    if judged.winner is None:
        return None
    names = tuple(SHARES)
    scores = scores_of(judged, judged.winner)
    slopes = elasticities(lambda levers: scores(levers).squeeze(), (*names, _PRICE))
    gains = {name: -slopes[name] for name in names}
    found = _descend(multiples(scores, names), judged.wishes.decay, len(names))
    now = float(scores({})[0])
    best = float(multiples(scores, names)(found.theta.unsqueeze(0))[0]) * now
    first = _probabilities_first(gains)
    resources = tuple(
        _purchasable(name, gains[name], slopes[_PRICE], first[name], math.exp(float(theta)))
        for name, theta in zip(names, found.theta, strict=True)
        if gains[name] > _NOTICED
    )
    resources = tuple(sorted(resources, key=lambda each: -each.elasticity / each.price_share.value))
    return NextMoney(
        decay=judged.wishes.decay, rule=found.rule, score_now=now, score=best,
        disagreement=found.values[1] / found.values[0] - 1, resources=resources,
        mix=_mix(resources), assumption=ASSUMPTION, sentence=_sentence(resources),
    )  # fmt: skip


def scores_of(judged: Judgement, row: int) -> Callable[[Mapping[str, Tensor]], Tensor]:
    """L of a row [factors] under levers, of which `price` moves rent, purchase and power."""
    plans, draws = select(judged.plans, torch.tensor([row])), Draws(1)
    lambdas = dict(judged.wishes.lambdas)

    def scores(levers: Mapping[str, Tensor]) -> Tensor:
        moved = {name: factor for name, factor in levers.items() if name != _PRICE}
        factor = levers.get(_PRICE, torch.ones((), dtype=torch.float64))
        moved |= dict.fromkeys(("rent", "purchase", "power"), factor)
        outcome = evaluate(judged.question, plans, draws, moved)
        terms = outcome.total()
        if judged.wishes.is_sunk:
            # What is paid for stays so, but what is added to it has to be paid.
            whole = evaluate(judged.amortised, plans, Draws(1), moved).total().hardware
            added = (whole - terms.hardware) * (factor - 1) / factor
            terms = replace(terms, hardware=terms.hardware + added)
        found = objective(ratios(terms, judged.reference), lambdas)
        return torch.where(outcome.feasible(), found, torch.full_like(found, torch.inf))[0]

    return scores


def multiples(scores: Callable[[Mapping[str, Tensor]], Tensor], names: tuple[str, ...]) -> Target:
    """L of points θ as multiples of L now, so that the decay means the same for all workloads."""
    shares = torch.tensor([SHARES[name].value for name in names], dtype=torch.float64)
    now = float(scores({})[0])

    def target(theta: Tensor) -> Tensor:
        factors = torch.exp(theta)
        levers = dict(zip(names, factors.unbind(dim=1), strict=True))
        return scores({**levers, _PRICE: 1 + (factors - 1) @ shares}) / now

    return target


def _descend(target: Target, decay: float, resources: int) -> _Found:
    """Both rules from several starts, between what there is and sixteen times as much."""
    starts = torch.log(torch.tensor(_STARTS, dtype=torch.float64)).unsqueeze(1)
    starts = starts.expand(-1, resources)
    usable = starts[torch.isfinite(target(starts))]
    bounds = (0.0, math.log(_MOST))
    ends = {rule: descend(target, usable, decay, rule, bounds, _STEPS) for rule in _RULES}
    ordered = sorted(_RULES, key=lambda rule: float(ends[rule].value.min()))
    theta = ends[ordered[0]].best
    lowest = [float(decayed(target, ends[rule].best.unsqueeze(0), decay)) for rule in ordered]
    return _Found(theta, ordered[0], (lowest[0], lowest[1]))


def _probabilities_first(gains: Mapping[str, float]) -> dict[str, float]:
    """How often each brings most for its price, over draws of the guessed shares."""
    draws = Draws(1000)
    worth = torch.stack(
        [gain / draws.of(f"price_share.{name}", SHARES[name]) for name, gain in gains.items()]
    )
    first = torch.nn.functional.one_hot(worth.argmax(dim=0), len(gains)).double().mean(dim=0)
    return dict(zip(gains, first.tolist(), strict=True))


def _purchasable(
    name: str, gain: float, price_slope: float, first: float, factor: float
) -> Purchasable:
    pays_below = gain / price_slope if price_slope > _NOTICED else None
    share = SHARES[name]
    return Purchasable(
        resource=name, elasticity=gain, pays_below=pays_below, price_share=share,
        probability_first=first, factor=factor,
        sentence=_wording.purchasable(name, gain, pays_below, share.value, _MORE),
    )  # fmt: skip


def _mix(resources: tuple[Purchasable, ...]) -> str:
    """What the optimiser would have more of."""
    bought = [each for each in resources if each.factor > _BOUGHT]
    told = [_wording.multiple(each.resource, each.factor) for each in bought]
    return ", ".join(told) or "as it is"


def _sentence(resources: tuple[Purchasable, ...]) -> str:
    """What to buy first, of that which the optimiser would have more of."""
    bought = (each.sentence for each in resources if each.factor > _BOUGHT)
    return next(bought, "more of no resource pays at the assumed prices")
