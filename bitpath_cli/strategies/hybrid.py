"""Hybrid: edge and cloud share the work; services by a cascade or a cut, jobs over the WAN."""

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
from bitpath_cli.strategies._fleet import tenure_here
from bitpath_cli.strategies._sizing import at_the_centre, fleets
from bitpath_cli.strategies._together import node_counts, together

_COUNTS: Final = (1, 2, 4)


def plan_job(question: Question) -> JobPlans:
    """Today's host trains with rented ones over the uplink, or reduces the data for them first."""
    rows: list[JobRow] = []
    for index, machine in machines_at(question, "cloud"):
        tenures: list[Tenure] = [each for each in ("on_demand", "spot") if each in machine.prices]
        for tenure in tenures:
            for precision in precisions(question, 0, index):
                for count in _COUNTS:
                    near, far = Nodes(0, 1, "owned"), Nodes(index, count, tenure)
                    rows += together(question, near, far, precision)
            if _is_reducible(question):
                rows += _prepared(question, index, tenure)
    return job_plans(rows)


def _is_reducible(question: Question) -> bool:
    """Whether something can be done to the data where it is born, and that is not in the cloud."""
    data = question.workload.data
    return data.reduction is not None and data.born == "edge"


def _prepared(question: Question, index: int, tenure: Tenure) -> list[JobRow]:
    """Rented nodes train on what today's host has left of the data."""
    near = Nodes(0, 1, "owned")
    return [
        JobRow(
            near, precision, "none" if count == 1 else "all-reduce", 1,
            Nodes(index, count, tenure), is_prepared=True,
        )
        for precision in precisions(question, index)
        for count in _COUNTS
        if count <= node_counts(question, index)[-1]
    ]  # fmt: skip


def plan_service(question: Question) -> ServicePlans:
    """A small model at every place that escalates to the full one at the centre, or a model in two.

    There is neither where the workload's profile does not say what a cascade would escalate or
    where the model can be cut. What would escalate everything, or leave the centre nothing, is
    another strategy in disguise.
    """
    serving = question.workload.serving
    rows: list[ServiceRow] = []
    if serving is None:
        return service_plans(rows)
    if serving.cascade is not None and serving.cascade.escalated.value < 1:
        rows += _shared(question, serving.cascade.escalated.value)
    for index, split in enumerate(serving.splits):
        if split.edge_work.value < 1:
            rows += [row._replace(split=index, is_cascade=False) for row in _shared(question, 1.0)]
    return service_plans(rows)


def _shared(question: Question, share: float) -> list[ServiceRow]:
    """Every machine at the places with every fleet at the centre, which answers such a share."""
    return [
        ServiceRow(
            choice.precision, nodes=Nodes(index, 1, tenure_here(index, machine)),
            central=fleet.nodes, hours=fleet.hours, is_cascade=True,
        )
        for choice in at_the_centre(question, share)
        if choice.batch == 1
        for fleet in fleets(question, choice, share)
        for index, machine in machines_at(question, "edge")
        if choice.precision in machine.rates
    ]  # fmt: skip


STRATEGY = Strategy("hybrid", "edge and cloud share the work", plan_job, plan_service)
