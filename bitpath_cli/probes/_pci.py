"""Devices on the PCI bus and their links, from /sys/bus/pci/devices.

Classes and vendors are those of the PCI ID database; the files are described in the kernel's
Documentation/ABI/testing/sysfs-bus-pci.
"""

from dataclasses import dataclass
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    Statement,
    fact,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import ONE
from bitpath_cli.probes._accelerator import Values
from bitpath_cli.probes._sysfs import integer, quantity, text

BUS: Final = "/sys/bus/pci/devices"
DISPLAY: Final = 0x03
PROCESSING: Final = 0x12
NVIDIA: Final = 0x10DE
AMD: Final = 0x1002
INTEL: Final = 0x8086
_UNKNOWN_WIDTHS: Final = frozenset({0, 255})
_GENERATIONS: Final = {
    "2.5": 1,
    "5": 2,
    "5.0": 2,
    "8": 3,
    "8.0": 3,
    "16.0": 4,
    "32.0": 5,
    "64.0": 6,
}


@dataclass(frozen=True, slots=True)
class PciDevice:
    """A function on the bus: `kind` is the class's first byte, such as 0x03 for displays."""

    address: str
    vendor: int
    device: int
    kind: int

    @property
    def path(self) -> str:
        """The device's folder."""
        return f"{BUS}/{self.address}"

    @property
    def identity(self) -> str:
        """Vendor and device as `lspci -nn` prints them."""
        return f"{self.vendor:04x}:{self.device:04x}"


def devices(host: Host, *kinds: int) -> tuple[PciDevice, ...] | Missing:
    """The devices of these classes in the order of their addresses."""
    addresses = host.names(BUS)
    if isinstance(addresses, Missing):
        return addresses
    found = []
    for address in sorted(addresses):
        path = f"{BUS}/{address}"
        code = integer(host, f"{path}/class")
        if isinstance(code, Missing) or code >> 16 not in kinds:
            continue
        vendor, device = integer(host, f"{path}/vendor"), integer(host, f"{path}/device")
        if not isinstance(vendor, Missing) and not isinstance(device, Missing):
            found.append(PciDevice(address, vendor, device, code >> 16))
    return tuple(found)


def describe(host: Host, device: PciDevice) -> Values:
    """What the bus itself knows of an accelerator: its place and its link, as found."""
    path = device.path
    return {
        "bus_address": fact(device.address, BUS),
        "driver": driver(host, path),
        "numa_node": numa_node(host, device.address),
        "link_generation": generation(host, f"{path}/current_link_speed"),
        "link_generation_max": generation(host, f"{path}/max_link_speed"),
        "link_width": quantity(host, f"{path}/current_link_width", ONE, unknown=_UNKNOWN_WIDTHS),
        "link_width_max": quantity(host, f"{path}/max_link_width", ONE, unknown=_UNKNOWN_WIDTHS),
    }


def driver(host: Host, path: str) -> Statement:
    """The kernel driver that holds a device, and its version where it has one."""
    found = host.resolve(f"{path}/driver")
    if isinstance(found, Missing):
        return found.model_copy(update={"detail": f"{path}: no driver is bound to it"})
    name = found.rpartition("/")[2]
    version = text(host, f"/sys/module/{name}/version")
    return fact(name if isinstance(version, Missing) else f"{name} {version}", f"{path}/driver")


def without_driver(host: Host, device: PciDevice, *wanted: str) -> str:
    """Why no program can compute on a device: no driver of its maker's holds it; else empty."""
    held = driver(host, device.path)
    if isinstance(held, Missing):
        return "no driver is bound to it"
    name = str(held.value).split()[0]
    return "" if name in wanted else f"its driver is {name}, which computes nothing"


def numa_node(host: Host, address: str) -> Quantity | Missing:
    """The NUMA node that a device is closest to; -1 means that the firmware does not tell."""
    return quantity(host, f"{BUS}/{address}/numa_node", ONE, unknown=frozenset({-1}))


def generation(host: Host, path: str) -> Quantity | Missing:
    """The PCIe generation behind a speed such as `16.0 GT/s PCIe`."""
    words = text(host, path)
    if isinstance(words, Missing):
        return words
    speed = words.split()[0]
    if speed == "Unknown":
        return unsupported(f"{path} says 'Unknown'")
    if speed not in _GENERATIONS:
        return failed(f"{path} holds '{words}', which is no speed of PCIe's")
    return reported(_GENERATIONS[speed], ONE, path)
