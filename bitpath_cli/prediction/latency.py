"""How long a request takes: queues, and percentiles of the sum of a response's parts.

Sources: Erlang C for M/M/c; half its wait for deterministic service (M/D/c, Cosmetatos' leading
term; exact for c = 1 in the mean); none for periodic arrivals that fit; processor sharing on links.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

PLANNED_UTILISATION: Final = 0.7
_MOST_SERVERS: Final = 4096
_LEAST_LOAD: Final = 1e-4
_POINTS: Final = 1024
_BLOCK: Final = 64
"""Places whose samples fit in a processor's cache together."""

_FEW: Final = 64
"""So few of the points are sooner picked out than ranked."""

Arrival = Literal["poisson", "periodic"]


def erlang_c(servers: Tensor, offered: Tensor) -> Tensor:
    """P(a request waits) with so many servers and an offered load a = λ/μ; 1 where a ≥ c.

    The inverse Erlang-B recursion 1/B(c) = 1 + (c/a)/B(c−1) is stable for any c.
    """
    safe = (offered + torch.zeros_like(servers)).clamp_min(1e-12)
    inverse = torch.ones_like(safe)
    for count in range(1, int(min(float(servers.max()), _MOST_SERVERS)) + 1):
        following = 1 + count / safe * inverse
        inverse = torch.where(servers >= count, following, inverse)
    blocking = 1 / inverse
    load = safe / servers
    waiting = blocking / (1 - load * (1 - blocking)).clamp_min(1e-12)
    return torch.where(load >= 1, torch.ones_like(waiting), waiting.clamp_max(1.0))


@dataclass(frozen=True, slots=True)
class Wait:
    """A queue's waiting time: 0 with probability 1 − `chance`, else exponential with `rate`.

    `stable` is false where the servers cannot keep up; the wait is then infinite.
    """

    chance: Tensor
    rate: Tensor
    stable: Tensor

    def mean(self) -> Tensor:
        """The mean wait in seconds."""
        return self._or_forever(self.chance / self.rate)

    def quantile(self, level: float) -> Tensor:
        """The wait that so large a share of requests does not exceed."""
        return self.at(torch.full_like(self.rate, 1 - level))

    def at(self, tail: Tensor) -> Tensor:
        """The wait that is exceeded with probability `tail`."""
        return self._or_forever(torch.log((self.chance / tail).clamp_min(1.0)) / self.rate)

    def rows(self, index: Tensor) -> "Wait":
        """The same for some configurations; all three parts are first given one shape."""
        shape = self.chance + self.rate
        return Wait(
            (self.chance + torch.zeros_like(shape))[index],
            (self.rate + torch.zeros_like(shape))[index],
            (self.stable | torch.zeros_like(shape, dtype=torch.bool))[index],
        )

    def _or_forever(self, seconds: Tensor) -> Tensor:
        return torch.where(self.stable, seconds, torch.full_like(seconds, torch.inf))


def wait(servers: Tensor, arrival_rate: Tensor, service: Tensor, arrival: Arrival) -> Wait:
    """The wait before so many servers with a service time that does not vary.

    Poisson arrivals wait half as long as in M/M/c: its exponential tail C·exp(−(cμ−λ)t), twice as
    steep. Periodic arrivals that fit do not wait.
    """
    spare = servers / service - arrival_rate
    stable = spare > 0
    rate = 2 * torch.where(stable, spare, torch.ones_like(spare))
    if arrival == "periodic":
        return Wait(torch.zeros_like(rate), rate, stable)
    return Wait(erlang_c(servers, arrival_rate * service), rate, stable)


