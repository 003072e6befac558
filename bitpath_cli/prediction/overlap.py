"""A data-parallel backward pass and the reductions of its gradient, when both need the same cores.

Bucket j is ready after the share r_j of backward, and the reductions run one after the other. While
both go on, backward is κ times and the reduction κ_c times slower than alone; with κ = κ_c = 1 this
is e_j = max(e_{j−1}, r_j) + T_AR(b_j), with κ = κ_c = 2 nothing is gained over doing one after the
other. Buckets as in PyTorch's DistributedDataParallel (Li et al., VLDB 2020).
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def backward_and_reduce(
    backward: Tensor,
    ready: Sequence[float],
    reductions: Sequence[Tensor],
    slowdown: Tensor,
    slowdown_reduction: Tensor,
) -> Tensor:
    """Seconds until backward and all reductions have ended.

    `backward` is its time alone, `ready` are rising shares of it, `reductions` the times alone;
    `slowdown` ≥ 1 is κ, `slowdown_reduction` ≥ 1 is κ_c.
    """
    elapsed = torch.zeros_like(backward)
    waiting = torch.zeros_like(backward)
    done = 0.0
    for share, spent in zip(ready, reductions, strict=True):
        took, waiting = _go_on(backward * (share - done), waiting, slowdown, slowdown_reduction)
        elapsed = elapsed + took
        waiting = waiting + spent
        done = share
    took, waiting = _go_on(backward * (1.0 - done), waiting, slowdown, slowdown_reduction)
    return elapsed + took + waiting


def _go_on(
    work: Tensor, waiting: Tensor, slowdown: Tensor, slowdown_reduction: Tensor
) -> tuple[Tensor, Tensor]:
    """Seconds for so much of backward, and the reduction time that is then still waiting."""
    together = torch.minimum(work * slowdown, waiting * slowdown_reduction)
    alone = work - together / slowdown
    return together + alone, waiting - together / slowdown_reduction
