"""What hardware costs while it is reserved: rent, amortised purchase, spot with its preemptions."""

import torch
from torch import Tensor


def amortised(price: Tensor, lifetime: Tensor, seconds: Tensor) -> Tensor:
    """The share of a purchase that so many seconds of its service life use up; idle ones count."""
    return price * seconds / lifetime


def preemption_overhead(checkpoint: Tensor, restart: Tensor, preemptions: Tensor) -> Tensor:
    """By what factor preemptions stretch a job that checkpoints at the best interval.

    1 + d/τ + h(τ/2 + R) with τ = √(2d/h) (Young, CACM 1974; Daly, FGCS 2006); `checkpoint` d and
    `restart` R in seconds, `preemptions` h per second.
    """
    interval = torch.sqrt(2 * checkpoint / preemptions.clamp_min(1e-12)).clamp_min(1.0)
    return 1 + checkpoint / interval + preemptions * (interval / 2 + restart)
