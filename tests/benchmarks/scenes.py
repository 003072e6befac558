"""Contexts of small machines, and samples written by hand, for the benchmarks' tests."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from bitpath_cli.benchmarks import Context
from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.result import Block, Samples
from bitpath_cli.model.units import Unit
from tests.recorded import Recorded

MIB = 1 << 20


def context(
    root: Path,
    *components: Component,
    threads: int = 2,
    memory_bytes: int = 8 << 30,
    cache_bytes: int = 32 * MIB,
    thorough: bool = False,
    quick: bool = False,
    nvml: ModuleType | Missing | None = None,
    distributions: Mapping[str, str] | None = None,
) -> Context:
    """A machine whose files are those below `root`."""
    told: dict[str, Any] = {"affinity": [0, 1], "hostname": "h", "machine": "x86_64"}
    told["distributions"] = dict(distributions or {})
    door = None if nvml is None else lambda: nvml
    return Context(
        host=Host(root, Recorded(told, door)), threads=threads, memory_bytes=memory_bytes,
        cache_bytes=cache_bytes, directory="/tmp", thorough=thorough, quick=quick,
        components=components,
    )  # fmt: skip


def samples(work: float, unit: Unit, *blocks: tuple[float, ...], loops: int = 1) -> Samples:
    """Blocks of seconds for `loops` operations each."""
    made = tuple(Block(loops=loops, seconds=each) for each in blocks)
    return Samples(work=work, unit=unit, blocks=made, stopped="budget")
