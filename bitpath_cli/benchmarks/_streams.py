"""The four stream kernels on three arrays of float64, each one fused pass of torch's."""

from collections.abc import Callable, Mapping
from typing import Final

import torch

SCALAR: Final = 3.0
ELEMENT_BYTES: Final = 8
WORDS: Final[Mapping[str, int]] = {"copy": 2, "scale": 2, "add": 3, "triad": 3}
"""Words read and written per element; that a line is read before it is written is not counted."""

# Every operation on a part waits for all threads: few large parts.
_CHUNK: Final = 1 << 22


class Streams:
    """Arrays whose pages are first touched by the threads that use them later."""

    def __init__(self, array_bytes: int, device: torch.device) -> None:
        """Three arrays of that size; torch's loops give each thread the same part every time."""
        length = array_bytes // ELEMENT_BYTES
        self._a, self._b, self._c = (
            torch.empty(length, dtype=torch.float64, device=device).fill_(value)
            for value in (1.0, 2.0, 0.0)
        )

    def kernel(self, name: str) -> Callable[[], object]:
        """The kernel of that name; none reads what it writes, so it can run again and again."""
        a, b, c = self._a, self._b, self._c
        return {
            "copy": lambda: c.copy_(a),
            "scale": lambda: torch.mul(c, SCALAR, out=b),
            "add": lambda: torch.add(a, b, out=c),
            "triad": lambda: torch.add(b, c, alpha=SCALAR, out=a),
        }[name]

    def find_error(self, name: str) -> str | None:
        """Run a kernel once on numbers that differ by place, and compare every element."""
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


def _expected(name: str, place: torch.Tensor) -> torch.Tensor:
    """Exact in float64: the first source holds its index, the second its index and 1."""
    return {
        "copy": lambda: place,
        "scale": lambda: SCALAR * place,
        "add": lambda: place + (place + 1),
        "triad": lambda: place + SCALAR * (place + 1),
    }[name]()
