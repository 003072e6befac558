"""What of the machine is not what it was: the lasting properties of its components."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from bitpath_cli.model.comparison import MachineChange
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.reading import Fact, Missing, Quantity, fact
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import BYTE

LASTING: Final[Mapping[str, tuple[str, ...]]] = {
    "system": (
        "architecture", "kernel", "distribution", "hardware", "virtualisation", "container",
        "cloud", "instance_type",
    ),
    "cpu": (
        "vendor", "model", "microcode", "logical_cpus", "physical_cores", "sockets",
        "threads_per_core", "numa_nodes", "last_level_cache", "frequency_max", "frequency_limit",
        "governor", "boost", "vulnerabilities",
    ),
    "limits": ("effective_cpus", "cpu_limit_source", "threads", "effective_memory",
               "memory_limit_source"),
    "memory": ("total", "swap_total", "transparent_huge_pages", "modules", "module_type",
               "module_speed", "ecc"),
    "disk": ("size", "model", "medium", "bus", "scheduler", "write_cache"),
    "nic": ("medium", "speed", "duplex", "mtu", "driver"),
    "rdma_port": ("link_layer", "state", "rate", "firmware", "board"),
    "network_settings": ("congestion_control", "receive_buffer_max", "send_buffer_max"),
    "accelerator": (
        "vendor", "model", "memory_total", "driver", "usable", "power_limit", "partitioning",
        "link_generation_max", "link_width_max", "ecc",
    ),
    "accelerator_software": ("library", "driver", "runtime", "devices_usable"),
    "software": (
        "python", "torch", "torch_threads", "blas", "cpu_capability", "onednn_isa", "cuda",
        "cudnn", "nccl", "gloo", "numpy", "mpi",
    ),
}  # fmt: skip
# The kernel keeps a little more or less memory for itself at every boot.
_SAME_SIZE: Final = 0.01


def machine_changes(before: Report, after: Report) -> tuple[MachineChange, ...]:
    """Component by component, matched by kind and name; virtual interfaces come and go.

    A kind that one report has nothing of is left out where other probes ran: nobody looked.
    """
    lefts, rights = _by_name(before.components), _by_name(after.components)
    if _probes(before) != _probes(after):
        both = {kind for kind, _ in lefts} & {kind for kind, _ in rights}
        lefts = {key: each for key, each in lefts.items() if key[0] in both}
        rights = {key: each for key, each in rights.items() if key[0] in both}
    return tuple(_changes(lefts, rights))


def _probes(report: Report) -> set[str]:
    return {each.probe for each in report.probes if each.succeeded}


def _changes(
    lefts: Mapping[tuple[str, str], Component], rights: Mapping[tuple[str, str], Component]
) -> Iterator[MachineChange]:
    for (kind, name), left in lefts.items():
        right = rights.get((kind, name))
        if right is None:
            yield MachineChange(kind=kind, name=name, field="", event="removed")
            continue
        for field in LASTING[kind]:
            was, now = _value(left, field), _value(right, field)
            if not _is_same(was, now):
                yield MachineChange(
                    kind=kind, name=name, field=field, event="changed", before=was, after=now
                )
    for kind, name in rights:
        if (kind, name) not in lefts:
            yield MachineChange(kind=kind, name=name, field="", event="added")


def _by_name(components: Iterable[Component]) -> dict[tuple[str, str], Component]:
    """The one system of a host is not told apart by its name, which is the host's."""
    return {
        (each.kind, "" if each.kind == "system" else each.name): each
        for each in components
        if each.kind in LASTING and not _is_passing(each)
    }


def _is_passing(component: Component) -> bool:
    if not isinstance(component, Nic):
        return False
    return component.medium != "physical" and not component.default_route


def _value(component: Component, field: str) -> Fact | Quantity | Missing:
    found: Any = getattr(component, field)
    return found if isinstance(found, Fact | Quantity | Missing) else fact(str(found), "probe")


def _is_same(was: Fact | Quantity | Missing, now: Fact | Quantity | Missing) -> bool:
    """Two that are missing are the same, whatever the reasons."""
    if isinstance(was, Missing) or isinstance(now, Missing):
        return isinstance(was, Missing) and isinstance(now, Missing)
    if isinstance(was, Quantity) and isinstance(now, Quantity):
        slack = _SAME_SIZE * abs(was.value) if was.unit == BYTE else 0.0
        return was.unit == now.unit and abs(was.value - now.value) <= slack
    return was.kind == now.kind and was.value == now.value
