"""How fast memory is read and written: like STREAM, by cache level, on a GPU and to it.

A variant of STREAM; see _memory_streams.py, _memory_levels.py and _memory_gpu.py.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bitpath_cli.benchmarks import (
    Benchmark,
    Case,
    Conclusion,
    Context,
    Loop,
    _memory_gpu,
    _memory_levels,
    _memory_streams,
)
from bitpath_cli.model.result import Samples


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is done with the cases of a variant."""

    open: Callable[[Case, Context], AbstractContextManager[Mapping[str, Loop]]]
    conclude: Callable[[Case, Context, Mapping[str, Samples]], Conclusion]


_STREAMS = _Kind(_memory_streams.open_loops, _memory_streams.conclude)
_GPU_STREAMS = _Kind(_memory_gpu.open_streams, _memory_gpu.conclude_streams)
_LEVELS = _Kind(_memory_levels.open_loops, _memory_levels.conclude)
_TRANSFERS = _Kind(_memory_gpu.open_transfers, _memory_gpu.conclude_transfers)


def find_cases(context: Context) -> tuple[Case, ...]:
    """Main memory first, then a GPU's, then what the caches give."""
    return (
        *_memory_streams.find_cases(context),
        *_memory_gpu.find_cases(context),
        *_memory_levels.find_cases(context),
    )


def open_loops(case: Case, context: Context) -> AbstractContextManager[Mapping[str, Loop]]:
    """The loops of a case, by its variant and device."""
    return _kind_of(case).open(case, context)


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The metrics of a case, by its variant and device."""
    return _kind_of(case).conclude(case, context, samples)


def _kind_of(case: Case) -> _Kind:
    variant = case.parameters["variant"]
    if variant == _memory_levels.VARIANT:
        return _LEVELS
    if variant == _memory_gpu.VARIANT:
        return _TRANSFERS
    return _STREAMS if case.parameters["device"] == "cpu" else _GPU_STREAMS


BENCHMARK = Benchmark(
    summary="Memory: streams like STREAM's, caches by working set, GPU memory and copies",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    blocks=3,
    fills_processors=True,
    weight=1.3,
)
