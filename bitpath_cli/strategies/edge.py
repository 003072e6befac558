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


def plan_job(question: Question) -> JobPlans:
    """Every edge machine in every precision that it has."""
    return job_plans([JobRow(nodes, precision) for nodes, precision in _choices(question)])


def plan_service(question: Question) -> ServicePlans:
    """One node at every place."""
    return service_plans(
        [ServiceRow(precision, nodes=nodes) for nodes, precision in _choices(question)]
    )


def _choices(question: Question) -> list[tuple[Nodes, Precision]]:
    found: list[tuple[Nodes, Precision]] = []
    for index, _ in machines_at(question, "edge"):
        nodes = Nodes(index, 1, "owned" if index == 0 else "bought")
        found += [(nodes, each) for each in precisions(question, index)]
    return found


STRATEGY = Strategy("edge", "compute where the data is born", plan_job, plan_service)
