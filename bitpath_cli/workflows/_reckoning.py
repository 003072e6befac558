"""How the winner's figures came about: the formulas, and every input with its origin."""

from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.recommendation import Formula, Input
from bitpath_cli.strategies import JobPlans, evaluate, select
from bitpath_cli.workflows._candidates import candidate
from bitpath_cli.workflows._judgement import Judgement
from bitpath_cli.workflows._part_formulas import JOB_TERMS, SERVICE_TERMS, parts
from bitpath_cli.workflows._step_formulas import communication

_JOB: Final = {
    "step_time": "forward + backward with its all-reduce + optimiser + stall; forward = "
    "FLOP/(rate·η) + bytes/memory rate + overhead, backward 1 + trained share times that",
    "stall_time": "max(0, batch·sample bytes/storage rate − step); after the first epoch without "
    "what stays in memory",
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
    "first_token": "preparation + wait + the running step + tokens in·FLOP/(rate·η)",
    "token_time": "step/(1 − share of the time that takes in prompts), step = max((weights + "
    "batch·context)/memory rate, batch·FLOP/rate) + overhead, of a batch that few steps exceed",
    "together": "requests in work: rate·time, by Little's law",
    "cold_share": "exp(−requests a second·time that an idle machine is kept)",
    "month_price": "nodes·price a second·month, summed over the hours of the day; by the request "
    "busy seconds·price; storage and egress",
    "fixed_fleet_price": "the same with the busiest hour's nodes all day",
    "price_per_1000_requests": "1000·month price/requests",
}
_LATENCY: Final = "the percentile of the response time in the busiest hour"


def formulas(judged: Judgement, row: int) -> tuple[Formula, ...]:
    """Each term and each predicted figure of a row, with the formula behind it."""
    found = candidate(judged, row, 0.0)
    texts, told = _SERVICE, SERVICE_TERMS
    if isinstance(judged.plans, JobPlans):
        told = JOB_TERMS
        texts = {**_JOB, "communication_time": communication(judged.question, judged.plans, row)}
    terms = tuple(
        Formula(name=name, formula=text, value=getattr(found.terms, name).reading)
        for name, text in told.items()
    )
    figures = tuple(
        Formula(name=name, formula=texts.get(name, _LATENCY), value=value)
        for name, value in found.predicted.items()
    )
    return (*terms, *figures, *parts(judged, row))


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
