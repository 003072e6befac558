"""The processors: topology, instruction sets, caches, frequency and pressure."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class Cache(Record):
    """All instances of one cache level and type; `total` counts each shared instance once."""

    level: int
    type: Literal["data", "instruction", "unified"]
    size: Reading
    instances: Reading
    total: Reading


class CoreGroup(Record):
    """Cores of one kind on a hybrid or big.LITTLE processor: `performance`, `efficiency`, …"""

    name: str
    cpus: Reading


class Cpu(Record):
    """`isa` lists the extensions that decide what numeric libraries can use.

    `frequency_max` is what the hardware can, `frequency_limit` the most that its present policy
    allows. `steal_fraction` counts since boot.
    """

    kind: Literal["cpu"] = "cpu"
    name: str
    vendor: Statement
    model: Statement
    family: Statement
    microcode: Statement
    logical_cpus: Reading
    possible_cpus: Reading
    physical_cores: Reading
    sockets: Reading
    dies: Reading
    threads_per_core: Reading
    smt_active: Statement
    core_groups: tuple[CoreGroup, ...]
    numa_nodes: Reading
    isa: Statement
    caches: tuple[Cache, ...]
    last_level_cache: Reading
    frequency_now: Reading
    frequency_min: Reading
    frequency_max: Reading
    frequency_limit: Reading
    frequency_base: Reading
    governor: Statement
    frequency_driver: Statement
    boost: Statement
    vulnerabilities: Statement
    steal_fraction: Reading
    pressure: Reading
    load: Reading
    throttle_count: Reading
