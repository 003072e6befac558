"""Matrix products of random numbers in one dtype, and the bound that their error must keep.

The bound is Higham's, Accuracy and Stability of Numerical Algorithms, 2nd ed., §3.5, eq. 3.13, with
the Cauchy–Schwarz inequality for |A||B|.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from bitpath_cli.host import monotonic

CHECKED_ROWS: Final = 16
_CHECKED_COLUMNS: Final = 1024
_CHECKED_MATRICES: Final = 4
_SEED: Final = 20261124
_TRIALS: Final = 3


@dataclass(frozen=True, slots=True)
class Precision:
    """A dtype with the unit roundoffs of its inputs in use, its sums and its output."""

    dtype: torch.dtype
    output: torch.dtype
    input_roundoff: float
    sum_roundoff: float
    output_roundoff: float


PRECISIONS: Final = {
    "float64": Precision(torch.float64, torch.float64, 0.0, 2**-53, 2**-53),
    "float32": Precision(torch.float32, torch.float32, 0.0, 2**-24, 2**-24),
    "tf32": Precision(torch.float32, torch.float32, 2**-11, 2**-24, 2**-24),
    "float16": Precision(torch.float16, torch.float16, 0.0, 2**-24, 2**-11),
    "bfloat16": Precision(torch.bfloat16, torch.bfloat16, 0.0, 2**-24, 2**-8),
    "int8": Precision(torch.int8, torch.int32, 0.0, 0.0, 0.0),
}


class Product:
    """C = A·B with its memory allocated; `multiply` overwrites C.

    With a `batch` it is so many products at once. `linear` keeps B transposed, [n, k], as the
    weights of a linear layer lie.
    """

    def __init__(
        self,
        dtype: str,
        m: int,
        n: int,
        k: int,
        device: torch.device,
        batch: int = 1,
        linear: bool = False,
    ) -> None:
        """TF32 is used where the dtype is `tf32` and nowhere else; sums keep float32."""
        self._precision = PRECISIONS[dtype]
        torch.set_float32_matmul_precision("high" if dtype == "tf32" else "highest")
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        random = torch.Generator().manual_seed(_SEED)
        many = () if batch == 1 else (batch,)
        weights = (*many, n, k) if linear else (*many, k, n)
        self._a = _random((*many, m, k), self._precision.dtype, random).to(device)
        b = _random(weights, self._precision.dtype, random).to(device)
        self._b = b.mT if linear else b
        self._c = torch.empty(*many, m, n, dtype=self._precision.output, device=device)
        self.multiply: Callable[[], object] = self._find_operation()

    @property
    def operands(self) -> tuple[torch.Tensor, torch.Tensor]:
        """A and B."""
        return self._a, self._b

    def find_error(self) -> str | None:
        """Check some of the matrices, the first and the last among them."""
        self._c.fill_(1)
        self.multiply()
        if self._c.dim() == 2:
            return find_wrong(self._a, self._b, self._c, self._precision)
        for index in spread(len(self._c), _CHECKED_MATRICES):
            found = find_wrong(self._a[index], self._b[index], self._c[index], self._precision)
            if found is not None:
                return f"matrix {index}: {found}"
        return None

    def _find_operation(self) -> Callable[[], object]:
        a, b, c = self._a, self._b, self._c
        if self._precision.dtype is torch.int8:
            return lambda: torch._int_mm(a, b, out=c)
        if c.dim() == 3:
            return lambda: torch.bmm(a, b, out=c)
        return lambda: torch.mm(a, b, out=c)


def find_wrong(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, kept: Precision) -> str | None:
    """What is wrong with C = A·B, by rows and columns from the first to the last.

    They are compared with float64 products by another routine.
    """
    m, k = a.shape
    columns = spread(b.shape[1], _CHECKED_COLUMNS)
    some = b if len(columns) == b.shape[1] else b[:, columns]
    some = some.to(torch.float64)
    lengths = some.norm(dim=0)
    for row in spread(m, CHECKED_ROWS):
        told = a[row].to(torch.float64)
        wanted = torch.mv(some.t(), told)
        found = c[row, columns].to(torch.float64)
        wrong = ~((found - wanted).abs() <= _bound(kept, k, wanted, told.norm() * lengths))
        if bool(wrong.any()):
            at = int(wrong.nonzero()[0])
            return (
                f"element ({row}, {columns[at]}) of the product is {float(found[at]):g}, "
                f"not {float(wanted[at]):g}"
            )
    return None


def spread(count: int, most: int) -> list[int]:
    """At most so many numbers below `count`, from the first to the last."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _bound(kept: Precision, k: int, wanted: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
    relative = k * kept.sum_roundoff + 2 * kept.input_roundoff
    # The reference itself is summed in float64.
    exact = 0.0 if kept.dtype is torch.int8 else k * 2**-53
    return kept.output_roundoff * wanted.abs() + (relative + exact) * sizes


def time_trial(dtype: str, size: int, device: torch.device) -> float:
    """Seconds of a small product, the best of a few; RuntimeError where torch has none."""
    small = Product(dtype, size, size, size, device)
    seconds = []
    for _ in range(_TRIALS):
        begin = monotonic()
        small.multiply()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(monotonic() - begin)
    return min(seconds)


def _random(shape: tuple[int, ...], dtype: torch.dtype, random: torch.Generator) -> torch.Tensor:
    if dtype is torch.int8:
        return torch.randint(-128, 128, shape, dtype=dtype, generator=random)
    return torch.randn(shape, generator=random).to(dtype)
