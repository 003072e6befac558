"""How fast main memory is read and written: kernels like those of STREAM (a variant of it).

Words per element are counted as STREAM does, and arrays sized by its rule: each at least four times
all last-level caches together (McCalpin, https://www.cs.virginia.edu/stream/ref.html).
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from bitpath_cli.benchmarks import Benchmark, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.host import Host
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.reading import Method, Missing, Origin, Quantity, failed
from bitpath_cli.model.result import (
    Ceiling,
    Direction,
    Doubt,
    Parameters,
    Samples,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND

CACHE_FACTOR: Final = 4
MEMORY_SHARE: Final = 0.25
"""All three arrays together take at most this share of the memory that may be used."""

_KERNELS: Final = ("copy", "scale", "add", "triad")
_SMALLEST_BYTES: Final = 64 << 20
_UNKNOWN_CACHE_BYTES: Final = 256 << 20
_PAGE: Final = 4096
_THP: Final = "/sys/kernel/mm/transparent_hugepage/enabled"


def find_cases(context: Context) -> tuple[Case, ...]:
    """All threads, and one thread where there are more."""
    parameters: Parameters = {
        "variant": "stream-like", "array_bytes": _array_bytes(context), "dtype": "float64",
        "device": "cpu", "huge_pages": _huge_pages(context.host),
    }  # fmt: skip
    counts = (context.threads, 1) if context.threads > 1 else (1,)
    return tuple(Case({**parameters, "threads": count}) for count in counts)


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """One loop per kernel, on the same three arrays."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._streams import ELEMENT_BYTES, WORDS, Streams

    device = _torch_loops.find_device("cpu")
    size_bytes = int(case.parameters["array_bytes"])
    length = size_bytes // ELEMENT_BYTES
    with _torch_loops.threads(int(case.parameters["threads"])):
        streams = Streams(size_bytes, device)
        yield {
            name: Loop(
                _torch_loops.CpuTrial(streams.kernel(name), partial(streams.find_error, name)),
                WORDS[name] * ELEMENT_BYTES * length,
                BYTE,
            )
            for name in _KERNELS
        }


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The bandwidth of every kernel, beside that of the memory's channels where it is known."""
    from bitpath_cli.benchmarks import _torch_loops

    source = f"memory_bandwidth (stream-like), {_torch_loops.library()}"
    ceiling = _find_ceiling(context)
    is_small = int(case.parameters["array_bytes"]) < CACHE_FACTOR * context.cache_bytes
    reasons = (Doubt.TOO_SMALL,) if is_small else ()
    validity = Validity.DEGRADED if is_small else Validity.VALID
    metrics = []
    for name in _KERNELS:
        if name not in samples:
            spent = failed("the budget was spent before its turn", "use a larger --budget")
            origin = Origin(method=Method.MEASURED, source=source)
            made = missing_metric(name, BYTE_PER_SECOND, spent, Direction.HIGHER, origin)
        else:
            found = samples[name]
            made = metric(
                name, rate(found, found.work, BYTE_PER_SECOND, source), Direction.HIGHER,
                ceiling=ceiling, reasons=reasons, validity=validity,
            )  # fmt: skip
        metrics.append(made)
    return Conclusion(tuple(metrics), validity=validity, reasons=reasons)


def _array_bytes(context: Context) -> int:
    """By STREAM's rule, within a share of the memory that may be used, in whole pages."""
    wanted = max(_SMALLEST_BYTES, CACHE_FACTOR * context.cache_bytes)
    if context.cache_bytes == 0:
        wanted = _UNKNOWN_CACHE_BYTES
    allowed = int(context.memory_bytes * MEMORY_SHARE) // 3
    return max(_PAGE, min(wanted, allowed) // _PAGE * _PAGE)


def _find_ceiling(context: Context) -> Ceiling | None:
    for each in context.components:
        if isinstance(each, Memory) and isinstance(each.channels_bandwidth, Quantity):
            told = each.channels_bandwidth
            return Ceiling(value=told.value, unit=told.unit, source=told.origin.source)
    return None


def _huge_pages(host: Host) -> str:
    """The kernel's policy for transparent huge pages, which torch asks for where it is madvise."""
    told = host.read_text(_THP)
    chosen = None if isinstance(told, Missing) else re.search(r"\[(\w+)\]", told)
    return chosen[1] if chosen else "unknown"


BENCHMARK = Benchmark(
    summary="Main memory: copy, scale, add and triad, like STREAM",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    blocks=3,
    fills_processors=True,
    weight=1.3,
)
