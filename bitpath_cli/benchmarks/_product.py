"""A matrix product of random numbers in one dtype, and the bound that its error must keep.

The bound is Higham's, Accuracy and Stability of Numerical Algorithms, 2nd ed., §3.5, eq. 3.13, with
the Cauchy–Schwarz inequality for |A||B|.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from bitpath_cli.host import monotonic

CHECKED_ROWS: Final = 16
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
    """C = A·B with its memory allocated; `multiply` overwrites C."""

    def __init__(self, dtype: str, m: int, n: int, k: int, device: torch.device) -> None:
        """TF32 is used where the dtype is `tf32` and nowhere else; sums keep float32."""
        self._precision = PRECISIONS[dtype]
        torch.set_float32_matmul_precision("high" if dtype == "tf32" else "highest")
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        random = torch.Generator().manual_seed(_SEED)
        self._a = _random(m, k, self._precision.dtype, random).to(device)
        self._b = _random(k, n, self._precision.dtype, random).to(device)
        self._c = torch.empty(m, n, dtype=self._precision.output, device=device)
        self.multiply: Callable[[], object] = self._find_operation()

    def find_error(self) -> str | None:
        """Compare rows from the first to the last with float64 products by another routine."""
        self._c.fill_(1)
        self.multiply()
        m, k = self._a.shape
        b = self._b.to(torch.float64)
        columns = b.norm(dim=0)
        for row in sorted({round(i * (m - 1) / (CHECKED_ROWS - 1)) for i in range(CHECKED_ROWS)}):
            a = self._a[row].to(torch.float64)
            wanted = torch.mv(b.t(), a)
            allowed = self._bound(k, wanted, a.norm() * columns)
            wrong = ~((self._c[row].to(torch.float64) - wanted).abs() <= allowed)
            if bool(wrong.any()):
                column = int(wrong.nonzero()[0])
                return (
                    f"element ({row}, {column}) of the product is "
                    f"{float(self._c[row, column]):g}, not {float(wanted[column]):g}"
                )
        return None

    def _bound(self, k: int, wanted: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
        kept = self._precision
        spread = k * kept.sum_roundoff + 2 * kept.input_roundoff
        # The reference itself is summed in float64.
        exact = 0.0 if kept.dtype is torch.int8 else k * 2**-53
        return kept.output_roundoff * wanted.abs() + (spread + exact) * sizes

    def _find_operation(self) -> Callable[[], object]:
        a, b, c = self._a, self._b, self._c
        if self._precision.dtype is torch.int8:
            return lambda: torch._int_mm(a, b, out=c)
        return lambda: torch.mm(a, b, out=c)


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


def _random(rows: int, columns: int, dtype: torch.dtype, random: torch.Generator) -> torch.Tensor:
    if dtype is torch.int8:
        return torch.randint(-128, 128, (rows, columns), dtype=dtype, generator=random)
    return torch.randn(rows, columns, generator=random).to(dtype)
