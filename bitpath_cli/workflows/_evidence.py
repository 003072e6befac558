"""On what a row's time rests: measured, extrapolated from it, a datasheet's, or guessed.

Only what decides the time counts: resources of which a tenth more would be felt. The weakest of
them is the tier of the whole, however well the others are known.
"""

import math
from collections.abc import Iterator
from typing import Final, get_args

import torch

from bitpath_cli.cost.uncertainty import Draws, sigma
from bitpath_cli.model.reading import Method, Quantity
from bitpath_cli.model.recommendation import Evidence, Support, Tier
from bitpath_cli.model.units import BYTE, human, significant
from bitpath_cli.prediction.communication import bucket_sizes
from bitpath_cli.prediction.compute import equivalent_size
from bitpath_cli.prediction.memory import GRADIENT_BYTES
from bitpath_cli.strategies import PRECISIONS, JobPlans, Machine, evaluate, select
from bitpath_cli.workflows import _wording
from bitpath_cli.workflows._dependence import elasticities_of
from bitpath_cli.workflows._judgement import Judgement

_FELT: Final = 0.05
_GUESS: Final = math.log(2.5)
_ORDER: Final[tuple[Tier, ...]] = get_args(Tier)


def evidence(judged: Judgement, row: int) -> Evidence | None:
    """The tier of every resource that decides the row's time; None where none does."""
    found = {
        name: min(_supports(judged, row, name), key=_rank, default=None)
        for name, value in elasticities_of(judged, row).items()
        if value < -_FELT
    }
    supports = sorted((each for each in found.values() if each is not None), key=_rank)
    return Evidence(tier=supports[0].tier, supports=tuple(supports)) if supports else None


def _rank(support: Support) -> int:
    """The weakest first."""
    return -_ORDER.index(support.tier)


def _supports(judged: Judgement, row: int, resource: str) -> Iterator[Support]:
    """Everything that a resource's part of the time was computed from."""
    plans, draws = select(judged.plans, torch.tensor([row])), Draws(1)
    details = evaluate(judged.question, plans, draws).details
    for which, machine in enumerate(_machines(judged, row)):
        at_once = details.get(f"samples_at_once.{which}")
        samples = 1.0 if at_once is None else float(at_once.mean())
        yield from _of_machine(judged, row, machine, resource, samples)
    if resource.startswith("network_"):
        yield from _of_network(judged, row, resource, draws)


def _of_machine(
    judged: Judgement, row: int, machine: Machine, resource: str, samples: float
) -> Iterator[Support]:
    work = judged.question.workload.work
    if machine.steps is not None and resource in ("compute", "memory_bandwidth"):
        least, most = machine.steps.samples[0], machine.steps.samples[-1]
        outside = not least <= samples <= most
        asked = f"steps measured with {significant(least)} to {significant(most)} samples"
        yield _support(
            resource, "extrapolated" if outside else "measured",
            f"{asked}, asked with {significant(samples)}" if outside else asked,
        )  # fmt: skip
        return
    if resource == "compute":
        rate = machine.rates[PRECISIONS[int(judged.plans.precision[row])]]
        yield _told(resource, rate, f"the rate of {machine.name}")
        share = work.efficiency_accelerator if machine.is_accelerator else work.efficiency_cpu
        yield _told(resource, share, "what such a model reaches of it")
        yield from _beyond_the_curve(judged, machine, samples)
    told = {
        "memory_bandwidth": machine.memory_bandwidth,
        "storage_bandwidth": machine.storage_rate,
        "device_link": machine.link,
    }.get(resource)
    if told is not None:
        words = _wording.RESOURCE_WORDS.get(resource, resource)
        yield _told(resource, told, f"the {words} of {machine.name}")


def _beyond_the_curve(judged: Judgement, machine: Machine, samples: float) -> Iterator[Support]:
    """The efficiency by size goes on flat beyond the sizes of matrices that were measured."""
    if len(machine.curve) < 2:
        return
    work = judged.question.workload.work
    flop = torch.tensor(samples * work.forward.value / machine.devices, dtype=torch.float64)
    edge = float(equivalent_size(flop, torch.tensor(work.operations.value, dtype=torch.float64)))
    least, most = min(each for each, _ in machine.curve), max(each for each, _ in machine.curve)
    if not least <= edge <= most:
        yield _support(
            "compute", "extrapolated",
            f"products of edge {significant(edge, 4)} where {significant(least, 4)} to "
            f"{significant(most, 4)} were measured",
        )  # fmt: skip


def _of_network(judged: Judgement, row: int, resource: str, draws: Draws) -> Iterator[Support]:
    """Every link that was asked for, and for how many nodes and bytes it was measured."""
    what = "latency" if resource == "network_latency" else "bandwidth"
    names = ("latency", "round_trip") if what == "latency" else ("bandwidth", "up", "down")
    places = {each.place for each in _machines(judged, row)}
    owners = ["wire"] if places == {"edge"} else ["cloud"] if places == {"cloud"} else ["uplink"]
    for name, quantity in draws.asked.items():
        owner, _, part = name.partition(".")
        if owner in owners and part in names:
            yield _told(resource, quantity, f"the {what} of the {owner}")
    wire, plans = judged.question.wire, judged.plans
    if owners != ["wire"] or wire.ranks is None or not isinstance(plans, JobPlans):
        return
    nodes = int(plans.count[row] + plans.other_count[row])
    if nodes > 1 and nodes != wire.ranks:
        told = f"measured between {wire.ranks} nodes, asked for {nodes}"
        yield _support(resource, "extrapolated", told)
    size = max(bucket_sizes(GRADIENT_BYTES * judged.question.workload.work.parameters.value))
    if wire.sizes is not None and not wire.sizes[0] <= size <= wire.sizes[1]:
        yield _support(
            resource, "extrapolated",
            f"messages of {human(size, BYTE)} where {human(wire.sizes[0], BYTE)} to "
            f"{human(wire.sizes[1], BYTE)} were measured",
        )  # fmt: skip


def _machines(judged: Judgement, row: int) -> list[Machine]:
    """Those of the groups that the row has, in their order."""
    plans = judged.plans
    second, number = (
        (plans.other_machine, plans.other_count)
        if isinstance(plans, JobPlans)
        else (plans.central_machine, plans.central_count)
    )
    pairs = ((plans.machine, plans.count), (second, number))
    return [
        judged.question.machines[int(machine[row])]
        for machine, count in pairs
        if float(count[row]) > 0
    ]


def _told(resource: str, quantity: Quantity, what: str) -> Support:
    """By where the quantity comes from; what a person states is taken as known."""
    if quantity.origin.method is not Method.ASSUMED:
        return _support(resource, "measured", f"{what} was measured")
    if sigma(quantity) == 0:
        return _support(resource, "measured", f"{what} is stated, without a doubt")
    if sigma(quantity) >= _GUESS:
        return _support(resource, "guess", f"{what} is a guess ({quantity.origin.source})")
    return _support(resource, "datasheet", f"{what} ({quantity.origin.source})")


def _support(resource: str, tier: Tier, sentence: str) -> Support:
    return Support(resource=resource, tier=tier, sentence=sentence)
