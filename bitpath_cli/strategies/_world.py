"""A question's quantities as tensors: nominal or drawn, and scaled by levers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.reading import Method, Quantity
from bitpath_cli.prediction.compute import equivalent_size, forward_time, interpolate
from bitpath_cli.prediction.memory import size_beside_float32
from bitpath_cli.strategies import PRECISIONS, TENURES, Machine, Question

EVERY_HOST: Final = "every host"
_RENTED: Final = tuple(TENURES.index(each) for each in ("on_demand", "spot", "per_request"))
_KNOTS: Final = tuple(2.0**power for power in range(5, 15))


@dataclass(frozen=True, slots=True)
class World:
    """[M, …, D] for machines and [1, D] for the rest; D draws, 1 when nominal."""

    question: Question
    draws: Draws
    levers: Mapping[str, Tensor]
    rate: Tensor
    curve: Tensor
    memory_rate: Tensor
    memory: Tensor
    storage_rate: Tensor
    power_idle: Tensor
    power_max: Tensor
    price: Tensor
    availability: Tensor
    efficiency: Tensor
    overhead: Tensor

    def of(self, name: str, quantity: Quantity) -> Tensor:
        """A single quantity as [1, D]."""
        return self.draws.of(name, quantity).unsqueeze(0)

    def lever(self, name: str) -> Tensor:
        """The factor of that name, 1 unless it was moved."""
        return self.levers.get(name, torch.ones((), dtype=torch.float64))

    def forward(
        self, machine: Tensor, precision: Tensor, samples: Tensor, share: Tensor | None = None
    ) -> Tensor:
        """Seconds of a forward pass of so many samples on machines [C], [C, D].

        `share` is the part of the model's work that is done, for the small model of a cascade.
        """
        work = self.question.workload.work
        part = torch.ones_like(samples) if share is None else share
        flop = samples * part * self.of("work.forward", work.forward)
        size = equivalent_size(
            flop / self.devices(machine), self.of("work.operations", work.operations)
        )
        rate = self.rate[machine, precision] * self.lever("compute")
        rate = rate * self.efficiency[machine] * self.efficiency_at(machine, size)
        traffic = samples * part * self.of("work.traffic", work.traffic_bytes)
        traffic = traffic * self.narrowed(precision)
        return forward_time(flop, rate, traffic, self.memory_rate[machine], self.overhead[machine])

    def efficiency_at(self, machine: Tensor, edge: Tensor) -> Tensor:
        """What machines [C] reach of their large-matrix rate at matrices of an edge, [C, D]."""
        knots = torch.tensor(_KNOTS, dtype=torch.float64)
        return interpolate(self.curve[machine].unsqueeze(1), knots, edge)

    def narrowed(self, precision: Tensor) -> Tensor:
        """Bytes of tensors in precisions [C] over those in float32, [C, 1]."""
        shares = torch.tensor(
            [size_beside_float32(each) for each in PRECISIONS], dtype=torch.float64
        )
        return shares[precision].unsqueeze(1)

    def price_of(self, machine: Tensor, tenure: Tensor, duty: Tensor) -> Tensor:
        """Currency a second of machines [C] while they are held, [C, D].

        A purchase is spread over the `duty` [1, D], the share of its life in which it is held.
        """
        rented = torch.isin(tenure, torch.tensor(_RENTED)).unsqueeze(1)
        held = (duty * self.lever("duty")).clamp_max(1.0)
        lever = torch.where(rented, self.lever("rent"), self.lever("purchase") / held)
        return self.price[machine, tenure] * lever

    def devices(self, machine: Tensor) -> Tensor:
        """How many accelerators a node has, [C, 1]."""
        counts = torch.tensor(
            [each.devices for each in self.question.machines], dtype=torch.float64
        )
        return counts[machine].unsqueeze(1)


def build(question: Question, draws: Draws, levers: Mapping[str, Tensor] | None = None) -> World:
    """The world of a question, with some of its groups of inputs scaled.

    A lever may hold several factors at once when there is one draw: they take the draws' place.
    """
    moved = {} if levers is None else levers
    one = torch.ones((), dtype=torch.float64)

    def lever(name: str) -> Tensor:
        return moved.get(name, one)

    def column(attribute: str) -> Tensor:
        return torch.stack(
            [
                draws.of(*_told(each, each.hardware, attribute, getattr(each, attribute)))
                for each in question.machines
            ]
        )

    work = question.workload.work
    efficiency = torch.stack(
        [
            draws.of("work.efficiency_accelerator", work.efficiency_accelerator)
            if each.is_accelerator
            else draws.of("work.efficiency_cpu", work.efficiency_cpu)
            for each in question.machines
        ]
    )
    overhead = torch.stack(
        [
            draws.of("work.overhead_accelerator", work.overhead_accelerator)
            if each.is_accelerator
            else draws.of("work.overhead_cpu", work.overhead_cpu)
            for each in question.machines
        ]
    )
    return World(
        question=question, draws=draws, levers=moved,
        rate=_rates(question, draws),
        curve=torch.tensor([_resampled(each) for each in question.machines], dtype=torch.float64),
        memory_rate=column("memory_bandwidth") * lever("memory_bandwidth"),
        memory=column("memory"),
        storage_rate=column("storage_rate") * lever("storage_bandwidth"),
        power_idle=column("power_idle") * lever("power"),
        power_max=column("power_max") * lever("power"),
        price=_prices(question, draws),
        availability=column("availability"),
        efficiency=efficiency, overhead=overhead / lever("fixed_times"),
    )  # fmt: skip


def _told(machine: Machine, owner: str, what: str, quantity: Quantity) -> tuple[str, Quantity]:
    """The name of a machine's input; what is assumed alike of a fleet's hosts is one input."""
    shared = bool(machine.hosts) and quantity.origin.method is Method.ASSUMED
    return f"{EVERY_HOST if shared else owner}.{what}", quantity


def _rates(question: Question, draws: Draws) -> Tensor:
    """[M, P, D]; what a machine cannot do has rate NaN and is never planned."""
    nothing = torch.full((draws.count,), torch.nan, dtype=torch.float64)
    return torch.stack(
        [
            torch.stack(
                [
                    draws.of(f"{each.hardware}.rate.{precision}", each.rates[precision])
                    if precision in each.rates
                    else nothing
                    for precision in PRECISIONS
                ]
            )
            for each in question.machines
        ]
    )


def _prices(question: Question, draws: Draws) -> Tensor:
    """Currency a second while held, [M, T, D]: rent, or the purchase over its service life."""
    lifetime = draws.of("site.lifetime", question.site.lifetime)
    rows = []
    for machine in question.machines:
        columns = []
        for index, tenure in enumerate(TENURES):
            if tenure not in machine.prices:
                columns.append(torch.full((draws.count,), torch.nan, dtype=torch.float64))
                continue
            price = draws.of(
                *_told(machine, machine.name, f"price.{tenure}", machine.prices[tenure])
            )
            columns.append(price if index in _RENTED else price / lifetime)
        rows.append(torch.stack(columns))
    return torch.stack(rows)


def _resampled(machine: Machine) -> list[float]:
    """The efficiency curve at the common knots; flat 1 where only the large rate is known."""
    if len(machine.curve) < 2:
        return [1.0] * len(_KNOTS)
    points = sorted(machine.curve)
    known = torch.tensor([edge for edge, _ in points], dtype=torch.float64)
    shares = torch.tensor([share for _, share in points], dtype=torch.float64)
    wanted = torch.tensor(_KNOTS, dtype=torch.float64)
    return [float(each) for each in interpolate(shares, known, wanted)]
