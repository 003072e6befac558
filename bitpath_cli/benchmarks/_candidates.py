"""Every installed library that multiplies matrices, beside torch's own product of the same size.

NumPy runs in a process of its own, without the inherited variables that choose its kernels; where
there are such variables, once more with them. torch is in this process as it was inherited, and
where variables concern it, once more in a process without them.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from bitpath_cli.benchmarks._convolution import Convolution
from bitpath_cli.benchmarks._gemm_cases import Shape
from bitpath_cli.benchmarks._inherited import inherited, without
from bitpath_cli.benchmarks._product import Product
from bitpath_cli.benchmarks._product_apart import NoAnswer, product_apart
from bitpath_cli.benchmarks._torch_loops import CpuTrial, library
from bitpath_cli.model.protocols import Trial

NUMPY: Final = "numpy"
NUMPY_AS_INHERITED: Final = "numpy_inherited"
ONEDNN: Final = "onednn"
TORCH_ALONE: Final = "torch_uninherited"

# In this order: the threads of OpenBLAS stay awake for a while after their last product.
DTYPES: Final[Mapping[str, tuple[str, ...]]] = {
    ONEDNN: ("float32", "bfloat16"), NUMPY: ("float32", "float64"),
    NUMPY_AS_INHERITED: ("float32", "float64"), TORCH_ALONE: ("float32", "bfloat16"),
}  # fmt: skip


@contextlib.contextmanager
def open_candidates(
    product: Product, shape: Shape, threads: int, environment: Mapping[str, str], speaks: bool
) -> Iterator[dict[str, Trial]]:
    """The trials that can be had here by their names; what is not installed is left out.

    What variables change is looked at only for a product that `speaks` for others of its dtype.
    """
    found: dict[str, Trial] = {}
    wanted = [name for name, dtypes in DTYPES.items() if shape.dtype in dtypes]
    numpy, torch = inherited(environment, "numpy"), inherited(environment, library())
    apart = {
        NUMPY: ("numpy", without(environment, numpy)),
        NUMPY_AS_INHERITED: ("numpy", dict(environment) if numpy and speaks else None),
        TORCH_ALONE: ("torch", without(environment, torch) if torch and speaks else None),
    }
    with contextlib.ExitStack() as running:
        for name in wanted:
            if name == ONEDNN:
                # RuntimeError says that torch has no oneDNN, or that it lacks the instructions.
                with contextlib.suppress(RuntimeError, AttributeError):
                    convolution = Convolution(product, shape.dtype)
                    found[name] = CpuTrial(convolution.multiply, convolution.find_error)
                continue
            script, own = apart[name]
            if own is None:
                continue
            with contextlib.suppress(NoAnswer):
                found[name] = running.enter_context(
                    product_apart(script, shape.dtype, (shape.m, shape.n, shape.k), threads, own)
                )
        yield found
