"""Cloud-native: rented machines, as many as the load needs: on demand, spot, or by the request."""

from typing import Final

from bitpath_cli.model.configuration import Tenure
from bitpath_cli.strategies import JobPlans, Question, ServicePlans, Strategy
from bitpath_cli.strategies._columns import (
    JobRow,
    Nodes,
    ServiceRow,
    job_plans,
    machines_at,
    precisions,
    service_plans,
)
from bitpath_cli.strategies._sizing import at_the_centre, fleets
from bitpath_cli.strategies._together import node_counts, sharded, together

_RENTED: Final[tuple[Tenure, ...]] = ("on_demand", "spot")


def plan_job(question: Question) -> JobPlans:
    """One to `largest_cluster` instances of every offer; several in every way of training."""
    rows: list[JobRow] = []
    for index, machine in machines_at(question, "cloud"):
        for tenure in (each for each in _RENTED if each in machine.prices):
            for precision in precisions(question, index):
                one = Nodes(index, 1, tenure)
                rows += [JobRow(one, precision), *sharded(question, one, None, precision)]
                for count in _powers(node_counts(question, index)[-1])[1:]:
                    nodes = Nodes(index, count, tenure)
                    rows += together(question, nodes, None, precision)
    return job_plans(rows)


def plan_service(question: Question) -> ServicePlans:
    """Nodes that are held, that follow the load of the day, or that are rented by the request.

    Spot is not offered for a service: a preemption would be an outage.
    """
    return service_plans(
        [
            ServiceRow(choice.precision, central=fleet.nodes, hours=fleet.hours, batch=choice.batch)
            for choice in at_the_centre(question, 1.0)
            for fleet in fleets(question, choice, 1.0)
        ]
    )


def _powers(largest: int) -> list[int]:
    return [2**power for power in range(largest.bit_length()) if 2**power <= largest]


STRATEGY = Strategy("cloud_native", "rent what the load needs", plan_job, plan_service)
