"""One fully specified way to run a workload."""

from typing import Final, Literal

from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.record import Record

StrategyName = Literal["today", "edge", "cloud_native", "hybrid", "distributed"]
Place = Literal["edge", "cloud", "lan"]
Tenure = Literal["owned", "bought", "on_demand", "spot", "per_request"]


PREPARES: Final = "reduces the data before it travels"
"""The role of nodes that do not train."""


class NodeExpectation(Record):
    """What the forecast expects of each node of a group, and gives it to do.

    A step's `samples` are computed `samples_at_once`; a service has neither.
    """

    accelerators: int
    memory: Quantity
    memory_needed: Reading
    compute_rate: Quantity
    memory_bandwidth: Quantity
    storage_rate: Quantity
    samples: Reading
    samples_at_once: Reading


class NodeGroup(Record):
    """So many machines of one kind in one place; `count` may be a service's average, a fraction.

    Where they follow the load over the day, `least` and `most` are its two ends. `hosts` names them
    where a fleet's report knows them.
    """

    device: str
    count: float
    place: Place
    tenure: Tenure
    role: str
    expected: NodeExpectation | None = None
    least: float | None = None
    most: float | None = None
    hosts: tuple[str, ...] = ()


class Configuration(Record):
    """What would run where. `label` is how tables and sentences call it."""

    label: str
    strategy: StrategyName
    nodes: tuple[NodeGroup, ...]
    precision: str
    batch_per_node: float | None = None
    synchronisation: str = "none"
    escalated_fraction: Quantity | None = None
    hypothetical: bool = False
