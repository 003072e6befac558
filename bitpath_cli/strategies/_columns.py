"""Rows that a strategy writes down, turned into columns of numbers."""

from collections.abc import Sequence
from typing import Final, NamedTuple

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

HOURS: Final = 24


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
    rank: int = 0
    is_prepared: bool = False


class ServiceRow(NamedTuple):
    """A service on nodes at every place, at the centre, or both.

    `hours` are the nodes at the centre in each hour, where they follow the load.
    """

    precision: Precision
    nodes: Nodes | None = None
    central: Nodes | None = None
    is_cascade: bool = False
    split: int = -1
    batch: int = 1
    hours: tuple[float, ...] = ()


def job_plans(rows: Sequence[JobRow]) -> JobPlans:
    """A group that is absent has the other's machine and no nodes, so that it costs nothing."""
    others = [row.others or row.nodes for row in rows]
    return JobPlans(
        machine=_whole([row.nodes.machine for row in rows]),
        count=_real([row.nodes.number for row in rows]),
        tenure=_whole([TENURES.index(row.nodes.tenure) for row in rows]),
        other_machine=_whole([each.machine for each in others]),
        other_count=_real([0 if row.others is None else row.others.number for row in rows]),
        other_tenure=_whole([TENURES.index(each.tenure) for each in others]),
        precision=_whole([PRECISIONS.index(row.precision) for row in rows]),
        synchronisation=_whole([SYNCHRONISATIONS.index(row.synchronisation) for row in rows]),
        interval=_real([row.interval for row in rows]),
        rank=_real([row.rank for row in rows]),
        prepared=torch.tensor([row.is_prepared for row in rows], dtype=torch.bool),
    )


def service_plans(rows: Sequence[ServiceRow]) -> ServicePlans:
    """`escalated` is 0 without a centre and 1 without nodes at the places."""
    pairs = [_both(row) for row in rows]
    central_count = _real([0 if row.central is None else row.central.number for row in rows])
    hours = central_count.unsqueeze(1).repeat(1, HOURS)
    for index, row in enumerate(rows):
        if row.hours:
            hours[index] = _real(list(row.hours))
    return ServicePlans(
        machine=_whole([edge.machine for edge, _ in pairs]),
        count=_real([0 if row.nodes is None else row.nodes.number for row in rows]),
        tenure=_whole([TENURES.index(edge.tenure) for edge, _ in pairs]),
        central_machine=_whole([centre.machine for _, centre in pairs]),
        central_count=central_count,
        central_tenure=_whole([TENURES.index(centre.tenure) for _, centre in pairs]),
        precision=_whole([PRECISIONS.index(row.precision) for row in rows]),
        escalated=_real([0.0 if row.central is None else 1.0 for row in rows]),
        is_cascade=torch.tensor([row.is_cascade for row in rows], dtype=torch.bool),
        split=_whole([row.split for row in rows]),
        batch=_real([row.batch for row in rows]),
        hours=hours,
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
    """At the places and at the centre; a group that is absent has the other's machine."""
    present = row.nodes or row.central
    if present is None:
        raise ValueError("a service needs nodes somewhere")
    return row.nodes or present, row.central or present


def _whole(values: list[int]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.long)


def _real(values: list[float] | list[int]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)
