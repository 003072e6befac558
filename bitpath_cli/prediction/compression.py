"""Gradients that are made smaller before they travel: bytes, and what making them smaller costs.

Sources: PyTorch's communication hooks `default_hooks.fp16_compress_hook` and
`powerSGD_hook.powerSGD_hook`; Vogels et al., PowerSGD (NeurIPS 2019). It pays only where coding
takes less time than it saves on the wire.
"""

from typing import Final

import torch
from torch import Tensor

from bitpath_cli.prediction.memory import GRADIENT_BYTES

HALF: Final = 0.5
"""16 bits for 32."""

# Read 4 bytes and write 2 before, read 2 and write 4 after: three times the gradient's four bytes.
_HALF_PASSES: Final = 3.0
# Adding the error of the step before and copying it (5), two products that read the gradient (2),
# the approximation (1), and the new error (3).
_FACTOR_PASSES: Final = 11.0
_PRODUCTS: Final = 3.0
_FLOP_PER_PRODUCT: Final = 2.0


def half_coding_time(gradient_bytes: Tensor, memory_rate: Tensor) -> Tensor:
    """Seconds to narrow the gradients to 16 bits and to widen their mean again."""
    return _HALF_PASSES * gradient_bytes / memory_rate


def half_sum_time(numbers: Tensor, ranks: Tensor, seconds_each: Tensor) -> Tensor:
    """Seconds to add numbers of 16 bits one by one, where a backend has no wider instruction.

    In a ring each rank adds (N−1)/N of them.
    """
    return numbers * seconds_each * (ranks - 1).clamp_min(0.0) / ranks.clamp_min(1.0)


def factor_bytes(parameters: Tensor, operations: Tensor, rank: Tensor) -> Tensor:
    """Bytes of one of the two thin factors that PowerSGD sends of all gradient matrices.

    The matrices are taken as equally large and square, which has the thinnest factors; together the
    two are never more than the gradients themselves.
    """
    edge = torch.sqrt(parameters / operations)
    one = GRADIENT_BYTES * operations * rank * edge
    return torch.minimum(one, GRADIENT_BYTES * parameters / 2)


def factor_coding_time(
    parameters: Tensor, rank: Tensor, rate: Tensor, memory_rate: Tensor
) -> Tensor:
    """Seconds to compute both factors, what they stand for, and the error that is kept.

    Three products of 2·parameters·rank FLOP each, and 11 passes over the gradients.
    """
    flop = _PRODUCTS * _FLOP_PER_PRODUCT * parameters * rank
    return flop / rate + _FACTOR_PASSES * GRADIENT_BYTES * parameters / memory_rate
