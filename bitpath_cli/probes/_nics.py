"""Network interfaces and RDMA ports, from /sys/class/net and /sys/class/infiniband.

Documentation/ABI/testing/sysfs-class-net and stable/sysfs-class-infiniband describe the files.
"""

import re
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.model.components.network import Nic, RdmaPort
from bitpath_cli.model.reading import (
    Missing,
    Reading,
    Statement,
    absent,
    derived,
    fact,
    reported,
    unsupported,
)
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, ONE
from bitpath_cli.probes._sysfs import integer, parse_fields, quantity, statement, text

Medium = Literal["physical", "virtual", "loopback", "bond", "bridge", "vlan"]
_NET: Final = "/sys/class/net"
_RDMA: Final = "/sys/class/infiniband"
_LOOPBACK_TYPE: Final = "772"
# Made by a hypervisor: their speed is a constant or the whole host's, never this guest's share.
_PARAVIRTUAL: Final = frozenset(
    {"virtio_net", "vmxnet3", "vif", "xen_netfront", "hv_netvsc", "netvsc", "ena", "gve", "mana"}
)
_NO_SPEED: Final = frozenset({-1, 0, 65535, 4294967295})
_MEGABIT: Final = 1e6 / 8
_PCI: Final = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_PEER_MODULES: Final = ("nvidia_peermem", "nv_peer_mem")
_MEASURE: Final = "only a measurement between two hosts tells, such as one with iperf3"


def find_nics(host: Host, with_default_route: frozenset[str]) -> tuple[Nic, ...]:
    """Every interface of this process's network namespace."""
    names = host.names(_NET)
    if isinstance(names, Missing):
        return (_unknown(names),)
    return tuple(
        _nic(host, name, name in with_default_route)
        for name in names
        if host.exists(f"{_NET}/{name}/type")
    )


def find_rdma_ports(host: Host) -> tuple[RdmaPort, ...]:
    """Every port of every RDMA adapter; a machine without such adapters has no such folder."""
    devices = host.names(_RDMA)
    if isinstance(devices, Missing):
        return ()
    ports = []
    gpu_direct = find_gpu_direct(host)
    for device in devices:
        numbers = host.names(f"{_RDMA}/{device}/ports")
        for number in () if isinstance(numbers, Missing) else numbers:
            if number.isdigit():
                ports.append(_rdma_port(host, device, int(number), gpu_direct))
    return tuple(ports)


def parse_rate(line: str, state: str, source: str) -> Reading:
    """`400 Gb/sec (4X NDR)` is 50 GB/s; a port that is not active states a rate all the same."""
    if state != "ACTIVE":
        return unsupported(f"{source} says '{line}', but the port is {state}")
    found = re.match(r"([\d.]+) Gb/sec", line)
    if not found or float(found.group(1)) == 0:
        return unsupported(f"{source}: '{line}' is no rate")
    return reported(float(found.group(1)) * 1e9 / 8, BYTE_PER_SECOND, source)


def find_gpu_direct(host: Host) -> Statement:
    """Whether the adapter may read GPU memory through the module for peer memory."""
    listed = host.read_text("/proc/modules")
    if isinstance(listed, Missing):
        return listed
    loaded = {line.split()[0] for line in listed.splitlines() if line.strip()}
    for module in _PEER_MODULES:
        if module in loaded:
            return fact(True, f"/proc/modules: {module}")
    if "nvidia" in loaded:
        return unsupported(
            "nvidia_peermem is not loaded; whether dma-buf serves instead is for NCCL to find out",
            "root may load nvidia_peermem; NCCL_DEBUG=INFO says what NCCL uses",
        )
    return absent("no NVIDIA driver is loaded, so there is no GPU memory to reach")


def _nic(host: Host, name: str, default_route: bool) -> Nic:
    folder = f"{_NET}/{name}"
    driver = _driver(host, folder)
    medium = _medium(host, folder, driver)
    return Nic(
        name=name,
        medium=medium,
        state=statement(host, f"{folder}/operstate", frozenset({"unknown"})),
        speed=_speed(host, folder, medium),
        duplex=statement(host, f"{folder}/duplex", frozenset({"unknown"})),
        mtu=quantity(host, f"{folder}/mtu", BYTE),
        driver=driver,
        bus_address=_bus_address(host, folder),
        numa_node=_numa_node(host, folder),
        members=_members(host, folder),
        default_route=default_route,
        received=quantity(host, f"{folder}/statistics/rx_bytes", BYTE),
        sent=quantity(host, f"{folder}/statistics/tx_bytes", BYTE),
        errors=_sum(host, folder, "errors"),
        dropped=_sum(host, folder, "dropped"),
    )


def _medium(host: Host, folder: str, driver: Statement) -> Medium:
    if text(host, f"{folder}/type") == _LOOPBACK_TYPE:
        return "loopback"
    if host.exists(f"{folder}/bonding"):
        return "bond"
    if host.exists(f"{folder}/bridge"):
        return "bridge"
    event = host.read_text(f"{folder}/uevent")
    if not isinstance(event, Missing) and parse_fields(event, "=").get("DEVTYPE") == "vlan":
        return "vlan"
    if not host.exists(f"{folder}/device"):
        return "virtual"
    if not isinstance(driver, Missing) and driver.value in _PARAVIRTUAL:
        return "virtual"
    return "physical"


