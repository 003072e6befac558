"""A chain of addresses in random order, walked by a compiled loop that every glibc holds.

`_obstack_allocated_p` of glibc (malloc/obstack.c, part of its ABI) follows a list of chunks until
its end, and does nothing else: each load's address is what the load before it brought, which is
what lmbench's lat_mem_rd times. So the latency of memory needs no compiler here.
"""

import ctypes
from collections.abc import Callable
from itertools import cycle
from typing import Final

import torch

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._huge_pages import Extent
from bitpath_cli.model.reading import unsupported

_FUNCTION: Final = "_obstack_allocated_p"
# A chunk begins with the address of its end and that of the chunk before it.
_CHUNK_WORDS: Final = 2
_WORD_BYTES: Final = 8
_LEAST_HOPS: Final = 4096
_MOST_HOPS: Final = 16384
_CHECKED_WALKS: Final = 8
_SEED: Final = 20261124
# No chunk lies below it, so that the ends of chunks are never looked at.
_NOWHERE: Final = 1

Walk = Callable[[int, int], int]


class Chase:
    """Every line of a working set once in random order, or a few times where it is small.

    A long chain is cut into walks of equal length, which take turns.
    """

    def __init__(self, size_bytes: int, line_bytes: int) -> None:
        """CannotMeasure where this C library has no such loop."""
        self._walk = _find_function()
        lines, words = size_bytes // line_bytes, line_bytes // _WORD_BYTES
        buffer = torch.zeros((lines + 1) * words, dtype=torch.int64)
        skipped = -buffer.data_ptr() % line_bytes // _WORD_BYTES
        self._chunks = buffer[skipped:][: lines * words].view(-1, _CHUNK_WORDS)
        self.extent = Extent(self._chunks.data_ptr(), size_bytes)
        tours = min(words // _CHUNK_WORDS, -(-_LEAST_HOPS // lines))
        order = _tours(lines, tours, words // _CHUNK_WORDS)
        self.hops = len(order) // -(-len(order) // _MOST_HOPS)
        self._ways = order[: len(order) // self.hops * self.hops].view(-1, self.hops)
        self._link()
        # The head of a list of chunks; only the second of its words is read.
        self._head = (ctypes.c_int64 * 11)()
        self._starts = cycle(self._address(self._ways[:, 0]).tolist())

    def walk(self) -> None:
        """Follow the next walk to its end."""
        self._follow(next(self._starts), _NOWHERE)

    def call(self) -> None:
        """The same for a walk without a hop: what has to be taken off."""
        next(self._starts)
        self._follow(0, _NOWHERE)

    def find_error(self) -> str | None:
        """Whether the loop finds an address that the last chunk of a walk alone holds."""
        for way in self._ways[:: max(1, len(self._ways) // _CHECKED_WALKS)]:
            start, last = self._address(way[[0, -1]]).tolist()
            missed = self._follow(start, last + 1)
            self._chunks[way[-1], 0] = last + 1
            found = self._follow(start, last + 1)
            self._chunks[way[-1], 0] = 0
            if (missed, found) != (0, 1):
                return f"a walk of {self.hops} hops does not end where it should"
        return None

    def _link(self) -> None:
        self._chunks[self._ways[:, :-1].flatten(), 1] = self._address(self._ways[:, 1:]).flatten()
        self._chunks[self._ways[:, -1], 1] = 0

    def _address(self, chunk: torch.Tensor) -> torch.Tensor:
        return self._chunks.data_ptr() + chunk * (_CHUNK_WORDS * _WORD_BYTES)

    def _follow(self, start: int, wanted: int) -> int:
        self._head[1] = start
        return self._walk(ctypes.addressof(self._head), wanted)


def _tours(lines: int, tours: int, chunks_per_line: int) -> torch.Tensor:
    """The chunks of all tours in their order: every tour has a chunk of its own in each line."""
    random = torch.Generator().manual_seed(_SEED)
    order = [
        torch.randperm(lines, generator=random) * chunks_per_line + tour for tour in range(tours)
    ]
    return torch.cat(order)


def _find_function() -> Walk:
    if ctypes.sizeof(ctypes.c_void_p) != _WORD_BYTES:
        raise CannotMeasure(unsupported("latency is measured on 64-bit machines"))
    try:
        found = ctypes.CDLL(None)[_FUNCTION]
    except (AttributeError, OSError) as error:
        raise CannotMeasure(
            unsupported(
                f"this C library has no loop that follows addresses ({_FUNCTION}, in every glibc)",
                "measure it where Python runs on glibc",
            )
        ) from error
    found.argtypes, found.restype = (ctypes.c_void_p, ctypes.c_void_p), ctypes.c_int
    return found
