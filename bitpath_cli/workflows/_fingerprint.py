"""A hash of what makes two runs comparable: hardware, limits, kernel and library versions.

It holds no host name, serial number, address or path, so equal machines have equal fingerprints.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bitpath_cli.model.component import Component
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.reading import Fact, Missing, Quantity
from bitpath_cli.model.units import BYTE

_GIB: Final = 1 << 30
_COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "system": ("architecture", "kernel", "hardware", "virtualisation", "container"),
    "cpu": ("vendor", "model", "logical_cpus", "physical_cores", "sockets", "last_level_cache"),
    "limits": ("effective_cpus", "threads", "effective_memory"),
    "memory": ("total",),
    "disk": ("size", "model", "medium", "bus"),
    "nic": ("medium", "speed", "driver", "mtu"),
    "rdma_port": ("link_layer", "rate", "board"),
    "accelerator": ("vendor", "model", "memory_total", "driver", "power_limit", "partitioning"),
    "software": ("python", "torch", "numpy"),
}


def fingerprint(components: Iterable[Component]) -> str:
    """The hash of the components' lasting properties, whatever order they were found in."""
    lines = sorted(
        json.dumps([each.kind, *(_word(getattr(each, name)) for name in _COMPARED[each.kind])])
        for each in components
        if each.kind in _COMPARED and not _passing(each)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _passing(component: Component) -> bool:
    """Virtual interfaces come and go with containers; only the one in use counts."""
    if not isinstance(component, Nic):
        return False
    return component.medium != "physical" and not component.default_route


def _word(value: Any) -> object:
    if isinstance(value, Quantity):
        # The kernel keeps a little more or less memory for itself at every boot.
        return round(value.value / _GIB) if value.unit == BYTE else value.value
    if isinstance(value, Fact):
        return value.value
    return None if isinstance(value, Missing) else str(value)
