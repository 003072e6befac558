"""Small whole numbers as a collective's input: their sums over all ranks stay exact in the type.

Element i of rank r is (i mod p) + (r mod q), with p and q so small that no sum leaves the range in
which the type counts without gaps (2^24, 2^11 and 2^8 for the mantissas of IEEE 754 and bfloat16).
Integers wrap around alike wherever they are added.
"""

from typing import Final

import torch
from torch import Tensor

DTYPES: Final = {
    "float64": torch.float64, "float32": torch.float32, "float16": torch.float16,
    "bfloat16": torch.bfloat16, "int8": torch.int8, "int32": torch.int32, "int64": torch.int64,
}  # fmt: skip
_GAPLESS: Final = {torch.float16: 1 << 11, torch.bfloat16: 1 << 8}
_PERIOD: Final = 13
_OFFSETS: Final = 100


class Numbers:
    """The inputs of all ranks, known to every rank."""

    def __init__(
        self, dtype: torch.dtype, ranks: int, is_summed: bool, count: int, device: torch.device
    ) -> None:
        """Allocates `count` elements, the most that any size has; `is_summed` bounds the sums."""
        self.dtype = dtype
        self._ranks = ranks
        limit = _GAPLESS.get(dtype, 1 << 24)
        share = limit // ranks if is_summed else limit
        self._period = max(2, min(_PERIOD, share // 2))
        self._offsets = max(1, min(_OFFSETS, share - self._period)) if share > 2 else 1
        # Where not even zeros and ones of all ranks may be added, the ranks beyond give zeros.
        self._givers = limit if is_summed and share < 2 and dtype.is_floating_point else ranks
        line = torch.arange(self._period, dtype=torch.int64, device=device).to(dtype)
        self._pattern = line.repeat(-(-count // self._period) + 1)

    def fill(self, values: Tensor, rank: int) -> None:
        """Write `rank`'s elements from its first on."""
        if rank >= self._givers:
            values.zero_()
            return
        pattern = self._pattern[: len(values)]
        torch.add(pattern, rank % self._offsets, out=values)

    def of(self, rank: int, begin: int, end: int) -> Tensor:
        """Elements [begin, end) of a rank."""
        values = torch.empty(end - begin, dtype=self.dtype, device=self._pattern.device)
        if rank >= self._givers:
            return values.zero_()
        start = begin % self._period
        pattern = self._pattern[start : start + end - begin]
        return torch.add(pattern, rank % self._offsets, out=values)

    def total(self, begin: int, end: int) -> Tensor:
        """The sum of elements [begin, end) over all ranks."""
        givers = min(self._ranks, self._givers)
        offset = sum(rank % self._offsets for rank in range(givers))
        start = begin % self._period
        pattern = self._pattern[start : start + end - begin].to(torch.int64)
        return (pattern * givers + offset).to(self.dtype)
