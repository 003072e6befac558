"""A GPU's own memory by kernels like STREAM's, and copies between it and the host's memory.

Bandwidths of PCI Express are those of its base specifications, by generation and lanes.
"""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from bitpath_cli.benchmarks import Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._memory_streams import ARRAYS, KERNELS, MEMORY_SHARE, kernel_metrics
from bitpath_cli.benchmarks._memory_streams import VARIANT as STREAMS
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import Ceiling, Parameters, Samples
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND

VARIANT: Final = "transfer"
DEVICE: Final = "cuda:0"
_COPIES: Final = ("host_to_device", "device_to_host")
_COPY_BYTES: Final = 256 << 20
_MIB: Final = 1 << 20
# No GPU of today has a cache of a quarter of it.
_ARRAY_BYTES: Final = 1 << 30
_UNKNOWN_BYTES: Final = 1 << 30
# Bytes a second of one lane: transfers a second, less the line code and, from 6.0, the flits.
_LANE: Final[Mapping[int, float]] = {
    1: 2.5e9 * 8 / 10 / 8, 2: 5e9 * 8 / 10 / 8, 3: 8e9 * 128 / 130 / 8, 4: 16e9 * 128 / 130 / 8,
    5: 32e9 * 128 / 130 / 8, 6: 64e9 * 242 / 256 / 8,
}  # fmt: skip


def find_cases(context: Context) -> tuple[Case, ...]:
    """The first NVIDIA GPU's memory, and its copies where there is time; none without a GPU."""
    gpu = _find_gpu(context)
    if gpu is None:
        return ()
    common: Parameters = {"dtype": "float64", "device": DEVICE}
    size_bytes = _share(_known_bytes(gpu), ARRAYS, _ARRAY_BYTES)
    cases = [Case({"variant": STREAMS, "array_bytes": size_bytes, **common})]
    if not context.quick:
        moved = _share(min(_known_bytes(gpu), context.memory_bytes), 1, _COPY_BYTES)
        cases += [
            Case({"variant": VARIANT, "copied_bytes": moved, **common, "host_memory": kind}, 0.4)
            for kind in ("pinned", "pageable")
        ]
    return tuple(cases)


@contextlib.contextmanager
def open_streams(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """One loop per kernel, timed by the device's events; the arrays are larger than its caches."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._streams import ELEMENT_BYTES, WORDS, Streams

    device = _torch_loops.find_device(str(case.parameters["device"]))
    length = int(case.parameters["array_bytes"]) // ELEMENT_BYTES
    streams = Streams(length * ELEMENT_BYTES, device)
    yield {
        name: Loop(
            _torch_loops.GpuTrial(
                streams.kernel(name), partial(streams.find_error, name), device, flush=False
            ),
            WORDS[name] * ELEMENT_BYTES * length,
            BYTE,
            largest_loops=_torch_loops.GPU_LOOPS,
        )
        for name in KERNELS
    }


@contextlib.contextmanager
def open_transfers(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """A copy each way, timed by the device's events."""
    from bitpath_cli.benchmarks import _torch_loops
    from bitpath_cli.benchmarks._transfers import Transfers

    device = _torch_loops.find_device(str(case.parameters["device"]))
    size_bytes = int(case.parameters["copied_bytes"])
    transfers = Transfers(size_bytes, device, case.parameters["host_memory"] == "pinned")
    yield {
        name: Loop(
            _torch_loops.GpuTrial(
                transfers.copy(name), partial(transfers.find_error, name), device, flush=False
            ),
            size_bytes,
            BYTE,
            largest_loops=_torch_loops.GPU_LOOPS,
        )
        for name in _COPIES
    }


def conclude_streams(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The bandwidth of every kernel; no library tells the width of a GPU's memory bus."""
    source = "memory_bandwidth (stream-like, device events)"
    return Conclusion(tuple(kernel_metrics(KERNELS, samples, source)))


def conclude_transfers(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Both ways, beside what the GPU's link could carry one way."""
    source = f"memory_bandwidth ({case.parameters['host_memory']} copies, device events)"
    return Conclusion(tuple(kernel_metrics(_COPIES, samples, source, _find_link(context))))


def _find_gpu(context: Context) -> Accelerator | None:
    found = (each for each in context.components if isinstance(each, Accelerator))
    return next((each for each in found if each.vendor == "nvidia" and each.index == 0), None)


def _find_link(context: Context) -> Ceiling | None:
    """What its PCI Express link carries at its widest; at rest a link is slower than it can be."""
    gpu = _find_gpu(context)
    if gpu is None:
        return None
    generation, width = gpu.link_generation_max, gpu.link_width_max
    if not isinstance(generation, Quantity) or not isinstance(width, Quantity):
        return None
    lane = _LANE.get(int(generation.value))
    if lane is None or width.value < 1:
        return None
    words = f"PCI Express {generation.value:g}.0, {width.value:g} lanes, one way"
    return Ceiling(value=lane * width.value, unit=BYTE_PER_SECOND, source=words)


def _known_bytes(gpu: Accelerator) -> int:
    """Its free memory as far as it is known."""
    total, used = gpu.memory_total, gpu.memory_used
    if not isinstance(total, Quantity):
        return _UNKNOWN_BYTES
    return int(total.value - (used.value if isinstance(used, Quantity) else 0))


def _share(known_bytes: int, arrays: int, wanted_bytes: int) -> int:
    """At most a quarter of the memory for all arrays, in whole MiB."""
    allowed = int(known_bytes * MEMORY_SHARE) // arrays
    return max(_MIB, min(wanted_bytes, allowed) // _MIB * _MIB)
