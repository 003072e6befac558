"""Distributed: one job or service over several machines of the place where the data is born."""

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
    synchronised,
)

_DEFAULT_INTERVAL: Final = 8


def plan_job(question: Question) -> JobPlans:
    """Copies of today's host, or several bought machines: DDP, or local SGD every H steps."""
    training = question.workload.training
    if training is None:
        return job_plans([])
    intervals = training.local_steps or (_DEFAULT_INTERVAL,)
    rows: list[JobRow] = []
    for index, _ in machines_at(question, "edge"):
        for count in range(2, question.largest_cluster + 1):
            if index == 0:
                nodes, others = Nodes(0, 1, "owned"), Nodes(0, count - 1, "bought")
            else:
                nodes, others = Nodes(index, count, "bought"), None
            for precision in precisions(question, index):
                rows += synchronised(nodes, others, precision, intervals)
    return job_plans(rows)


def plan_service(question: Question) -> ServicePlans:
    """Two or more nodes behind one queue at every place."""
    rows = []
    for index, _ in machines_at(question, "edge"):
        tenure: Tenure = "owned" if index == 0 else "bought"
        for count in range(2, question.largest_cluster + 1):
            rows += [
                ServiceRow(each, nodes=Nodes(index, count, tenure))
                for each in precisions(question, index)
            ]
    return service_plans(rows)


STRATEGY = Strategy("distributed", "one workload over many nodes", plan_job, plan_service)
