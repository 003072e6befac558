"""How DistributedDataParallel gathers gradients: a bucket closes once it holds its least bytes.

After PyTorch's reducer (compute_bucket_assignment_by_size): 1 MiB for the first, 25 MiB after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FIRST_BYTES: Final = 1 << 20
OTHER_BYTES: Final = 25 << 20


@dataclass(frozen=True, slots=True)
class Bucket:
    """Bytes that are reduced together, and the share of backward after which they are ready."""

    size_bytes: int
    ready: float


def gather(sizes: Sequence[int], ready: Sequence[float]) -> tuple[Bucket, ...]:
    """The buckets of gradients with these bytes, in the order in which they become ready."""
    made: list[Bucket] = []
    held = 0
    for size, moment in zip(sizes, ready, strict=True):
        held += size
        if held >= (OTHER_BYTES if made else FIRST_BYTES):
            made.append(Bucket(held, moment))
            held = 0
    if held:
        made.append(Bucket(held, ready[-1]))
    return tuple(made)
