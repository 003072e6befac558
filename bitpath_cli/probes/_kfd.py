"""What AMD's compute driver knows of each GPU, from /sys/class/kfd/kfd/topology.

The files follow the kernel's drivers/gpu/drm/amd/amdkfd/kfd_topology.c; link types are those of the
Component Resource Association Table.
"""

from dataclasses import dataclass
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing
from bitpath_cli.probes._sysfs import text

NODES: Final = "/sys/class/kfd/kfd/topology/nodes"
_LINK_TYPES: Final = {2: "PCIe", 11: "XGMI"}


@dataclass(frozen=True, slots=True)
class Node:
    """A GPU node; `unified` where the same node has processors too, as an APU has."""

    number: int
    address: str
    architecture: str
    unified: bool
    links: tuple[tuple[int, str], ...]


def nodes(host: Host) -> tuple[Node, ...]:
    """The GPU nodes; none where the compute driver is not loaded."""
    found = []
    for path in host.matching(NODES, "*"):
        properties = _properties(host, f"{path}/properties")
        if not properties.get("simd_count"):
            continue
        found.append(
            Node(
                number=int(path.rpartition("/")[2]),
                address=address(properties.get("domain", 0), properties.get("location_id", 0)),
                architecture=architecture(properties.get("gfx_target_version", 0)),
                unified=properties.get("cpu_cores_count", 0) > 0,
                links=_links(host, path),
            )
        )
    return tuple(found)


def address(domain: int, location: int) -> str:
    """The PCI address behind a location: bus, device and function in 8, 5 and 3 bits."""
    return f"{domain:04x}:{location >> 8 & 0xFF:02x}:{location >> 3 & 0x1F:02x}.{location & 7}"


def architecture(version: int) -> str:
    """The compiler's name: 90402 is gfx942, whose last two digits are hexadecimal."""
    return f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}" if version else ""


def _links(host: Host, path: str) -> tuple[tuple[int, str], ...]:
    found = []
    for folder in ("io_links", "p2p_links"):
        for link in host.matching(f"{path}/{folder}", "*"):
            properties = _properties(host, f"{link}/properties")
            kind = _LINK_TYPES.get(properties.get("type", 0))
            if kind is not None and "node_to" in properties:
                found.append((properties["node_to"], kind))
    return tuple(found)


def _properties(host: Host, path: str) -> dict[str, int]:
    words = text(host, path)
    if isinstance(words, Missing):
        return {}
    pairs = (line.split() for line in words.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
