"""Cloud-native: rented machines, as many as the load needs, on demand or spot."""

from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.configuration import Tenure
from bitpath_cli.prediction.latency import servers_needed
from bitpath_cli.strategies import (
    PRECISIONS,
    JobPlans,
    Question,
    ServicePlans,
    Strategy,
)
from bitpath_cli.strategies._columns import (
    JobRow,
    Nodes,
    ServiceRow,
    job_plans,
    machines_at,
    precisions,
    service_plans,
)
from bitpath_cli.strategies._world import build

_RENTED: Final[tuple[Tenure, ...]] = ("on_demand", "spot")
_SPARE_REPLICAS: Final = (0, 1, 2)


def plan_job(question: Question) -> JobPlans:
    """One to `largest_cluster` instances of every offer; several reduce their gradients."""
    rows = []
    for index, machine in machines_at(question, "cloud"):
        for tenure in (each for each in _RENTED if each in machine.prices):
            for precision in precisions(question, index):
                rows += [
                    JobRow(
                        Nodes(index, count, tenure),
                        precision,
                        "none" if count == 1 else "all-reduce",
                    )
                    for count in _powers(question.largest_cluster)
                ]
    return job_plans(rows)


def plan_service(question: Question) -> ServicePlans:
    """As many replicas as keep utilisation at 0.7 in the busiest hour, and up to two more.

    Spot is not offered for a service: a preemption would be an outage.
    """
    serving = question.workload.serving
    rows: list[ServiceRow] = []
    if serving is None:
        return service_plans(rows)
    world = build(question, Draws(1))
    rate = serving.request_rate.value * serving.places.value * max(serving.load_curve, default=1.0)
    for index, machine in machines_at(question, "cloud"):
        if "on_demand" not in machine.prices:
            continue
        for precision in precisions(question, index):
            one = torch.ones((1, 1), dtype=torch.float64)
            place = torch.tensor([index])
            service = world.forward(place, torch.tensor([PRECISIONS.index(precision)]), one)
            needed = int(servers_needed(torch.tensor(rate), service))
            rows += [
                ServiceRow(precision, central=Nodes(index, needed + spare, "on_demand"))
                for spare in _SPARE_REPLICAS
            ]
    return service_plans(rows)


def _powers(largest: int) -> list[int]:
    return [2**power for power in range(largest.bit_length()) if 2**power <= largest]


STRATEGY = Strategy("cloud_native", "rent what the load needs", plan_job, plan_service)
