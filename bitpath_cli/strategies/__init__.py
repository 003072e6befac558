"""Where a workload may run: one file per strategy, each ending in a `STRATEGY`.

A strategy enumerates its configurations as columns of numbers (`JobPlans`, `ServicePlans`); what
they cost follows from the physics in the room's furniture, the same for all strategies, so that no
strategy can flatter itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from bitpath_cli.model.configuration import Place, StrategyName, Tenure
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.site import Site
from bitpath_cli.model.workload import Precision, Workload

PRECISIONS: Final[tuple[Precision, ...]] = (
    "float64", "float32", "tf32", "bfloat16", "float16", "int8",
)  # fmt: skip
TENURES: Final[tuple[Tenure, ...]] = ("owned", "bought", "on_demand", "spot")
SYNCHRONISATIONS: Final = ("none", "all-reduce", "local-sgd")


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of node: what a report measured, or what profiles say of a device or an offer.

    `rates` are those of large matrix products on the whole node, FLOP/s; `curve` holds pairs of
    matrix edge and share of that rate, empty where only the large rate is known. Machines of the
    same `hardware` share its luck in every draw. `prices` are the
    purchase for owned and bought machines, and currency a second for rented ones.
    """

    name: str
    hardware: str
    place: Place
    is_accelerator: bool
    devices: int
    rates: Mapping[Precision, Quantity]
    curve: tuple[tuple[float, float], ...]
    memory_bandwidth: Quantity
    memory: Quantity
    storage_rate: Quantity
    power_idle: Quantity
    power_max: Quantity
    prices: Mapping[Tenure, Quantity]
    availability: Quantity


@dataclass(frozen=True, slots=True)
class Wire:
    """The network between nodes of one place: seconds a message and bytes a second."""

    latency: Quantity
    bandwidth: Quantity
    slowdown: Quantity
    overlap_cpu: Quantity
    overlap_accelerator: Quantity


@dataclass(frozen=True, slots=True)
class Question:
    """All that a strategy may know. Today's host is `machines[0]`."""

    workload: Workload
    site: Site
    machines: tuple[Machine, ...]
    wire: Wire
    largest_cluster: int


@dataclass(frozen=True, slots=True)
class JobPlans:
    """Configurations of a training job, a column each [C]: two groups of nodes that train together.

    The second group is that of a hybrid, with count 0 elsewhere. Machines, tenures, precisions and
    synchronisations are indices; `interval` is the number of steps between synchronisations.
    """

    machine: Tensor
    count: Tensor
    tenure: Tensor
    other_machine: Tensor
    other_count: Tensor
    other_tenure: Tensor
    precision: Tensor
    synchronisation: Tensor
    interval: Tensor


@dataclass(frozen=True, slots=True)
class ServicePlans:
    """Configurations of a service, a column each [C]: nodes at every place, nodes at the centre.

    `escalated` is the share of requests that the centre answers: 0 edge, 1 cloud, between a
    cascade, whose edge nodes run the small model.
    """

    machine: Tensor
    count: Tensor
    tenure: Tensor
    central_machine: Tensor
    central_count: Tensor
    central_tenure: Tensor
    precision: Tensor
    escalated: Tensor
    is_cascade: Tensor


@dataclass(frozen=True, slots=True)
class Strategy:
    """The room's contract: a sentence, and the configurations for a job or for a service."""

    name: StrategyName
    summary: str
    plan_job: Callable[[Question], JobPlans]
    plan_service: Callable[[Question], ServicePlans]
