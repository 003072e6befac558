"""How long a machine computes: a roofline per class of operation with measured ceilings.

Shapes broadcast; times are seconds, rates FLOP/s and B/s, work FLOP and bytes. Sources: Williams et
al., Roofline (CACM 2009) for the two ceilings; back-propagation does each matrix product of the
forward pass once for its input's gradient, and once for its weights' where they are trained.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

_FLOP_PER_CUBE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Step:
    """The parts of one training step on one node, in seconds."""

    forward: Tensor
    backward: Tensor
    optimiser: Tensor

    @property
    def total(self) -> Tensor:
        """All of it, without communication and without waiting for data."""
        return self.forward + self.backward + self.optimiser


def forward_time(
    flop: Tensor, rate: Tensor, traffic_bytes: Tensor, memory_rate: Tensor, overhead: Tensor
) -> Tensor:
    """Matrix operations at their rate, then element-wise ones at memory's, then fixed overhead.

    The two classes of operation run one after the other, so their times add; within a class the
    slower ceiling would count, and each class has one by construction.
    """
    return flop / rate + traffic_bytes / memory_rate + overhead


def training_step(
    forward: Tensor,
    overhead: Tensor,
    trained_share: Tensor,
    state_bytes: Tensor,
    memory_rate: Tensor,
) -> Step:
    """A step from the time of its forward pass (overhead included, which backward repeats once).

    `trained_share` is that of the parameters. The optimiser reads and writes `state_bytes`, the
    trained weights, their gradients and its own state, once: memory-bound.
    """
    work = forward - overhead
    return Step(
        forward=forward,
        backward=work * (1 + trained_share) + overhead,
        optimiser=2 * state_bytes / memory_rate,
    )


def equivalent_size(flop: Tensor, operations: Tensor) -> Tensor:
    """The edge of the cubic matrix product that does as much work as the mean operation does."""
    return (flop / operations / _FLOP_PER_CUBE).clamp_min(1.0) ** (1.0 / 3.0)


def interpolate(curve: Tensor, knots: Tensor, size: Tensor) -> Tensor:
    """Efficiency at `size`, linear in log(size) between knots and flat beyond them.

    `curve` is [..., K] over the K rising `knots`; its leading shape broadcasts with that of `size`.
    """
    log_knots = torch.log(knots)
    position = torch.log(size).clamp(log_knots[0], log_knots[-1]).unsqueeze(-1)
    left, right = log_knots[:-1], log_knots[1:]
    inside = (position >= left) & (position < right)
    inside[..., -1] |= position.squeeze(-1) >= right[-1]
    share = (position - left) / (right - left)
    pieces = curve[..., :-1] + (curve[..., 1:] - curve[..., :-1]) * share
    return torch.where(inside, pieces, torch.zeros_like(pieces)).sum(dim=-1)
