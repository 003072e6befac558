"""How many nodes a service is planned with: 0.7 of their time in use, in the worst hour or each.

Batches are planned where one node that answers one by one would be too busy.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.workload import Precision, Serving
from bitpath_cli.prediction.latency import PLANNED_UTILISATION
from bitpath_cli.strategies import PRECISIONS, TENURES, Question
from bitpath_cli.strategies._answering import Nodes, answering
from bitpath_cli.strategies._columns import Nodes as Having
from bitpath_cli.strategies._columns import machines_at, precisions
from bitpath_cli.strategies._world import build

BATCHES: Final = (1, 8, 32)
_SPARES: Final = (0, 1, 2)
_MORE: Final = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Choice:
    """A machine and a precision with the most requests it computes together.

    `seconds` is what a request takes of a node whose batches are full.
    """

    machine: int
    precision: Precision
    batch: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """Rented nodes, and how many of them in each hour where they follow the load."""

    nodes: Having
    hours: tuple[float, ...] = ()


def choices(question: Question, at_cloud: bool) -> tuple[Choice, ...]:
    """Every machine of the edge or of the cloud, in every precision and batch, priced in one go."""
    serving = question.workload.serving
    if serving is None:
        return ()
    batches = BATCHES if serving.generation is None else BATCHES[:1]
    keys = [
        (index, precision, batch)
        for index, _ in machines_at(question, "cloud" if at_cloud else "edge")
        for precision in precisions(question, index)
        for batch in batches
    ]
    if not keys:
        return ()
    seconds = _seconds(question, serving, keys)
    return tuple(Choice(*key, each) for key, each in zip(keys, seconds, strict=True))


def at_a_place(question: Question) -> Iterator[Choice]:
    """For the nodes at each place: one by one, and batches where that would keep one too busy."""
    serving = question.workload.serving
    if serving is not None:
        yield from _worthwhile(choices(question, at_cloud=False), _busiest(serving, 1.0))


def at_the_centre(question: Question, share: float) -> Iterator[Choice]:
    """The same for the centre, which answers so large a share of all places' requests."""
    serving = question.workload.serving
    if serving is not None:
        rate = _busiest(serving, share * serving.places.value)
        yield from _worthwhile(choices(question, at_cloud=True), rate)


def fleets(question: Question, choice: Choice, share: float) -> Iterator[Fleet]:
    """Held at what the busiest hour needs or more, following the load, or rented by the request."""
    serving = question.workload.serving
    prices = question.machines[choice.machine].prices
    if serving is None:
        return
    mean = serving.request_rate.value * serving.places.value * share
    factors = serving.load_curve or (1.0,)
    needed = [max(1, _needed(mean * each, choice.seconds)) for each in factors]
    more = _MORE if serving.generation is not None else _MORE[:1]
    if "on_demand" in prices:
        for times, spare in itertools.product(more, _SPARES):
            hours = tuple(float(times * each + spare) for each in needed)
            most = Having(choice.machine, max(hours), "on_demand")
            yield Fleet(most)
            if min(hours) < max(hours):
                yield Fleet(most, hours)
    if "per_request" in prices and choice.batch == 1:
        yield Fleet(Having(choice.machine, 1, "per_request"))


def _worthwhile(found: tuple[Choice, ...], rate: float) -> Iterator[Choice]:
    alone = {(each.machine, each.precision): each for each in found if each.batch == 1}
    for each in found:
        busy = rate * alone[each.machine, each.precision].seconds
        if each.batch == 1 or busy > PLANNED_UTILISATION:
            yield each


def _busiest(serving: Serving, times: float) -> float:
    return serving.request_rate.value * times * max(serving.load_curve, default=1.0)


def _needed(rate: float, seconds: float) -> int:
    return math.ceil(rate * seconds / PLANNED_UTILISATION - 1e-9)


def _seconds(
    question: Question, serving: Serving, keys: list[tuple[int, Precision, int]]
) -> list[float]:
    """What a request takes of a full node; it does not depend on how many requests there are."""
    one = torch.ones((len(keys), 1), dtype=torch.float64)
    rare = 1e-9 * one
    nodes = Nodes(
        machine=torch.tensor([index for index, _, _ in keys]),
        tenure=torch.full((len(keys),), TENURES.index("on_demand")),
        precision=torch.tensor([PRECISIONS.index(precision) for _, precision, _ in keys]),
        part=one,
        batch=torch.tensor([batch for _, _, batch in keys], dtype=torch.float64),
        servers=one, peak=rare, mean=rare, kept=one,
    )  # fmt: skip
    found = answering(build(question, Draws(1)), serving, nodes).occupancy
    return [float(each) for each in found[:, 0]]
