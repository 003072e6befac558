"""What a judgement hangs on: bottleneck, break-even points, and remedies with their ΔL."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.sensitivity import Levers, elasticities, flip, is_balanced, ranked
from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.reading import Method, Origin, Quantity, Reading, absent, assumed
from bitpath_cli.model.recommendation import Bottleneck, BreakEven, Remedy, Sensitivity
from bitpath_cli.model.units import ONE, Unit
from bitpath_cli.strategies import RATE_LEVERS, Outcome, evaluate, select
from bitpath_cli.workflows import _wording
from bitpath_cli.workflows._judgement import Judgement, scored
from bitpath_cli.workflows._next_money import SHARES

_FLIPPING: Final = ("network_bandwidth", "network_latency", "compute", "rent", "purchase")


def target_word(judged: Judgement) -> str:
    """What the elasticities are of."""
    serving = judged.question.workload.serving
    return "time" if serving is None else f"p{100 * serving.percentile:g} latency"


def sensitivities(judged: Judgement, row: int) -> tuple[Sensitivity, ...]:
    """Elasticities of the winner's time or latency percentile over all rates."""
    found = elasticities_of(judged, row)
    word = target_word(judged)
    return tuple(
        Sensitivity(
            resource=name, target=word, elasticity=value,
            sentence=_wording.elasticity(name, value, word),
        )
        for name, value in sorted(found.items(), key=lambda each: each[1])
    )  # fmt: skip


def bottleneck(judged: Judgement, row: int) -> Bottleneck | None:
    """The rate with the most negative elasticity, and its runner-up."""
    ordered = ranked(elasticities_of(judged, row))
    if not ordered:
        return None
    balanced = is_balanced(ordered)
    name, value = ordered[0]
    second = ordered[1][0] if len(ordered) > 1 else None
    sentence = _wording.bottleneck(name, value, target_word(judged), second if balanced else None)
    return Bottleneck(
        resource=name, elasticity=value, sentence=sentence, runner_up=second, balanced=balanced
    )


def break_even_points(judged: Judgement) -> tuple[BreakEven, ...]:
    """Where another strategy would overtake the winner if one thing changed and all else stayed."""
    rivals = judged.rivals()
    if judged.winner is None or len(rivals) < 2:
        return ()
    rows = torch.tensor([judged.best[name] for name in rivals])
    winner = rivals.index(judged.names[judged.winner])
    is_job = judged.question.workload.task == "training"
    found = []
    for lever in (*_FLIPPING, *(("batch", "duty") if is_job else ("request_rate",))):
        crossing = flip(partial(_scores_along, judged, rows, lever), winner)
        if crossing is not None:
            other = rivals[crossing.other]
            found.append(_break_even(judged, lever, rivals[winner], other, crossing.factor))
    return tuple(sorted(found, key=lambda each: abs(math.log(each.at.value / each.now.value))))


def remedies(judged: Judgement, row: int) -> tuple[Remedy, ...]:
    """What twice of each resource takes off the winner's L, and its price; what helps alone."""
    rows = torch.tensor([row])
    now = float(judged.scores[row])
    price = float(judged.nominal.total().hardware[row, 0])
    found = []
    for lever in RATE_LEVERS:
        two = torch.tensor([2.0], dtype=torch.float64)
        change = float(_scores(judged, rows, {lever: two})[0, 0]) - now
        if change < -1e-3 * now:
            cost = _cost(judged, lever, price)
            found.append(
                Remedy(
                    name=f"double the {lever.replace('_', ' ')}",
                    change_in_score=change,
                    cost=cost,
                    sentence=_wording.remedy(lever, now, now + change, cost),
                )
            )
    return tuple(sorted(found, key=lambda each: each.change_in_score))


def _cost(judged: Judgement, lever: str, price: float) -> Reading:
    """What twice of it adds to the nodes' price, by its guessed share of that."""
    share = SHARES.get(lever)
    if share is None or price <= 0:
        return absent(f"no price is known for {_wording.RESOURCE_WORDS[lever]}")
    unit = Unit(judged.question.site.currency)
    return assumed(share.value * price, unit, share.origin.source, 3)


def elasticities_of(judged: Judgement, row: int) -> dict[str, float]:
    """Of a row's time or latency percentile over all rates."""
    plans = select(judged.plans, torch.tensor([row]))

    def target(levers: Levers) -> Tensor:
        return evaluate(judged.question, plans, Draws(1), levers).elapsed[0, 0]

    return elasticities(target, RATE_LEVERS)


def _scores_along(judged: Judgement, rows: Tensor, lever: str, factors: Tensor) -> Tensor:
    return _scores(judged, rows, {lever: factors})


def _scores(judged: Judgement, rows: Tensor, levers: Mapping[str, Tensor]) -> Tensor:
    """L of some configurations [rows, factors], infinite where infeasible; references stay."""
    outcome: Outcome = evaluate(judged.question, select(judged.plans, rows), Draws(1), levers)
    scores = scored(judged, outcome)
    return torch.where(outcome.feasible(), scores, torch.full_like(scores, torch.inf))


def _break_even(
    judged: Judgement, lever: str, winner: StrategyName, other: StrategyName, factor: float
) -> BreakEven:
    origin = Origin(method=Method.DERIVED, source="root of the difference of L")
    now = _now(judged, lever)
    change = 1 / factor if _wording.is_divided(lever) else factor
    at = Quantity(value=now.value * change, unit=now.unit, origin=origin)
    here = Quantity(value=now.value, unit=now.unit, origin=origin)
    return BreakEven(
        quantity=lever, at=at, now=here, other=other,
        sentence=_wording.break_even(lever, winner, other, here, at),
    )  # fmt: skip


def _now(judged: Judgement, lever: str) -> Quantity:
    """The quantity that a lever moves where it is a single one, else the multiple 1."""
    workload, uplink = judged.question.workload, judged.question.site.uplink
    single: dict[str, Quantity] = {}
    if workload.serving is not None:
        single = {
            "request_rate": workload.serving.request_rate,
            "network_bandwidth": uplink.up,
            "network_latency": uplink.round_trip,
        }
    if workload.training is not None:
        single = {"batch": workload.training.global_batch, "duty": judged.question.site.duty}
    one = Quantity(value=1.0, unit=ONE, origin=Origin(method=Method.DERIVED, source="as it is"))
    return single.get(lever, one)
