"""Main memory: size, huge pages, swap, error correction and NUMA nodes."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class HugePagePool(Record):
    """A pool of preallocated huge pages of one size."""

    page_size: Reading
    total: Reading
    free: Reading


class NumaNode(Record):
    """`has_cpus` is false for HBM, CXL and GPU memory that the kernel shows as a node."""

    index: int
    total: Reading
    free: Reading
    cpus: Reading
    has_cpus: bool
    distances: Statement


class Memory(Record):
    """Modules, their speed and ECC are often known to root only; then the reading says so."""

    kind: Literal["memory"] = "memory"
    name: str
    total: Reading
    available: Reading
    cached: Reading
    swap_total: Reading
    swap_used: Reading
    transparent_huge_pages: Statement
    huge_page_pools: tuple[HugePagePool, ...]
    modules: Reading
    module_type: Statement
    module_speed: Reading
    channels_bandwidth: Reading
    ecc: Statement
    corrected_errors: Reading
    uncorrected_errors: Reading
    pressure: Reading
    nodes: tuple[NumaNode, ...]
