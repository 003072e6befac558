"""What a configuration comes to: its terms, node group by node group, and what bounds it."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors

ConstraintName = Literal[
    "memory", "deadline", "budget", "residency", "latency", "utilisation", "uplink", "availability"
]


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
