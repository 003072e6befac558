"""GPUs and other accelerators of any vendor."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class PeerLink(Record):
    """How two accelerators of one host are joined."""

    peer: str
    path: Statement
    nvlinks: Reading


class Partition(Record):
    """A MIG instance."""

    name: str
    memory: Reading
    compute_slices: Reading


class Accelerator(Record):
    """One device. Clocks, link speed and power are as found (often idle) and marked `at_rest`.

    `usable` says whether torch can use it: seen by the driver is not the same.
    """

    kind: Literal["accelerator"] = "accelerator"
    name: str
    vendor: Literal["nvidia", "amd", "intel", "habana", "aws", "other"]
    index: int
    uuid: Statement
    model: Statement
    architecture: Statement
    memory_kind: Statement
    memory_total: Reading
    memory_used: Reading
    usable: Statement
    driver: Statement
    bus_address: Statement
    numa_node: Reading
    link_generation: Reading
    link_generation_max: Reading
    link_width: Reading
    link_width_max: Reading
    clock_core: Reading
    clock_core_max: Reading
    clock_memory: Reading
    clock_memory_max: Reading
    throttle_reasons: Statement
    power: Reading
    power_limit: Reading
    power_limit_default: Reading
    temperature: Reading
    ecc: Statement
    uncorrected_errors: Reading
    partitioning: Statement
    partitions: tuple[Partition, ...] = ()
    peers: tuple[PeerLink, ...] = ()
    utilisation: Reading


class AcceleratorSoftware(Record):
    """A vendor's stack: what its library sees against what torch can use, and why they differ."""

    kind: Literal["accelerator_software"] = "accelerator_software"
    name: str
    library: Statement
    driver: Statement
    runtime: Statement
    devices_seen: Reading
    devices_usable: Reading
    mismatch: Statement
