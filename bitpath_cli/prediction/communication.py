"""How long nodes talk: collectives in the α–β model, and a data-parallel step that overlaps them.

α is seconds a message, β seconds a byte, n bytes a rank, N ranks; all shapes broadcast. Sources:
Thakur, Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH
(IJHPCA 2005) for the algorithms; PyTorch's DistributedDataParallel for its buckets of 25 MiB, the
first of 1 MiB.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

import torch
from torch import Tensor

Algorithm = Literal["ring", "recursive_doubling", "rabenseifner", "tree", "server"]
GLOO: Final[tuple[Algorithm, ...]] = ("ring",)
NCCL: Final[tuple[Algorithm, ...]] = ("ring", "tree")
_MIB: Final = float(1 << 20)
_FIRST_BUCKET: Final = 1 * _MIB
_BUCKET: Final = 25 * _MIB
_MOST_BUCKETS: Final = 64


def ring(ranks: Tensor, size: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """2(N−1)α + 2(N−1)/N·nβ: a reduce-scatter and an all-gather around a ring."""
    return 2 * (ranks - 1) * alpha + 2 * (ranks - 1) / ranks * size * beta


def recursive_doubling(ranks: Tensor, size: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """⌈log₂N⌉(α + nβ): every rank exchanges the whole message with ever farther partners."""
    return torch.ceil(torch.log2(ranks)) * (alpha + size * beta)


def rabenseifner(ranks: Tensor, size: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """2log₂N·α + 2(N−1)/N·nβ: reduce-scatter by halving, all-gather by doubling."""
    return 2 * torch.log2(ranks) * alpha + 2 * (ranks - 1) / ranks * size * beta


def tree(ranks: Tensor, size: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """2⌈log₂N⌉(α + nβ): a binomial reduction to one rank and a broadcast from it."""
    return 2 * torch.ceil(torch.log2(ranks)) * (alpha + size * beta)


def server(ranks: Tensor, size: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """2α + 2(N−1)nβ: all gradients to one rank's link, and the mean back to all."""
    return 2 * alpha + 2 * (ranks - 1) * size * beta


_TIMES: Final = {
    "ring": ring,
    "recursive_doubling": recursive_doubling,
    "rabenseifner": rabenseifner,
    "tree": tree,
    "server": server,
}


def all_reduce(
    ranks: Tensor, size: Tensor, alpha: Tensor, beta: Tensor, algorithms: Sequence[Algorithm]
) -> Tensor:
    """The best of the algorithms that the backend has; 0 for one rank, which has no one to tell."""
    best = _TIMES[algorithms[0]](ranks, size, alpha, beta)
    for name in algorithms[1:]:
        best = torch.minimum(best, _TIMES[name](ranks, size, alpha, beta))
    return torch.where(ranks > 1, best, torch.zeros_like(best))


def bytes_sent_per_rank(ranks: Tensor, size: Tensor) -> Tensor:
    """What each rank puts on its link in a bandwidth-optimal all-reduce: 2(N−1)/N·n."""
    return 2 * (ranks - 1) / ranks * size


def bucket_sizes(gradient_bytes: float) -> tuple[float, ...]:
    """How DistributedDataParallel cuts the gradient: a first bucket of 1 MiB, then 25 MiB each."""
    if gradient_bytes <= _FIRST_BUCKET:
        return (gradient_bytes,)
    rest = gradient_bytes - _FIRST_BUCKET
    count = min(math.ceil(rest / _BUCKET), _MOST_BUCKETS)
    return (_FIRST_BUCKET, *([rest / count] * count))


def overlapped_backward(
    backward: Tensor,
    gradient_bytes: float,
    ranks: Tensor,
    alpha: Tensor,
    beta: Tensor,
    algorithms: Sequence[Algorithm],
    overlap: Tensor,
    slowdown: Tensor,
    share: Tensor | None = None,
) -> Tensor:
    """Backward and the all-reduce of its gradient buckets, until the last of both has ended.

    e_j = max(e_{j−1}, r_j) + T_AR(b_j), where bucket j is ready at r_j. `overlap` is the share of
    backward during which communication can proceed (about 0 where the cores that compute also move
    the data), `slowdown` is κ ≥ 1, by which backward stretches while it communicates. What travels
    is `share` of the gradient's bytes: below 1 where they are compressed, above 1 where sharded
    weights travel too.
    """
    factor = torch.ones_like(slowdown) if share is None else share
    alone = ranks <= 1
    stretched = backward * torch.where(alone, torch.ones_like(slowdown), slowdown)
    sizes = bucket_sizes(gradient_bytes)
    ended = torch.zeros_like(stretched)
    done = 0.0
    for size in sizes:
        done += size
        ready = stretched * ((1 - overlap) + overlap * (done / gradient_bytes))
        spent = all_reduce(ranks, size * factor, alpha, beta, algorithms)
        ended = torch.maximum(ended, ready) + spent
    return torch.where(alone, backward, torch.maximum(stretched, ended))
