"""What each collective moves, by the conventions of nccl-tests (doc/PERFORMANCE.md).

The size of an all_gather, reduce_scatter or all_to_all is that of all ranks' parts together, and of
any other collective that of one rank's message.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.model.reading import Missing, unsupported

OperationName = Literal[
    "all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce", "all_to_all", "send_recv"
]
SUM: Final = -1
"""In place of a source rank: the sum over all of them."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Elements [begin, end) of what a rank receives: `source`'s elements from `offset` on."""

    begin: int
    end: int
    source: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """A collective over n ranks, of `count` elements by the convention above.

    `factor` is what each rank's link carries per byte of the size, and `steps` how many messages
    follow each other where the backend uses a ring, or a binomial tree from or to one root.
    `given_parts` and `received_parts` say whether a rank gives or receives one n-th of the size.
    """

    factor: Callable[[int], float]
    steps: Callable[[int], int]
    pieces: Callable[[int, int, int], tuple[Piece, ...]]
    gives_part: bool = False
    receives_part: bool = False
    is_summed: bool = False
    is_in_place: bool = False

    def given(self, count: int, ranks: int) -> int:
        """How many elements a rank hands over."""
        return count // ranks if self.gives_part else count

    def received(self, count: int, ranks: int) -> int:
        """How many elements a rank gets."""
        return count // ranks if self.receives_part else count


def _tree_steps(ranks: int) -> int:
    return max(1, math.ceil(math.log2(ranks)))


def _each_source(count: int, ranks: int, offset: int) -> tuple[Piece, ...]:
    part = count // ranks
    return tuple(
        Piece(source * part, (source + 1) * part, source, offset) for source in range(ranks)
    )


OPERATIONS: Final[Mapping[OperationName, Operation]] = {
    "all_reduce": Operation(
        factor=lambda n: 2 * (n - 1) / n, steps=lambda n: 2 * (n - 1),
        pieces=lambda _rank, count, _n: (Piece(0, count, SUM),),
        is_summed=True, is_in_place=True,
    ),
    "all_gather": Operation(
        factor=lambda n: (n - 1) / n, steps=lambda n: n - 1,
        pieces=lambda _rank, count, n: _each_source(count, n, 0), gives_part=True,
    ),
    "reduce_scatter": Operation(
        factor=lambda n: (n - 1) / n, steps=lambda n: n - 1,
        pieces=lambda rank, count, n: (Piece(0, count // n, SUM, rank * (count // n)),),
        receives_part=True, is_summed=True,
    ),
    "broadcast": Operation(
        factor=lambda _: 1.0, steps=_tree_steps,
        pieces=lambda _rank, count, _n: (Piece(0, count, 0),), is_in_place=True,
    ),
    "reduce": Operation(
        factor=lambda _: 1.0, steps=_tree_steps,
        pieces=lambda rank, count, _n: (Piece(0, count, SUM),) if rank == 0 else (),
        is_summed=True, is_in_place=True,
    ),
    "all_to_all": Operation(
        factor=lambda n: (n - 1) / n, steps=lambda n: n - 1,
        pieces=lambda rank, count, n: _each_source(count, n, rank * (count // n)),
    ),
    "send_recv": Operation(
        factor=lambda _: 1.0, steps=lambda _: 1,
        pieces=lambda rank, count, n: (Piece(0, count, (rank - 1) % n),),
    ),
}  # fmt: skip


def find_operation(name: str) -> Operation:
    """The collective of that name; KeyError where there is none."""
    return next(found for known, found in OPERATIONS.items() if known == name)


def bus_factor(name: str, ranks: int) -> float | Missing:
    """What each rank's link carries per byte of a collective's size; nothing for one rank."""
    if ranks < 2:
        return unsupported(
            "one rank has nobody to exchange bytes with, so there is no bus bandwidth",
            "start at least two ranks",
        )
    return find_operation(name).factor(ranks)
