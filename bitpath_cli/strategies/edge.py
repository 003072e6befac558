"""Edge: one machine where the data is born, today's host or a bought one."""

from bitpath_cli.model.workload import Precision
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
from bitpath_cli.strategies._fleet import tenure_here
from bitpath_cli.strategies._sizing import at_a_place
from bitpath_cli.strategies._together import sharded


def plan_job(question: Question) -> JobPlans:
    """Every edge machine in every precision that it has; sharded over its devices if it must be."""
    choices = _choices(question)
    rows = [JobRow(nodes, precision) for nodes, precision in choices]
    for nodes, precision in choices:
        rows += sharded(question, nodes, None, precision)
    return job_plans(rows)


def plan_service(question: Question) -> ServicePlans:
    """One node at every place, one request after the other or in batches."""
    return service_plans(
        [
            ServiceRow(
                each.precision,
                nodes=Nodes(
                    each.machine, 1, tenure_here(each.machine, question.machines[each.machine])
                ),
                batch=each.batch,
            )
            for each in at_a_place(question)
        ]
    )


def _choices(question: Question) -> list[tuple[Nodes, Precision]]:
    found: list[tuple[Nodes, Precision]] = []
    for index, machine in machines_at(question, "edge"):
        nodes = Nodes(index, 1, tenure_here(index, machine))
        found += [(nodes, each) for each in precisions(question, index)]
    return found


STRATEGY = Strategy("edge", "compute where the data is born", plan_job, plan_service)
