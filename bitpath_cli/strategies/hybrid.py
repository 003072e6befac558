"""Hybrid: edge and cloud share the work; services by a cascade, jobs by averaging over the WAN."""

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

_COUNTS: Final = (1, 2, 4)
_DEFAULT_INTERVAL: Final = 16


def plan_job(question: Question) -> JobPlans:
    """Today's host and rented ones: gradients every step, or models averaged every H steps."""
    training = question.workload.training
    if training is None:
        return job_plans([])
    intervals = training.local_steps or (_DEFAULT_INTERVAL,)
    rows: list[JobRow] = []
    for index, machine in machines_at(question, "cloud"):
        tenures: list[Tenure] = [each for each in ("on_demand", "spot") if each in machine.prices]
        for tenure in tenures:
            for precision in precisions(question, 0, index):
                for count in _COUNTS:
                    near, far = Nodes(0, 1, "owned"), Nodes(index, count, tenure)
                    rows += synchronised(near, far, precision, intervals)
    return job_plans(rows)


def plan_service(question: Question) -> ServicePlans:
    """A small model at every place that escalates to the full one at the centre.

    There is none where the workload's profile does not say what a cascade would escalate.
    """
    serving = question.workload.serving
    if serving is None or serving.cascade is None:
        return service_plans([])
    rows = []
    for near, _ in machines_at(question, "edge"):
        for far, machine in machines_at(question, "cloud"):
            if "on_demand" not in machine.prices:
                continue
            here = Nodes(near, 1, "owned" if near == 0 else "bought")
            rows += [
                ServiceRow(each, nodes=here, central=Nodes(far, 1, "on_demand"), is_cascade=True)
                for each in precisions(question, near, far)
            ]
    return service_plans(rows)


STRATEGY = Strategy("hybrid", "edge and cloud share the work", plan_job, plan_service)
