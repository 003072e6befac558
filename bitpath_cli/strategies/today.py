"""Today: this host as it is, in the precision that it would be used with; always listed."""

from bitpath_cli.strategies import JobPlans, Question, ServicePlans, Strategy
from bitpath_cli.strategies._columns import (
    JobRow,
    Nodes,
    ServiceRow,
    job_plans,
    precisions,
    service_plans,
)

_HERE = Nodes(0, 1, "owned")


def plan_job(question: Question) -> JobPlans:
    """One configuration, or none where this host cannot compute in any allowed precision."""
    return job_plans([JobRow(_HERE, each) for each in precisions(question, 0)[:1]])


def plan_service(question: Question) -> ServicePlans:
    """One configuration: one such host at every place."""
    return service_plans([ServiceRow(each, nodes=_HERE) for each in precisions(question, 0)[:1]])


STRATEGY = Strategy("today", "this host as it is", plan_job, plan_service)
