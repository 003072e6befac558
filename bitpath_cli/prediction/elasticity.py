"""What follows the load over the day: nodes that are paid for, and requests that find none warm."""

import math

import torch
from torch import Tensor

from bitpath_cli.prediction.latency import Arrival

_HOURS = 24


def paid_nodes(hours: Tensor, lag: Tensor) -> Tensor:
    """Nodes paid for on the average of a day [C, D], from those needed in each hour [C, 24].

    A node that an hour needs is asked for `lag` seconds [1, D] before it, so at any time the most
    that is needed until then is held: the running maximum over the lag.
    """
    ahead = (lag / 3600).clamp(0.0, float(_HOURS - 1))
    held, following = hours, hours
    paid = hours.mean(dim=1, keepdim=True) + torch.zeros_like(ahead)
    for whole in range(math.ceil(float(ahead.detach().max()))):
        following = torch.roll(following, -1, dims=1)
        more = torch.maximum(held, following)
        growth = (more - held).mean(dim=1, keepdim=True)
        paid = paid + growth * (ahead - whole).clamp(0.0, 1.0)
        held = more
    return paid


def cold_share(rate: Tensor, factors: Tensor, keep: Tensor, arrival: Arrival) -> Tensor:
    """The share of requests that come after a machine that idled for `keep` seconds was let go.

    `rate` [C, D] is the day's mean, `factors` [24] its hours. Between Poisson arrivals a gap is
    longer with probability exp(−rate·keep); periodic ones are all cold, or none.
    """
    shares = []
    for factor in factors:
        missed = torch.exp(-rate * factor * keep)
        if arrival == "periodic":
            missed = (rate * factor * keep < 1).to(rate.dtype)
        shares.append(missed * factor)
    return torch.stack(shares).mean(dim=0)
