"""How the NVIDIA GPUs of one host are joined: by NVLink, and on which path over PCIe, from NVML."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from bitpath_cli.meters.nvml import ask, subject
from bitpath_cli.model.components.accelerator import PeerLink
from bitpath_cli.model.reading import Missing, Quantity, Statement, derived, fact, unsupported
from bitpath_cli.model.units import ONE
from bitpath_cli.probes._nvml import bus_address, kernel_address

Handle = tuple[int, Any]
_PATHS: Final = {
    "INTERNAL": "same board",
    "SINGLE": "PIX: one PCIe switch",
    "MULTIPLE": "PXB: several PCIe switches",
    "HOSTBRIDGE": "PHB: one host bridge",
    "NODE": "NODE: host bridges of one NUMA node",
    "SYSTEM": "SYS: across NUMA nodes",
}


@dataclass(frozen=True, slots=True)
class _Ports:
    """A GPU's active links: how many end at each address, and how many at a switch."""

    direct: dict[str, int]
    switched: int


def find_peers(nvml: ModuleType, handles: Sequence[Handle]) -> dict[int, tuple[PeerLink, ...]]:
    """For each GPU, the way to every other one."""
    if len(handles) < 2:
        return {index: () for index, _ in handles}
    ports = {index: _ports(nvml, handle) for index, handle in handles}
    return {
        index: tuple(
            PeerLink(
                peer=subject(other),
                path=_path(nvml, handle, other_handle),
                nvlinks=_links(ports[index], ports[other], bus_address(nvml, other_handle)),
            )
            for other, other_handle in handles
            if other != index
        )
        for index, handle in handles
    }


def _ports(nvml: ModuleType, handle: Any) -> _Ports | Missing:
    direct: dict[str, int] = {}
    switched = 0
    for link in range(nvml.NVML_NVLINK_MAX_LINKS):
        active = ask(nvml, "nvmlDeviceGetNvLinkState", handle, link)
        if isinstance(active, Missing):
            # The first refusal tells that the GPU has no NVLink, a later one that links end here.
            if link == 0:
                return active
            break
        if not active:
            continue
        kind = ask(nvml, "nvmlDeviceGetNvLinkRemoteDeviceType", handle, link)
        if kind == nvml.NVML_NVLINK_DEVICE_TYPE_SWITCH:
            switched += 1
            continue
        remote = ask(nvml, "nvmlDeviceGetNvLinkRemotePciInfo", handle, link)
        if not isinstance(remote, Missing):
            words = remote.busId.decode() if isinstance(remote.busId, bytes) else remote.busId
            address = kernel_address(str(words))
            direct[address] = direct.get(address, 0) + 1
    return _Ports(direct, switched)


def _links(
    own: _Ports | Missing, other: _Ports | Missing, address: Statement
) -> Quantity | Missing:
    """Links to the peer itself, or those into a switch to which both are joined."""
    if isinstance(own, Missing):
        return own
    if isinstance(other, Missing):
        return other
    if isinstance(address, Missing):
        return address
    shared = min(own.switched, other.switched)
    number = own.direct.get(str(address.value), 0) or shared
    return derived(number, ONE, "nvmlDeviceGetNvLinkState and its remote ends")


def _path(nvml: ModuleType, handle: Any, other: Any) -> Statement:
    question = "nvmlDeviceGetTopologyCommonAncestor"
    level = ask(nvml, question, handle, other)
    if isinstance(level, Missing):
        return level
    for name, words in _PATHS.items():
        if getattr(nvml, f"NVML_TOPOLOGY_{name}") == level:
            return fact(words, question)
    return unsupported(f"{question} says {level}, which is no level that is known")