def sharing_wait(arrival_rate: Tensor, alone: Tensor, arrival: Arrival) -> Wait:
    """What a message takes longer than its seconds `alone` = s, on a link that all present share.

    Processor sharing adds s·ρ / (1 − ρ) in the mean (Kleinrock, Time-shared systems, 1967), twice
    what a line does. The variance for equal messages is s² (1 − 2(1 − ρ)(e^ρ − 1 − ρ) / ρ²) /
    (1 − ρ)² (Ott, The sojourn-time distribution in the M/G/1 queue with processor sharing, 1984).
    An exponential tail with that mean and variance is what is returned: its 99th percentile is
    within 5 % of a simulation's from ρ = 0.3 to 0.9, and `chance` is no chance of its own.
    """
    load = arrival_rate * alone
    stable = load < 1
    if arrival == "periodic":
        return Wait(torch.zeros_like(load), 1 / alone + torch.zeros_like(load), stable)
    fits = torch.where(stable, load, torch.full_like(load, 0.5)).clamp_min(_LEAST_LOAD)
    spread = 1 - 2 * (1 - fits) * (torch.expm1(fits) - fits) / fits**2
    chance = 2 / (1 + spread / fits**2)
    mean = alone * load / (1 - torch.where(stable, load, fits))
    return Wait(chance, chance / mean.clamp_min(1e-300), stable)


def likely_wait(servers: Tensor, load: Tensor) -> Tensor:
    """The mean wait in units of the service time, in closed form, to tell which of hours is worst.

    ρ^(√(2(c+1)) − 1) / (c(1 − ρ)) (Sakasegawa, 1977), endless where ρ ≥ 1; good to a few per cent
    where a wait is worth mentioning, so what is reported comes from Erlang C instead.
    """
    left = (1 - load).clamp_min(1e-12)
    found = load ** (torch.sqrt(2 * (servers + 1)) - 1) / (servers * left)
    return torch.where(load < 1, found, 1e12 * load)


def percentile_of_sum(fixed: Tensor, waits: Sequence[Wait], level: float) -> Tensor:
    """The percentile of fixed times plus independent waits, by sampling their joint distribution.

    The points are quasi-random and the same at every call, so the answer is smooth in its inputs
    and repeatable. Adding percentiles would overstate it, adding means understate it.
    """
    points = torch.quasirandom.SobolEngine(  # type: ignore[no-untyped-call]
        len(waits), scramble=True, seed=1
    )
    logs = torch.log(points.draw(_POINTS, dtype=torch.float64).clamp(1e-9, 1.0))
    shape = (fixed + sum(each.rate for each in waits)).shape
    parts = [_Exceeding.of(each, shape) for each in waits]
    endless = torch.stack([each.endless for each in parts]).any(dim=0)
    certain = torch.where(endless, torch.inf, fixed.expand(shape)).flatten()
    found = [
        _percentile(certain[block], [each.block(block) for each in parts], logs, level)
        for block in torch.split(torch.arange(len(certain)), _BLOCK)
    ]
    return torch.cat(found).reshape(shape)


@dataclass(frozen=True, slots=True)
class _Exceeding:
    """A wait by what its sampling needs, flat: log P(it is not 0), its mean then, and if endless.

    The wait that is exceeded with probability u is max(0, log P − log u) times the mean.
    """

    log_chance: Tensor
    mean: Tensor
    endless: Tensor

    @staticmethod
    def of(each: Wait, shape: torch.Size) -> "_Exceeding":
        """Of a wait whose parts broadcast to the shape."""
        log_chance = torch.log(each.chance.clamp_min(1e-300)).expand(shape).flatten()
        mean = (1 / each.rate).expand(shape).flatten()
        return _Exceeding(log_chance, mean, (~each.stable).expand(shape))

    def block(self, index: Tensor) -> "_Exceeding":
        """The same for some of the places."""
        return _Exceeding(self.log_chance[index], self.mean[index], self.endless)


def _percentile(certain: Tensor, parts: Sequence[_Exceeding], logs: Tensor, level: float) -> Tensor:
    """Of places [B] by the points [points, parts] that they all share."""
    total = certain.unsqueeze(1)
    for index, each in enumerate(parts):
        over = torch.relu(each.log_chance.unsqueeze(1) - logs[:, index])
        total = torch.addcmul(total, over, each.mean.unsqueeze(1))
    rank = math.ceil(level * _POINTS)
    beyond = _POINTS - rank + 1
    if beyond <= _FEW:
        return total.topk(beyond, dim=1).values[:, -1]
    return total.kthvalue(rank, dim=1).values
