"""Descends L + λ/2·|θ|² over θ = log(x / x_today): the founding text's rule, or Adam.

The text's rule θ ← θ − η∇L − ηλθ is gradient descent on L + λ/2·|θ|²: the decay pulls towards what
there is today. With Adam (Kingma and Ba, ICLR 2015) the λθ goes inside the gradient: decoupled from
it, as in AdamW, the rule no longer descends that sum and ends elsewhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

Rule = Literal["sgd", "adam"]
Target = Callable[[Tensor], Tensor]
"""L of points θ [starts, resources], one value each [starts]; infinite where nothing runs."""

STEPS: Final = 160
_FIRST_STEP: Final = 0.3
_LAST_STEP: Final = 1e-4
_LONGEST: Final = 1.0
_GROWTH: Final = 1.2
_FASTEST: Final = 30.0
_MOMENTS: Final = (0.9, 0.9)
_TINY: Final = 1e-12
_PATIENCE: Final = 40
_SETTLED: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Descent:
    """The best point that each start came by, [starts, resources], and its L + λ/2·|θ|²."""

    theta: Tensor
    value: Tensor

    @property
    def best(self) -> Tensor:
        """θ of the lowest value of all starts, [resources]."""
        return self.theta[int(torch.argmin(self.value))]


def decayed(target: Target, theta: Tensor, decay: float) -> Tensor:
    """L + λ/2·|θ|², what both rules descend, [starts]."""
    return target(theta) + decay / 2 * (theta**2).sum(dim=-1)


def descend(
    target: Target,
    starts: Tensor,
    decay: float,
    rule: Rule,
    bounds: tuple[float, float],
    steps: int = STEPS,
) -> Descent:
    """Go down from all starts at once, never leaving the bounds of θ.

    Step control: a gradient longer than 1 is shortened to 1, for far from today L is so steep that
    whole steps would diverge; a start's steps grow while it descends and are halved where it rose,
    and over the run they shrink to almost nothing, since L has kinks (a stall that ends, a transfer
    that is hidden) at which steps of one length would jump to and fro. It ends early where no
    start gains any more. Raises ValueError where a start has no finite L.
    """
    theta = starts.detach().clone().clamp(*bounds)
    best, lowest = theta.clone(), torch.full_like(theta[:, 0], torch.inf)
    first, second = torch.zeros_like(theta), torch.zeros_like(theta)
    pace, before = torch.ones_like(lowest), lowest
    earlier = lowest
    for step in range(steps + 1):
        value, gradient = _value_and_gradient(target, theta, decay)
        better = value < lowest
        best = torch.where(better.unsqueeze(1), theta, best)
        lowest = torch.where(better, value, lowest)
        if not bool(torch.isfinite(lowest).all()):
            raise ValueError("a start has no finite L")
        if step % _PATIENCE == 0:
            if bool((earlier - lowest <= _SETTLED * lowest.abs()).all()):
                break
            earlier = lowest
        # Where nothing runs there is no slope: go on from the best point so far.
        lost = ~torch.isfinite(value).unsqueeze(1) | ~torch.isfinite(gradient).all(1, keepdim=True)
        gradient = _shortened(torch.where(lost, torch.zeros_like(gradient), gradient))
        theta = torch.where(lost, best, theta)
        pace = (pace * torch.where(value > before, 0.5, _GROWTH)).clamp_max(_FASTEST)
        before = value
        length = _step_length(step, steps)
        if rule == "sgd":
            move = gradient * pace.unsqueeze(1)
        else:
            first = _MOMENTS[0] * first + (1 - _MOMENTS[0]) * gradient
            second = _MOMENTS[1] * second + (1 - _MOMENTS[1]) * gradient**2
            unbiased = (1 - _MOMENTS[0] ** (step + 1), 1 - _MOMENTS[1] ** (step + 1))
            move = first / unbiased[0] / (torch.sqrt(second / unbiased[1]) + _TINY)
        theta = (theta - length * move).clamp(*bounds)
    return Descent(best, lowest)


def _value_and_gradient(target: Target, theta: Tensor, decay: float) -> tuple[Tensor, Tensor]:
    """L + λ/2·|θ|² and ∇L + λθ; starts do not touch each other, so one backward pass serves all."""
    point = theta.detach().requires_grad_(True)
    value = decayed(target, point, decay)
    finite = torch.where(torch.isfinite(value), value, torch.zeros_like(value))
    (gradient,) = torch.autograd.grad(finite.sum(), point)
    return value.detach(), gradient


def _shortened(gradient: Tensor) -> Tensor:
    """The gradient, of length 1 where it is longer."""
    length = gradient.norm(dim=1, keepdim=True)
    shortened: Tensor = gradient * (_LONGEST / length.clamp_min(_LONGEST))
    return shortened


def _step_length(step: int, steps: int) -> float:
    """From the first to the last step along half a cosine."""
    share = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
    return _LAST_STEP + (_FIRST_STEP - _LAST_STEP) * share
