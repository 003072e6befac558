"""Distributed: one job or service over several machines of the place where the data is born."""

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
from bitpath_cli.strategies._fleet import mixed_sets, most_together, tenure_here
from bitpath_cli.strategies._sizing import at_a_place
from bitpath_cli.strategies._together import node_counts, together


def plan_job(question: Question) -> JobPlans:
    """A fleet's hosts, copies of today's, or bought machines, in every way of training together."""
    rows: list[JobRow] = []
    for index, _ in machines_at(question, "edge"):
        for count in node_counts(question, index)[1:]:
            nodes, others = _alike(question, index, count)
            for precision in precisions(question, index):
                rows += together(question, nodes, others, precision)
    for nodes, others in mixed_sets(question):
        for precision in precisions(question, nodes.machine, others.machine):
            rows += together(question, nodes, others, precision)
    return job_plans(rows)


def _alike(question: Question, index: int, count: int) -> tuple[Nodes, Nodes | None]:
    """So many of one kind. Today's host is one, and its copies are to be bought."""
    machine = question.machines[index]
    if index > 0 or machine.hosts:
        return Nodes(index, count, tenure_here(index, machine)), None
    return Nodes(0, 1, "owned"), Nodes(0, count - 1, "bought")


def plan_service(question: Question) -> ServicePlans:
    """Two or more nodes behind one queue at every place."""
    rows = []
    for each in at_a_place(question):
        machine = question.machines[each.machine]
        for count in range(2, most_together(question, machine) + 1):
            nodes = Nodes(each.machine, count, tenure_here(each.machine, machine))
            rows.append(ServiceRow(each.precision, nodes=nodes, batch=each.batch))
    return service_plans(rows)


STRATEGY = Strategy("distributed", "one workload over many nodes", plan_job, plan_service)
