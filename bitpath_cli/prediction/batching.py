"""Requests that are computed together: batches that gather by themselves, and tokens by the batch.

Sources: Little's law for how many are in work at once; Yu et al., Orca (OSDI 2022) for continuous
batching; Pope et al., Efficiently Scaling Transformer Inference (MLSys 2023) for reading weights
once a step and keys and values once a sequence. The number in work is that of M/G/∞, so Poisson.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.prediction.latency import Arrival

MOST_SEQUENCES: Final = 256.0
"""Sequences that a server works on at once: the usual setting of serving engines."""


def gathered(rate: Tensor, single: Tensor, marginal: Tensor, most: Tensor) -> Tensor:
    """Requests in a pass when a node takes what has come: b = rate·t(b), between 1 and `most`.

    A pass takes `single` for one and `marginal` for each further one, in seconds; `rate` is that of
    one node.
    """
    return _in_work(rate, single - marginal, marginal).clamp_min(1.0).minimum(most)


def pass_under_way(
    rate: Tensor, batch: Tensor, seconds: Tensor, level: float, arrival: Arrival
) -> tuple[Tensor, Tensor]:
    """What is left of the pass that a request finds under way: the mean, and at a percentile.

    A node works for the share rate·seconds/batch of the time, and a request comes at any moment of
    a pass. Periodic requests that are answered one by one find none.
    """
    chance = (rate * seconds / batch).clamp_max(1.0)
    if arrival == "periodic":
        chance = torch.where(batch > 1, chance, torch.zeros_like(chance))
    beyond = (1 - (1 - level) / chance.clamp_min(1e-12)).clamp_min(0.0)
    return chance * seconds / 2, beyond * seconds


@dataclass(frozen=True, slots=True)
class Decoder:
    """A node that makes tokens, in seconds: each step reads `weights`, and `context` a sequence.

    `product` is the arithmetic of a token, beside which memory is read at the same time; `beside`
    is what each sequence adds to both, and `overhead` what each step does. `most` is how many
    sequences fit.
    """

    weights: Tensor
    context: Tensor
    product: Tensor
    beside: Tensor
    overhead: Tensor
    most: Tensor

    def step(self, batch: Tensor) -> Tensor:
        """Seconds of a step with so many sequences: max(bytes/B, FLOP/F) and what is beside it."""
        read = self.weights + batch * self.context
        return torch.maximum(read, batch * self.product) + batch * self.beside + self.overhead

    def sequences(self, token_rate: Tensor) -> Tensor:
        """How many are in work when so many tokens a second are made: b = rate·step(b).

        Both pieces of the step are lines, so the larger of their fixed points is the step's own.
        """
        reading = _in_work(token_rate, self.weights + self.overhead, self.context + self.beside)
        computing = _in_work(token_rate, self.overhead, self.product + self.beside)
        return torch.maximum(reading, computing).minimum(self.most)


def busy_batch(mean: Tensor, deviations: float, most: Tensor) -> Tensor:
    """The batch that so high a percentile of steps does not exceed: Poisson's normal limit."""
    return (mean + deviations * torch.sqrt(mean)).clamp_min(1.0).minimum(most)


def _in_work(rate: Tensor, fixed: Tensor, each: Tensor) -> Tensor:
    """The solution of b = rate·(fixed + b·each); endless where each alone is too slow."""
    left = 1 - rate * each
    found = rate * fixed / left.clamp_min(1e-300)
    return torch.where(left > 0, found, torch.full_like(found, torch.inf))
