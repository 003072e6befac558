"""A library's matrix products called bare: `bare_product LIBRARY THREADS` prints rates by type.

Each is the median of single products of 1024³ in a sixth of a second, after three that warm up.
"""

import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

EDGE = 1024
SECONDS = 1 / 6


def rate(multiply: Callable[[], object]) -> float:
    """Operations a second."""
    for _ in range(3):
        multiply()
    times: list[float] = []
    while sum(times) < SECONDS or len(times) < 5:
        begin = perf_counter()
        multiply()
        times.append(perf_counter() - begin)
    return 2 * EDGE**3 / median(times)


def by_numpy() -> dict[str, float]:
    """Its threads are set by the environment."""
    import numpy

    random, found = numpy.random.default_rng(1), {}
    for dtype in ("float32", "float64"):
        a, b = (random.standard_normal((EDGE, EDGE)).astype(dtype) for _ in range(2))
        c = numpy.empty_like(a)

        def multiply(a: object = a, b: object = b, c: object = c) -> object:
            return numpy.matmul(a, b, out=c)  # type: ignore[call-overload]

        found[dtype] = rate(multiply)
    return found


def by_torch(threads: int) -> dict[str, float]:
    """As torch is without further ado."""
    import torch

    torch.set_num_threads(threads)
    found = {}
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        a, b = (torch.randn(EDGE, EDGE).to(dtype) for _ in range(2))
        c = torch.empty_like(a)
        found[str(dtype).removeprefix("torch.")] = rate(
            lambda a=a, b=b, c=c: torch.mm(a, b, out=c)  # type: ignore[misc]
        )
    a, b = (torch.randint(-128, 128, (EDGE, EDGE), dtype=torch.int8) for _ in range(2))
    sums = torch.empty(EDGE, EDGE, dtype=torch.int32)
    found["int8"] = rate(lambda: torch._int_mm(a, b, out=sums))
    return found


if __name__ == "__main__":
    library, threads = sys.argv[1], int(sys.argv[2])
    told = by_numpy() if library == "numpy" else by_torch(threads)
    sys.stdout.write(json.dumps(told) + "\n")
