"""Where a workload may run: one file per strategy, each ending in a `STRATEGY`.

A strategy enumerates its configurations as columns of numbers (`JobPlans`, `ServicePlans`); what
they cost follows from the physics in the room's furniture, the same for all strategies, so that no
strategy can flatter itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Literal

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.configuration import Place, StrategyName, Tenure
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.site import Site
from bitpath_cli.model.workload import Precision, Workload

PRECISIONS: Final[tuple[Precision, ...]] = (
    "float64", "float32", "tf32", "bfloat16", "float16", "int8",
)  # fmt: skip
TENURES: Final[tuple[Tenure, ...]] = ("owned", "bought", "on_demand", "spot", "per_request")
RATE_LEVERS: Final = (
    "compute",
    "memory_bandwidth",
    "network_bandwidth",
    "network_latency",
    "device_link",
    "storage_bandwidth",
    "fixed_times",
)
"""All rates, 1/latency and 1/fixed time among them: times are homogeneous of degree −1 in them."""
SYNCHRONISATIONS: Final = (
    "none", "all-reduce", "local-sgd", "slow-momentum", "parameter-server", "fp16-compress",
    "powersgd", "zero-1", "zero-2", "zero-3",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasuredSteps:
    """What training steps of the very model that is asked about took, by samples a step, rising.

    `rest` is the optimiser and the data that was waited for. `buckets` are the bytes of gradients
    that are reduced together, each with the share of backward after which they are ready.
    """

    samples: tuple[float, ...]
    forward: tuple[Quantity, ...]
    backward: tuple[Quantity, ...]
    rest: tuple[Quantity, ...]
    buckets: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class MeasuredReductions:
    """What all-reduces between so many nodes took, by bytes, rising.

    While computing goes on beside it, an all-reduce takes `slowdown_reduction` times as long, and
    the computing `slowdown` times.
    """

    ranks: int
    sizes: tuple[float, ...]
    seconds: tuple[Quantity, ...]
    slowdown: Quantity
    slowdown_reduction: Quantity


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of node: what a report measured, or what profiles say of a device or an offer.

    `rates` are those of large matrix products on the whole node, FLOP/s; `curve` holds pairs of
    matrix edge and share of that rate, empty where only the large rate is known. Machines of the
    same `hardware` share its luck in every draw. `prices` are the
    purchase for owned and bought machines, and currency a second for rented ones. `link` is one way
    between the devices of a node, and `host_memory` the main memory beside an accelerator's own.
    `hosts` are the names of those that a fleet really has; where there are none, any number can be
    imagined.
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
    steps: MeasuredSteps | None = None
    link: Quantity | None = None
    host_memory: Quantity | None = None
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wire:
    """The network between nodes of one place: seconds a message and bytes a second.

    Where they were measured, `ranks` and `sizes` (bytes, least and most) say between how many and
    with what; outside of those they are extrapolated.
    """

    latency: Quantity
    bandwidth: Quantity
    slowdown: Quantity
    overlap_cpu: Quantity
    overlap_accelerator: Quantity
    reductions: MeasuredReductions | None = None
    ranks: int | None = None
    sizes: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """All that a strategy may know. Today's host is `machines[0]`, or the like of most of a fleet.

    `links` are the measured networks within or between machines of two indices, the smaller first;
    `wire` is that of all others. `notes` say what of the inputs a person should know. `step_error`
    is 1 with the spread of the model's own errors; without it predictions are as sure as inputs.
    """

    workload: Workload
    site: Site
    machines: tuple[Machine, ...]
    wire: Wire
    largest_cluster: int
    links: Mapping[tuple[int, int], Wire] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    step_error: Quantity | None = None


@dataclass(frozen=True, slots=True)
class JobPlans:
    """Configurations of a training job, a column each [C]: two groups of nodes that train together.

    The second group is that of a hybrid, with count 0 elsewhere. Machines, tenures, precisions and
    synchronisations are indices; `interval` is the number of steps between synchronisations, `rank`
    that of PowerSGD's factors. Where `prepared`, the first group only reduces the data and the
    second trains.
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
    rank: Tensor
    prepared: Tensor


