"""Main memory by kernels like STREAM's: by number of threads and by NUMA node.

Words per element are counted as STREAM does, and arrays sized by its rule: each at least four times
all last-level caches together (McCalpin, https://www.cs.virginia.edu/stream/ref.html).
"""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Final

from bitpath_cli.benchmarks import CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._huge_pages import find_policy, find_share, parse_node_share
from bitpath_cli.benchmarks._numa import find_nodes, staying_on
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.reading import (
    Method,
    Missing,
    Origin,
    Quantity,
    absent,
    failed,
    unsupported,
)
from bitpath_cli.model.result import (
    Ceiling,
    Direction,
    Doubt,
    Metric,
    Parameters,
    Samples,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, ONE, human

if TYPE_CHECKING:
    from bitpath_cli.benchmarks._streams import Streams

VARIANT: Final = "stream-like"
KERNELS: Final = ("triad", "copy", "scale", "add", "read")
"""In the order in which they run: what the cost model uses comes first, should the budget end."""

ARRAYS: Final = 3
CACHE_FACTOR: Final = 4
MEMORY_SHARE: Final = 0.25
"""All arrays together take at most this share of the memory that may be used."""

LARGEST_SHARE: Final = 0.8
"""The same where a person chose their size."""

# What the cost model uses; enough to see how it grows with threads, and what a far node costs.
_HEADLINE: Final = ("triad",)
_SMALLEST_BYTES: Final = 64 << 20
_UNKNOWN_CACHE_BYTES: Final = 256 << 20
_PAGE: Final = 4096
_ON_ITS_NODE: Final = 0.95
_NUMA_MAPS_BYTES: Final = 4 << 20


def find_cases(context: Context) -> tuple[Case, ...]:
    """All threads and one; the numbers between and NUMA nodes where there is time."""
    common: Parameters = {
        "variant": VARIANT, "array_bytes": array_bytes(context), "dtype": "float64",
        "device": "cpu", "huge_pages": find_policy(context.host),
    }  # fmt: skip
    counts = (context.threads, 1) if context.threads > 1 else (1,)
    cases = [Case({**common, "threads": count}) for count in counts]
    if not context.quick:
        cases += [Case({**common, "threads": each}, 0.4) for each in _between(context.threads)]
        cases += [Case({**common, **each}, 0.4) for each in _placements(context)]
    return tuple(cases)


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """One loop per kernel, on the same three arrays."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._streams import ELEMENT_BYTES, WORDS

    _refuse_too_large(case, context)
    length = int(case.parameters["array_bytes"]) // ELEMENT_BYTES
    streams = _allocate(case, context)
    share = find_share(context.host, streams.extents)
    seen = {"huge_page_share": (share.value,)} if isinstance(share, Quantity) else {}
    with _running_on(case, context), _torch_loops.threads(int(case.parameters["threads"])):
        yield {
            name: Loop(
                _torch_loops.CpuTrial(streams.kernel(name), partial(streams.find_error, name)),
                WORDS[name] * ELEMENT_BYTES * length,
                BYTE,
                evidence=lambda: seen,
            )
            for name in find_kernels(case, context)
        }


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The bandwidth of every kernel, beside that of the memory's channels where it is known."""
    is_small = int(case.parameters["array_bytes"]) < CACHE_FACTOR * context.cache_bytes
    reasons = (Doubt.TOO_SMALL,) if is_small else ()
    # A node has some of the channels; which, nothing tells.
    ceiling = None if "cpu_node" in case.parameters else _find_ceiling(context)
    kernels = find_kernels(case, context)
    found = kernel_metrics(kernels, samples, "memory_bandwidth (stream-like)", ceiling, reasons)
    pages = huge_page_metric(next(iter(samples.values())))
    validity = Validity.DEGRADED if is_small else Validity.VALID
    return Conclusion((*found, pages), {"huge_page_share": ()}, validity=validity, reasons=reasons)


def find_kernels(case: Case, context: Context) -> tuple[str, ...]:
    """All of them with all threads, with one and on a GPU; else triad alone."""
    told = case.parameters
    is_main = told.get("threads", 1) in (1, context.threads) and "cpu_node" not in told
    return KERNELS if is_main else _HEADLINE


def kernel_metrics(
    kernels: tuple[str, ...],
    samples: Mapping[str, Samples],
    source: str,
    ceiling: Ceiling | None = None,
    reasons: tuple[Doubt, ...] = (),
) -> list[Metric]:
    """A metric a loop; Missing for those that the budget did not reach."""
    from bitpath_cli.benchmarks import _torch_loops

    source = f"{source}, {_torch_loops.library()}"
    validity = Validity.DEGRADED if reasons else Validity.VALID
    made = []
    for name in kernels:
        if name in samples:
            found = rate(samples[name], samples[name].work, BYTE_PER_SECOND, source)
            made.append(
                metric(
                    name, found, Direction.HIGHER,
                    ceiling=ceiling, reasons=reasons, validity=validity,
                )
            )  # fmt: skip
        else:
            spent = failed("the budget was spent before its turn", "use a larger --budget")
            origin = Origin(method=Method.MEASURED, source=source)
            made.append(missing_metric(name, BYTE_PER_SECOND, spent, Direction.HIGHER, origin))
    return made


def huge_page_metric(samples: Samples) -> Metric:
    """The share of the arrays that lay in huge pages, over all processes."""
    name, seen = "huge_page_share", samples.evidence("huge_page_share")
    origin = Origin(
        method=Method.DERIVED,
        source="/proc/self/smaps: AnonHugePages of Rss, of the arrays' mappings",
    )
    if not seen:
        unknown = unsupported("/proc/self/smaps could not be read, so the pages' size is unknown")
        return missing_metric(name, ONE, unknown, Direction.HIGHER, origin)
    found = Quantity(value=median(seen), unit=ONE, origin=origin)
    return metric(name, found, Direction.HIGHER)


def array_bytes(context: Context) -> int:
    """By STREAM's rule, within a share of the memory that may be used, in whole pages."""
    wanted = max(_SMALLEST_BYTES, CACHE_FACTOR * context.cache_bytes)
    if context.cache_bytes == 0:
        wanted = _UNKNOWN_CACHE_BYTES
    allowed = int(context.memory_bytes * MEMORY_SHARE) // ARRAYS
    return max(_PAGE, min(wanted, allowed) // _PAGE * _PAGE)


def _between(threads: int) -> tuple[int, ...]:
    """The powers of two above one and below all."""
    return tuple(1 << power for power in range(1, threads.bit_length()) if 1 << power < threads)


def _placements(context: Context) -> tuple[Parameters, ...]:
    """From the first node to every one; from each where every size is wanted."""
    nodes = find_nodes(context.host)
    if len(nodes) < 2:
        return ()
    return tuple(
        {
            "placement": "local" if at == node else "remote", "cpu_node": node, "memory_node": at,
            "threads": min(context.threads, len(nodes[node])),
        }
        for node in (nodes if context.thorough else tuple(nodes)[:1])
        for at in nodes
    )  # fmt: skip


def _refuse_too_large(case: Case, context: Context) -> None:
    """What a person asked for must not end in the kernel's killing something."""
    wanted = ARRAYS * int(case.parameters["array_bytes"])
    if wanted > LARGEST_SHARE * context.memory_bytes:
        raise CannotMeasure(
            failed(
                f"three arrays take {human(wanted, BYTE)}, and "
                f"{human(context.memory_bytes, BYTE)} of memory may be used",
                "choose smaller arrays",
            )
        )


def _allocate(case: Case, context: Context) -> "Streams":
    """Pages lie on the node whose processor touches them first."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._streams import Streams

    size_bytes, device = int(case.parameters["array_bytes"]), _torch_loops.find_device("cpu")
    if "memory_node" not in case.parameters:
        with _torch_loops.threads(int(case.parameters["threads"])):
            return Streams(size_bytes, device)
    node = int(case.parameters["memory_node"])
    with staying_on(_processors(context, node)), _torch_loops.threads(1):
        streams = Streams(size_bytes, device)
    text = context.host.read_text("/proc/self/numa_maps", _NUMA_MAPS_BYTES)
    if isinstance(text, Missing):
        raise CannotMeasure(text)
    share = parse_node_share(text, streams.extents, node)
    if share is None or share < _ON_ITS_NODE:
        told = "an unknown share" if share is None else f"only {share:.0%}"
        raise CannotMeasure(
            failed(
                f"{told} of the arrays' pages lies on node {node}, which touched them first",
                "free memory on that node, or allow it: see numactl --show",
            )
        )
    return streams


@contextlib.contextmanager
def _running_on(case: Case, context: Context) -> Iterator[None]:
    """On the processors of the case's node, where it has one."""
    if "cpu_node" not in case.parameters:
        yield
        return
    with staying_on(_processors(context, int(case.parameters["cpu_node"]))):
        yield


def _processors(context: Context, node: int) -> tuple[int, ...]:
    nodes = find_nodes(context.host)
    if node not in nodes:
        raise CannotMeasure(absent(f"there is no NUMA node {node} with processors for us"))
    return nodes[node]


def _find_ceiling(context: Context) -> Ceiling | None:
    for each in context.components:
        if isinstance(each, Memory) and isinstance(each.channels_bandwidth, Quantity):
            told = each.channels_bandwidth
            return Ceiling(value=told.value, unit=told.unit, source=told.origin.source)
    return None
