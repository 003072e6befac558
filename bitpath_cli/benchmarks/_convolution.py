"""The product of a 1×1 convolution: the same C = A·B, computed by oneDNN and never by torch's BLAS.

Rows of A are the pixels of images, columns their channels; B holds a filter per column of C.
"""

from typing import Final

import torch

from bitpath_cli.benchmarks._product import PRECISIONS, Product, find_wrong

_IMAGES: Final = 16
_NO_PADDING: Final = (0, 0)
_EVERY_PIXEL: Final = (1, 1)


class Convolution:
    """A Product's matrices, convolved; RuntimeError where torch does not give them to oneDNN."""

    def __init__(self, product: Product, dtype: str) -> None:
        """Lays the matrices out as oneDNN likes them best: channels last, filters as they are."""
        self._a, self._b = product.operands
        self._precision = PRECISIONS[dtype]
        m, k = self._a.shape
        images = _IMAGES if m % _IMAGES == 0 else 1
        self._images = self._a.reshape(images, m // images, 1, k).permute(0, 3, 1, 2)
        self._filters = self._b.t().contiguous().reshape(-1, k, 1, 1)
        self.multiply()

    def multiply(self) -> torch.Tensor:
        """A new C, as images."""
        with torch.inference_mode():
            return torch.mkldnn_convolution(
                self._images, self._filters, None, _NO_PADDING, _EVERY_PIXEL, _EVERY_PIXEL, 1
            )

    def find_error(self) -> str | None:
        """See Trial."""
        c = self.multiply().permute(0, 2, 3, 1).reshape(len(self._a), -1)
        return find_wrong(self._a, self._b, c, self._precision)
