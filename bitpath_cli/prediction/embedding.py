"""Embedding tables that are spread over devices: gathers from memory, and sums that travel.

After Naumov et al., Deep Learning Recommendation Model (2019): tables are divided among the
devices, perceptrons are copied, and the rows' sums go from where they are kept to where a sample is
trained, in forward and their gradients back in backward.
"""

from typing import Final

import torch
from torch import Tensor

ROW_BYTES: Final = 4.0
"""Bytes a table parameter, in float32; row-wise optimisers keep next to nothing beside it."""


def gather_time(
    samples: Tensor, gathered_bytes: Tensor, memory_rate: Tensor, share: Tensor
) -> Tensor:
    """Seconds to read the rows of so many samples; the backward pass reads and writes them."""
    return samples * gathered_bytes / (memory_rate * share)


def exchange_bytes(samples: Tensor, pooled_bytes: Tensor, ranks: Tensor) -> Tensor:
    """What a node sends in a step: sums that other nodes need, and gradients back to others.

    Of a node's samples the share (N−1)/N of the sums lies elsewhere, and as much is asked of it.
    """
    return 2 * samples * pooled_bytes * (ranks - 1) / ranks


def exchange_time(sent_bytes: Tensor, ranks: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Seconds of the two all-to-all exchanges of a step, a message to each other node."""
    spent = 2 * (ranks - 1) * alpha + sent_bytes * beta
    return torch.where(ranks > 1, spent, torch.zeros_like(spent))
