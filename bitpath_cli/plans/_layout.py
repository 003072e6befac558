"""What of a blueprint every target asks: nodes, ranks, places, memory and CPUs of each node."""

import math
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.configuration import NodeGroup
from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Quantity, Reading, absent, assumed, derived
from bitpath_cli.model.units import BYTE

FILL_CAP: Final = 0.92
"""The share of a memory that the cost model plans with."""

MIB: Final = 1 << 20
_HOST: Final = "today's host"
RUNTIME: Final = assumed(
    512 * MIB, BYTE, "Python with torch 2.13 for CPUs took 264 MB before any model", 2.0
)
"""What a process takes beside the model."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its number, the group it belongs to and how many ranks run on it.

    `host` is its name, where a fleet's report knows it.
    """

    number: int
    group: NodeGroup
    host: str = ""

    @property
    def ranks(self) -> int:
        """One rank for each accelerator, or one that uses all CPUs."""
        return max(1, accelerators(self.group))


def nodes(blueprint: Blueprint) -> tuple[Node, ...]:
    """Every node of the configuration, or of each place where it is a service."""
    told = (
        (group, group.hosts[at] if at < len(group.hosts) else "")
        for group in blueprint.configuration.nodes
        for at in range(math.ceil(group.count))
    )
    return tuple(Node(number, group, host) for number, (group, host) in enumerate(told))


def places(blueprint: Blueprint) -> frozenset[str]:
    """edge, cloud, or both."""
    return frozenset(group.place for group in blueprint.configuration.nodes)


def accelerators(group: NodeGroup) -> int:
    """How many devices each node has; 0 where the CPUs compute."""
    return 0 if group.expected is None else group.expected.accelerators


def memory_needed(blueprint: Blueprint, group: NodeGroup) -> Reading:
    """Bytes of main memory for the model and its runtime on each node."""
    expected = group.expected
    if expected is None:
        return absent("the report was written before bitpath kept the memory that each node needs")
    if expected.accelerators and blueprint.task == "training":
        return absent("training fills the accelerator's memory; its host's is not modelled")
    if not isinstance(expected.memory_needed, Quantity):
        return expected.memory_needed
    return derived(
        _whole_mib(expected.memory_needed.value + RUNTIME.value), BYTE,
        "the memory model's need, and 512 MiB for Python and torch",
    )  # fmt: skip


def memory_limit(blueprint: Blueprint, group: NodeGroup) -> Reading:
    """The need ÷ 0.92, as the cost model fills memories, and never more than the node has."""
    needed = memory_needed(blueprint, group)
    if not isinstance(needed, Quantity) or group.expected is None:
        return needed
    limit = _whole_mib(needed.value / FILL_CAP)
    if not accelerators(group):
        limit = min(limit, _whole_mib(group.expected.memory.value - MIB))
    return derived(limit, BYTE, "that need ÷ 0.92, at most what the node has")


def cpus(blueprint: Blueprint, group: NodeGroup) -> Reading:
    """CPUs of each node, which only the assessed host's report knows."""
    if group.hosts:
        return absent("how many CPUs each of them may use stands in its own report")
    if group.device != _HOST:
        return absent(f"the profile of {group.device} does not say how many CPUs it has")
    return blueprint.cpus


def threads(blueprint: Blueprint, node: Node) -> int:
    """Threads of each rank where the CPUs compute and are known; 0 leaves it to torch."""
    found = cpus(blueprint, node.group)
    if accelerators(node.group) or not isinstance(found, Quantity):
        return 0
    return max(1, int(found.value) // node.ranks)


def _whole_mib(size_bytes: float) -> float:
    return float(math.ceil(size_bytes / MIB) * MIB)
