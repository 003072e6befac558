"""How the winner's figures came about: the formulas, and every input with its origin."""

from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.recommendation import Formula, Input
from bitpath_cli.strategies import JobPlans, evaluate, select
from bitpath_cli.workflows._candidates import FORMULAS, candidate
from bitpath_cli.workflows._judgement import Judgement

_JOB: Final = {
    "step_time": "forward + backward with its all-reduce + optimiser + stall; "
    "forward = FLOP/(rate·η) + bytes/memory rate + overhead, backward twice that",
    "communication_time": "step − step without synchronising; a ring takes "
    "2(N−1)·latency + 2(N−1)/N·gradient/bandwidth, every H-th step",
    "stall_time": "max(0, batch·sample bytes/storage rate − step)",
    "samples_per_second": "batch/step",
    "ingress_time": "the place's share of the data/uplink + half a round trip",
    "job_time": "ingress + start-up + epochs·samples/batch·step·(what preemptions add)",
    "job_price": "nodes·price a second·job time, a purchase over life·duty; storage and egress",
}
_SERVICE: Final = {
    "service_time": "FLOP/(rate·η) + bytes/memory rate + overhead",
    "upload_time": "request bytes/uplink",
    "response_time": "preparation + wait + service; on the way to the centre also the round trip, "
    "both transfers and the uplink's wait",
    "utilisation": "requests a second·service time/nodes, in the busiest hour",
    "month_price": "nodes·price a second·month, storage and egress",
    "price_per_1000_requests": "1000·month price/requests",
}
_LATENCY: Final = "the percentile of the response time in the busiest hour"


def formulas(judged: Judgement, row: int) -> tuple[Formula, ...]:
    """Each term and each predicted figure of a row, with the formula behind it."""
    found = candidate(judged, row, 0.0)
    texts = _JOB if isinstance(judged.plans, JobPlans) else _SERVICE
    terms = tuple(
        Formula(name=name, formula=text, value=getattr(found.terms, name).reading)
        for name, text in FORMULAS.items()
    )
    figures = tuple(
        Formula(name=name, formula=texts.get(name, _LATENCY), value=value)
        for name, value in found.predicted.items()
    )
    return (*terms, *figures)


def inputs(judged: Judgement, row: int) -> tuple[Input, ...]:
    """What a row and today's host were computed from, leaving out machines that neither uses."""
    draws = Draws(1)
    evaluate(judged.question, select(judged.plans, torch.tensor([row])), draws)
    plans = judged.plans
    second = plans.other_machine if isinstance(plans, JobPlans) else plans.central_machine
    used = {0, int(plans.machine[row]), int(second[row])}
    others = {
        prefix
        for index, each in enumerate(judged.question.machines)
        if index not in used
        for prefix in (each.hardware, each.name)
    } - {
        prefix
        for index in used
        for prefix in (
            judged.question.machines[index].hardware,
            judged.question.machines[index].name,
        )
    }
    return tuple(
        Input(name=name, reading=quantity)
        for name, quantity in sorted(draws.asked.items())
        if not any(name.startswith(f"{prefix}.") for prefix in others)
    )
