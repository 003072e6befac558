"""The four stream kernels on three arrays of float64, each one fused pass of torch's, and a sum."""

from collections.abc import Callable, Mapping
from typing import Final

import torch

from bitpath_cli.benchmarks._huge_pages import Extent

SCALAR: Final = 3.0
ELEMENT_BYTES: Final = 8
WORDS: Final[Mapping[str, int]] = {"copy": 2, "scale": 2, "add": 3, "triad": 3, "read": 1}
"""Words read and written per element; that a line is read before it is written is not counted."""

# Every operation on a part waits for all threads: few large parts.
_CHUNK: Final = 1 << 22
# Sums of places below it are exact in float64 for any array that a machine can hold.
_PERIOD: Final = 4096


class Streams:
    """Arrays whose pages are first touched by the threads that use them later."""

    def __init__(self, array_bytes: int, device: torch.device) -> None:
        """Three arrays of that size; torch's loops give each thread the same part every time."""
        length = array_bytes // ELEMENT_BYTES
        self._a, self._b, self._c = (
            torch.empty(length, dtype=torch.float64, device=device).fill_(value)
            for value in (1.0, 2.0, 0.0)
        )

    @property
    def extents(self) -> tuple[Extent, ...]:
        """Where the arrays lie."""
        return tuple(Extent(each.data_ptr(), each.nbytes) for each in (self._a, self._b, self._c))

    def kernel(self, name: str) -> Callable[[], object]:
        """The kernel of that name; none reads what it writes, so it can run again and again."""
        a, b, c = self._a, self._b, self._c
        return {
            "copy": lambda: c.copy_(a),
            "scale": lambda: torch.mul(c, SCALAR, out=b),
            "add": lambda: torch.add(a, b, out=c),
            "triad": lambda: torch.add(b, c, alpha=SCALAR, out=a),
            "read": lambda: torch.sum(a),
        }[name]

    def find_error(self, name: str) -> str | None:
        """Run a kernel once on numbers that differ by place, and compare every element."""
        if name == "read":
            return self._find_wrong_sum()
        a, b, c = self._a, self._b, self._c
        sources, target = {
            "copy": ((a,), c), "scale": ((c,), b), "add": ((a, b), c), "triad": ((b, c), a),
        }[name]  # fmt: skip
        for offset, source in enumerate(sources):
            torch.arange(offset, offset + len(source), out=source)
        target.fill_(-1.0)
        self.kernel(name)()
        for begin in range(0, len(target), _CHUNK):
            end = min(begin + _CHUNK, len(target))
            place = torch.arange(begin, end, dtype=torch.float64, device=target.device)
            wrong = target[begin:end] != _expected(name, place)
            if bool(wrong.any()):
                index = begin + int(wrong.nonzero()[0])
                return f"element {index} of {name} is {float(target[index]):g}"
        return None

    def _find_wrong_sum(self) -> str | None:
        """The sum of each place's remainder, which is exact."""
        fill_periodic(self._a)
        found, wanted = float(torch.sum(self._a)), periodic_sum(len(self._a))
        return None if found == wanted else f"the sum is {found:g}, not {wanted:g}"


class Rereading:
    """A working set that one operation reads from its first to its last byte, many times over."""

    def __init__(self, size_bytes: int, times: int) -> None:
        """A tensor of many rows that all are the same memory."""
        self._array = torch.empty(size_bytes // ELEMENT_BYTES, dtype=torch.float64)
        self._times = times
        fill_periodic(self._array)
        self.read_bytes = times * self._array.nbytes
        self.extent = Extent(self._array.data_ptr(), self._array.nbytes)
        self.read: Callable[[], torch.Tensor] = self._array.expand(times, -1).sum

    def find_error(self) -> str | None:
        """Compare the sum, which is exact."""
        found, wanted = float(self.read()), self._times * periodic_sum(len(self._array))
        return None if found == wanted else f"the sum is {found:g}, not {wanted:g}"


def fill_periodic(array: torch.Tensor) -> None:
    """Every element the remainder of its place."""
    torch.arange(len(array), out=array)
    array.remainder_(_PERIOD)


def periodic_sum(length: int) -> float:
    """The sum of so many elements filled by `fill_periodic`."""
    periods, rest = divmod(length, _PERIOD)
    return float(periods * (_PERIOD * (_PERIOD - 1) // 2) + rest * (rest - 1) // 2)


def _expected(name: str, place: torch.Tensor) -> torch.Tensor:
    """Exact in float64: the first source holds its index, the second its index and 1."""
    return {
        "copy": lambda: place,
        "scale": lambda: SCALAR * place,
        "add": lambda: place + (place + 1),
        "triad": lambda: place + SCALAR * (place + 1),
    }[name]()