def _speed(host: Host, folder: str, medium: Medium) -> Reading:
    """The advertised speed; a virtual interface makes its own up, or tells that of the host."""
    path = f"{folder}/speed"
    if medium == "loopback":
        return unsupported("the loopback interface is memory and has no link")
    if medium == "bridge":
        return unsupported("a bridge has no link of its own: its members have")
    raw = integer(host, path)
    if isinstance(raw, Missing):
        return raw
    if raw in _NO_SPEED:
        return unsupported(f"{path} says {raw}, which means unknown", _MEASURE)
    if medium == "virtual":
        return unsupported(f"{path} says {raw} Mb/s, which a virtual interface makes up", _MEASURE)
    return reported(raw * _MEGABIT, BYTE_PER_SECOND, path)


def _driver(host: Host, folder: str) -> Statement:
    if not host.exists(f"{folder}/device"):
        return absent(f"{folder} has no device, so it is made by the kernel itself")
    found = host.resolve(f"{folder}/device/driver")
    if isinstance(found, Missing):
        return found
    return fact(found.rpartition("/")[2], f"{folder}/device/driver")


def _bus_address(host: Host, folder: str) -> Statement:
    """The PCI address, which a virtio device has at its parent, else the device's own name."""
    place = host.resolve(f"{folder}/device")
    if isinstance(place, Missing):
        return absent(f"{folder} has no device")
    parts = place.split("/")
    found = next((part for part in reversed(parts) if _PCI.fullmatch(part)), parts[-1])
    return fact(found, f"{folder}/device")


def _numa_node(host: Host, folder: str) -> Reading:
    unknown = frozenset({-1})
    found = quantity(host, f"{folder}/device/numa_node", unknown=unknown)
    if isinstance(found, Missing) and host.exists(f"{folder}/device/../numa_node"):
        return quantity(host, f"{folder}/device/../numa_node", unknown=unknown)
    return found


def _members(host: Host, folder: str) -> Statement:
    """The interfaces below a bond, bridge, VLAN or tunnel."""
    found = tuple(path.rpartition("/lower_")[2] for path in host.matching(folder, "lower_*"))
    return fact(found, f"{folder}/lower_*") if found else absent(f"{folder} stands on no other")


def _sum(host: Host, folder: str, what: str) -> Reading:
    total = 0.0
    for direction in ("rx", "tx"):
        found = quantity(host, f"{folder}/statistics/{direction}_{what}")
        if isinstance(found, Missing):
            return found
        total += found.value
    return derived(total, ONE, f"{folder}/statistics/rx_{what} + tx_{what}")


def _rdma_port(host: Host, device: str, port: int, gpu_direct: Statement) -> RdmaPort:
    folder = f"{_RDMA}/{device}"
    place = f"{folder}/ports/{port}"
    state, rate = _state(host, f"{place}/state"), text(host, f"{place}/rate")
    said = "in an unknown state" if isinstance(state, Missing) else str(state.value)
    return RdmaPort(
        name=f"{device}/{port}",
        device=device,
        port=port,
        link_layer=statement(host, f"{place}/link_layer", frozenset({"Unspecified"})),
        state=state,
        rate=rate if isinstance(rate, Missing) else parse_rate(rate, said, f"{place}/rate"),
        firmware=statement(host, f"{folder}/fw_ver"),
        board=statement(host, f"{folder}/board_id"),
        interface=_interface(host, folder, port),
        gpu_direct=gpu_direct,
    )  # fmt: skip


def _state(host: Host, path: str) -> Statement:
    """`4: ACTIVE` without its number."""
    found = text(host, path)
    return found if isinstance(found, Missing) else fact(found.rpartition(": ")[2], path)


def _interface(host: Host, folder: str, port: int) -> Statement:
    """The network interface of a port; the ports of one adapter share its PCI device."""
    for path in host.matching(f"{folder}/device/net", "*"):
        # Old kernels have no dev_port; the adapters of their time have one port.
        own = integer(host, f"{path}/dev_port")
        if isinstance(own, Missing) or own == port - 1:
            return fact(path.rpartition("/")[2], f"{folder}/device/net")
    return absent(f"{folder}: port {port} has no network interface")


def _unknown(why: Missing) -> Nic:
    """Stands for the interfaces of a machine that does not show them."""
    hint = why.hint or "mount sysfs at /sys"
    detail = f"no interface can be listed: {why.detail}"
    unknown = Missing(reason=why.reason, detail=detail, hint=hint)
    return Nic(
        name="unknown", medium="virtual", state=unknown, speed=unknown, duplex=unknown, mtu=unknown,
        driver=unknown, bus_address=unknown, numa_node=unknown, members=unknown,
        default_route=False, received=unknown, sent=unknown, errors=unknown, dropped=unknown,
    )  # fmt: skip
