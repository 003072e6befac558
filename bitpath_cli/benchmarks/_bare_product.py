"""A script that multiplies matrices by one library, NumPy or torch, as often as it is told.

It is a process of its own because a library reads its environment once, when it is loaded; there
its threads are set by hand. It imports nothing of bitpath and starts by its path: `LIBRARY DTYPE M
N K`. Each line that it reads is a number of products to time, or 0 to check one against float64; it
answers every line, and its own start, with a line of JSON.
"""

import json
import os
import sys
from time import perf_counter
from typing import Any

_SEED = 20261124
_CHECKED_ROWS = 4
# Unit roundoffs of the sums and of the output, and Higham's bound, as in _product.py.
_ROUNDOFFS = {"float64": (2**-53, 2**-53), "float32": (2**-24, 2**-24), "bfloat16": (2**-24, 2**-8)}


class NumpyProduct:
    """C = A·B by NumPy's BLAS."""

    def __init__(self, dtype: str, m: int, n: int, k: int) -> None:
        import numpy

        self.rows = m
        random = numpy.random.default_rng(_SEED)
        self._a = random.standard_normal((m, k)).astype(dtype)
        self._b = random.standard_normal((k, n)).astype(dtype)
        self._c = numpy.ones((m, n), dtype)
        self._multiply = numpy.matmul

    def multiply(self) -> object:
        """Overwrite C."""
        return self._multiply(self._a, self._b, out=self._c)

    def in_float64(self, rows: list[int]) -> tuple[Any, Any, Any]:
        """These rows of A, B, and these rows of C."""
        parts = (self._a[rows], self._b, self._c[rows])
        a, b, c = (each.astype("float64", copy=False) for each in parts)
        return a, b, c


class TorchProduct:
    """The same by torch, with float32 as it is unless told otherwise."""

    def __init__(self, dtype: str, m: int, n: int, k: int) -> None:
        import torch

        self.rows = m
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        random = torch.Generator().manual_seed(_SEED)
        kind = getattr(torch, dtype)
        self._a = torch.randn(m, k, generator=random).to(kind)
        self._b = torch.randn(k, n, generator=random).to(kind)
        self._c = torch.ones(m, n, dtype=kind)
        self._multiply = torch.mm

    def multiply(self) -> object:
        """Overwrite C."""
        return self._multiply(self._a, self._b, out=self._c)

    def in_float64(self, rows: list[int]) -> tuple[Any, Any, Any]:
        """These rows of A, B, and these rows of C."""
        a, b, c = (each.double().numpy() for each in (self._a[rows], self._b, self._c[rows]))
        return a, b, c


_PRODUCTS: dict[str, type[NumpyProduct] | type[TorchProduct]] = {
    "numpy": NumpyProduct,
    "torch": TorchProduct,
}


def find_error(product: NumpyProduct | TorchProduct, dtype: str) -> str:
    """What is wrong with some rows of a product, or nothing."""
    import numpy

    product.multiply()
    last = product.rows - 1
    rows = sorted({round(i * last / (_CHECKED_ROWS - 1)) for i in range(_CHECKED_ROWS)})
    a, b, c = product.in_float64(rows)
    sums, output = _ROUNDOFFS[dtype]
    lengths = numpy.linalg.norm(b, axis=0)
    for row, told, found in zip(rows, a, c, strict=True):
        wanted = b.T @ told
        bound = len(told) * (sums + 2**-53) * numpy.linalg.norm(told) * lengths
        wrong = ~(abs(found - wanted) <= output * abs(wanted) + bound)
        if wrong.any():
            at = int(wrong.argmax())
            return f"element ({row}, {at}) of the product is {found[at]:g}, not {wanted[at]:g}"
    return ""


def time_products(product: NumpyProduct | TorchProduct, count: int) -> float:
    """Seconds of so many products."""
    multiply = product.multiply
    begin = perf_counter()
    for _ in range(count):
        multiply()
    return perf_counter() - begin


def main() -> None:
    """Answer every line until there are no more."""
    # Libraries may print; what they say is no answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(**told: object) -> None:
        answers.write(json.dumps(told) + "\n")

    name, dtype, *shape = sys.argv[1:]
    m, n, k = (int(each) for each in shape)
    try:
        product = _PRODUCTS[name](dtype, m, n, k)
    except Exception as error:
        answer(refusal=f"{type(error).__name__}: {error}")
        return
    answer(ready=True)
    for line in sys.stdin:
        if int(line) == 0:
            answer(error=find_error(product, dtype))
        else:
            answer(seconds=time_products(product, int(line)))


if __name__ == "__main__":
    main()
