"""Rows that a strategy writes down, turned into columns of numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from bitpath_cli.model.configuration import Place, Tenure
from bitpath_cli.model.workload import Precision
from bitpath_cli.strategies import (
    PRECISIONS,
    SYNCHRONISATIONS,
    TENURES,
    JobPlans,
    Machine,
    Question,
    ServicePlans,
)


class Nodes(NamedTuple):
    """So many machines of an index, and how they are had."""

    machine: int
    number: float
    tenure: Tenure


class JobRow(NamedTuple):
    """A training job on one or two groups of nodes."""

    nodes: Nodes
    precision: Precision
    synchronisation: str = "none"
    interval: int = 1
    others: Nodes | None = None


class ServiceRow(NamedTuple):
    """A service on nodes at every place, at the centre, or both."""

    precision: Precision
    nodes: Nodes | None = None
    central: Nodes | None = None
    is_cascade: bool = False


def synchronised(
    nodes: Nodes, others: Nodes | None, precision: Precision, intervals: Sequence[int]
) -> list[JobRow]:
    """Nodes that train together: gradients every step, or models averaged every H steps."""
    return [
        JobRow(nodes, precision, "all-reduce", 1, others),
        *(JobRow(nodes, precision, "local-sgd", each, others) for each in intervals),
    ]


def job_plans(rows: Sequence[JobRow]) -> JobPlans:
    """A group that is absent has the other's machine and no nodes, so that it costs nothing."""
    others = [row.others or row.nodes._replace(number=0) for row in rows]
    return JobPlans(
        machine=_whole([row.nodes.machine for row in rows]),
        count=_real([row.nodes.number for row in rows]),
        tenure=_whole([TENURES.index(row.nodes.tenure) for row in rows]),
        other_machine=_whole([each.machine for each in others]),
        other_count=_real([each.number for each in others]),
        other_tenure=_whole([TENURES.index(each.tenure) for each in others]),
        precision=_whole([PRECISIONS.index(row.precision) for row in rows]),
        synchronisation=_whole([SYNCHRONISATIONS.index(row.synchronisation) for row in rows]),
        interval=_real([row.interval for row in rows]),
    )


def service_plans(rows: Sequence[ServiceRow]) -> ServicePlans:
    """`escalated` is 0 without a centre and 1 without nodes at the places."""
    pairs = [_both(row) for row in rows]
    return ServicePlans(
        machine=_whole([edge.machine for edge, _ in pairs]),
        count=_real([edge.number for edge, _ in pairs]),
        tenure=_whole([TENURES.index(edge.tenure) for edge, _ in pairs]),
        central_machine=_whole([centre.machine for _, centre in pairs]),
        central_count=_real([centre.number for _, centre in pairs]),
        central_tenure=_whole([TENURES.index(centre.tenure) for _, centre in pairs]),
        precision=_whole([PRECISIONS.index(row.precision) for row in rows]),
        escalated=_real([0.0 if row.central is None else 1.0 for row in rows]),
        is_cascade=torch.tensor([row.is_cascade for row in rows], dtype=torch.bool),
    )


def machines_at(question: Question, place: Place) -> tuple[tuple[int, Machine], ...]:
    """The machines of a place with their indices."""
    return tuple(
        (index, each) for index, each in enumerate(question.machines) if each.place == place
    )


def precisions(question: Question, *machines: int) -> tuple[Precision, ...]:
    """The workload's precisions that all of these machines can compute in."""
    return tuple(
        each
        for each in question.workload.work.precisions
        if all(each in question.machines[index].rates for index in machines)
    )


def _both(row: ServiceRow) -> tuple[Nodes, Nodes]:
    present = row.nodes or row.central
    if present is None:
        raise ValueError("a service needs nodes somewhere")
    absent = present._replace(number=0)
    return row.nodes or absent, row.central or absent


def _whole(values: list[int]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.long)


def _real(values: list[float] | list[int]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)