@dataclass(frozen=True, slots=True)
class ServicePlans:
    """Configurations of a service, a column each [C]: nodes at every place, nodes at the centre.

    `escalated` is the share of requests that the centre answers: 0 edge, 1 cloud, between a
    cascade, whose edge nodes run the small model. `split` is the index of the cut after which the
    centre goes on, −1 without one. `batch` is the most requests that a node computes together.
    `hours` [C, 24] are the nodes at the centre in each hour of the day, of which `central_count` is
    the most.
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
    split: Tensor
    batch: Tensor
    hours: Tensor


ConstraintName = Literal[
    "memory", "deadline", "budget", "residency", "latency", "first_token", "token", "utilisation",
    "uplink", "availability",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bound:
    """A constraint: what is predicted [C, D] may not be above the limit ([C, D] or [1, D])."""

    name: ConstraintName
    predicted: Tensor
    limit: Tensor
    binds: bool

    def satisfied(self) -> Tensor:
        """[C, D], true where it holds."""
        slack = 1e-9 * self.limit.abs()
        return self.predicted <= self.limit + slack


@dataclass(frozen=True, slots=True)
class Outcome:
    """`groups` are the terms of the two node groups, which sum to the whole.

    `elapsed` is the job's time, or the latency percentile of a service, [C, D]; `details` are the
    figures that people ask for beside the terms.
    """

    groups: tuple[TermTensors, TermTensors]
    elapsed: Tensor
    bounds: tuple[Bound, ...]
    details: dict[str, Tensor]

    def total(self) -> TermTensors:
        """Both groups together."""
        first, second = self.groups
        return TermTensors(
            first.compute + second.compute,
            first.storage + second.storage,
            first.bandwidth + second.bandwidth,
            first.link_time + second.link_time,
            first.hardware + second.hardware,
            first.energy + second.energy,
        )

    def feasible(self) -> Tensor:
        """[C, D], true where every constraint that binds holds."""
        answer = torch.ones_like(self.elapsed, dtype=torch.bool)
        for bound in self.bounds:
            if bound.binds:
                answer = answer & bound.satisfied()
        return answer


@dataclass(frozen=True, slots=True)
class Strategy:
    """The room's contract: a sentence, and the configurations for a job or for a service."""

    name: StrategyName
    summary: str
    plan_job: Callable[[Question], JobPlans]
    plan_service: Callable[[Question], ServicePlans]


Plans = JobPlans | ServicePlans


def link_name(question: Question, one: int, other: int) -> str:
    """How the measured network of machines of two indices is called among the inputs."""
    if one == other:
        return f"among {question.machines[one].name}"
    return f"between {question.machines[one].name} and {question.machines[other].name}"


def select(plans: Plans, index: Tensor) -> Plans:
    """Some of the configurations."""
    return type(plans)(*(getattr(plans, each.name)[index] for each in fields(plans)))


def join(parts: list[Plans]) -> Plans:
    """The configurations of several strategies, one below the other."""
    return type(parts[0])(
        *(torch.cat([getattr(part, each.name) for part in parts]) for each in fields(parts[0]))
    )


def evaluate(
    question: Question, plans: Plans, draws: Draws, levers: Mapping[str, Tensor] | None = None
) -> Outcome:
    """What the configurations come to, under draws and with some groups of inputs scaled."""
    from bitpath_cli.strategies._job import job_outcome
    from bitpath_cli.strategies._service import service_outcome
    from bitpath_cli.strategies._world import build

    world = build(question, draws, levers)
    if isinstance(plans, JobPlans):
        return job_outcome(plans, world)
    return service_outcome(plans, world)


def reference(question: Question, plans: Plans, draws: Draws) -> TermTensors:
    """The same work done by today's hosts where the data is born, constraints ignored, one row.

    `plans` holds today's configuration alone. Its `link_time` is the time in which the links could
    carry bytes: the job's, or the month's. A service is given the fractional number of hosts that
    keeps them at the planned utilisation.
    """
    from bitpath_cli.strategies._service import service_reference
    from bitpath_cli.strategies._world import build

    if isinstance(plans, ServicePlans):
        return service_reference(plans, build(question, draws))
    outcome = evaluate(question, plans, draws)
    return replace(outcome.total(), link_time=outcome.elapsed)
