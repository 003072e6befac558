"""Which nodes are alike: the hardware and the limits that decide what a node can reach."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.fleet import HomogeneousGroup, Mixture
from bitpath_cli.model.reading import Fact, Missing, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import BYTE, significant

_GIB: Final = 1 << 30
_HARDWARE: Final[Mapping[str, tuple[str, ...]]] = {
    "system": ("architecture", "hardware", "virtualisation", "instance_type"),
    "cpu": ("vendor", "model", "logical_cpus", "physical_cores", "sockets", "last_level_cache"),
    "limits": ("effective_cpus", "effective_memory"),
    "memory": ("total",),
    "disk": ("size", "model", "medium", "bus"),
    "nic": ("speed", "driver"),
    "rdma_port": ("link_layer", "rate", "board"),
    "accelerator": ("vendor", "model", "memory_total", "partitioning"),
}
_SOFTWARE: Final[tuple[tuple[str, str, str], ...]] = (
    ("system", "kernel", "kernel"), ("system", "distribution", "distribution"),
    ("cpu", "microcode", "microcode"), ("cpu", "governor", "frequency governor"),
    ("memory", "transparent_huge_pages", "huge pages"), ("nic", "mtu", "MTU"),
    ("accelerator", "driver", "accelerator driver"),
    ("accelerator", "power_limit", "power limit"), ("software", "python", "Python"),
    ("software", "torch", "torch"), ("software", "nccl", "NCCL"), ("software", "blas", "BLAS"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hardware:
    """What makes two nodes alike, in words, and what may differ among those that are alike."""

    key: tuple[object, ...]
    words: str
    software: Mapping[str, str]


def describe_hardware(report: Report) -> Hardware:
    """The node's hardware; what could not be read counts as a value of its own."""
    told = [each for each in report.components if not _is_passing(each)]
    lines = sorted(
        repr((each.kind, *(_word(getattr(each, name)) for name in _HARDWARE[each.kind])))
        for each in told
        if each.kind in _HARDWARE
    )
    return Hardware(tuple(lines), ", ".join(_words(told)) or "unknown hardware", _software(told))


def group_nodes(
    nodes: Sequence[tuple[str, Hardware]],
) -> tuple[tuple[int, ...], tuple[HomogeneousGroup, ...]]:
    """The number of every node's group, the largest group first, and the groups."""
    members: dict[tuple[object, ...], list[int]] = {}
    for at, (_, hardware) in enumerate(nodes):
        members.setdefault(hardware.key, []).append(at)
    ordered = sorted(members.values(), key=len, reverse=True)
    numbers = [0] * len(nodes)
    for number, places in enumerate(ordered, 1):
        for at in places:
            numbers[at] = number
    groups = tuple(
        HomogeneousGroup(
            number=number,
            hardware=nodes[places[0]][1].words,
            nodes=tuple(nodes[at][0] for at in places),
            mixtures=tuple(_mixtures([nodes[at] for at in places])),
        )
        for number, places in enumerate(ordered, 1)
    )
    return tuple(numbers), groups


def _mixtures(nodes: Sequence[tuple[str, Hardware]]) -> Iterator[Mixture]:
    for _, _, what in _SOFTWARE:
        values: dict[str, list[str]] = {}
        for name, hardware in nodes:
            values.setdefault(hardware.software.get(what, "unknown"), []).append(name)
        if len(values) > 1:
            yield Mixture(what=what, values={value: tuple(names) for value, names in
                                             values.items()})  # fmt: skip


def _software(components: Iterable[Component]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in components:
        for kind, field, what in _SOFTWARE:
            word = _word(getattr(each, field)) if each.kind == kind else None
            if word is not None:
                found.setdefault(what, _plain(word))
    return found


def _words(components: Sequence[Component]) -> Iterator[str]:
    for each in components:
        if isinstance(each, Cpu):
            model, cores = _word(each.model), _word(each.physical_cores)
            yield f"{model or 'an unknown processor'}" + (f" × {_plain(cores)}" if cores else "")
        if isinstance(each, Memory) and isinstance(each.total, Quantity):
            yield f"{round(each.total.value / _GIB)} GiB"
        if isinstance(each, Limits) and isinstance(each.quota_cpus, Quantity):
            yield f"limited to {significant(each.quota_cpus.value)} processors"
    counts: dict[str, int] = {}
    for each in components:
        if isinstance(each, Accelerator):
            model = str(_word(each.model) or each.name)
            counts[model] = counts.get(model, 0) + 1
    yield from (f"{count} × {model}" for model, count in counts.items())


def _is_passing(component: Component) -> bool:
    """Interfaces that containers bring and take."""
    if not isinstance(component, Nic):
        return False
    return component.medium != "physical" and not component.default_route


def _plain(value: object) -> str:
    return significant(value, 6) if isinstance(value, float) else str(value)


def _word(value: Any) -> object:
    if isinstance(value, Quantity):
        # The kernel keeps a little more or less memory for itself at every boot.
        return round(value.value / _GIB) if value.unit == BYTE else value.value
    if isinstance(value, Fact):
        return value.value
    return None if isinstance(value, Missing) else str(value)
