"""Accelerators beside the three makers' GPUs: Gaudi, Neuron, NPUs, and what nobody here knows.

From /sys/class/accel, the vendors' own classes, and the PCI bus: class 0x12 is a processing
accelerator, 0x03 a display controller.
"""

from collections.abc import Iterator
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.reading import Missing, Statement, fact, unsupported
from bitpath_cli.model.units import HERTZ, WATT
from bitpath_cli.probes import Probe, Question
from bitpath_cli.probes._accelerator import Values, Vendor, accelerator
from bitpath_cli.probes._pci import (
    AMD,
    BUS,
    DISPLAY,
    INTEL,
    NVIDIA,
    PROCESSING,
    PciDevice,
    describe,
    devices,
)
from bitpath_cli.probes._sysfs import first, integer, quantity, statement

_ACCEL: Final = "/sys/class/accel"
_HABANA: Final = "/sys/class/habanalabs"
_NEURON: Final = "/sys/devices/virtual/neuron_device"
_HABANA_VENDOR: Final = 0x1DA3
_VENDORS: Final[dict[int, Vendor]] = {
    NVIDIA: "nvidia", AMD: "amd", 0x1022: "amd", INTEL: "intel", _HABANA_VENDOR: "habana",
    0x1D0F: "aws",
}  # fmt: skip
_OWN_PROBES: Final = frozenset({NVIDIA, AMD, INTEL})
# Adapters that only draw: ASPEED and Matrox in management controllers, and virtual screens.
_SCREENS: Final = frozenset(
    {0x1A03, 0x102B, 0x1AF4, 0x1B36, 0x1013, 0x15AD, 0x1234, 0x1414, 0x80EE}
)
_OTHERWISE: Final = unsupported(
    "bitpath knows of this device only that it is there", "the maker's own tool"
)
_TORCH: Final = unsupported(
    "torch uses such a device through the maker's own package, which is not asked",
    "the maker's guide to PyTorch",
)


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """Each device once, by the most telling source that lists it."""
    found: dict[str, Accelerator] = {}
    for address, one in (*_habana(host), *_accel(host), *_neuron(host), *_unhandled(host)):
        found.setdefault(address, one)
    return tuple(found.values())


def _habana(host: Host) -> Iterator[tuple[str, Accelerator]]:
    for index, path in enumerate(host.matching(_HABANA, "hl[0-9]*")):
        address = statement(host, f"{path}/pci_addr")
        values: Values = {
            "model": statement(host, f"{path}/device_type"),
            "bus_address": address,
            "clock_core": quantity(host, f"{path}/clk_cur_freq_mhz", HERTZ, 1e6),
            "clock_core_max": quantity(host, f"{path}/clk_max_freq_mhz", HERTZ, 1e6),
            "power_limit": quantity(host, f"{path}/max_power", WATT, 1e-3),
            "usable": _TORCH,
        }
        yield _key(address, path), accelerator("habana", index, values, _OTHERWISE)


def _accel(host: Host) -> Iterator[tuple[str, Accelerator]]:
    """The kernel's own class: Gaudi of newer drivers, and the NPUs of AMD, Intel and others."""
    for index, path in enumerate(host.matching(_ACCEL, "accel[0-9]*")):
        place = host.resolve(f"{path}/device")
        device = _device(host, "" if isinstance(place, Missing) else place.rpartition("/")[2])
        name = path.rpartition("/")[2]
        if device is None:
            yield path, accelerator("other", index, {"usable": _TORCH}, _OTHERWISE, name=name)
            continue
        values: Values = {
            **describe(host, device),
            "model": first(
                statement(host, f"{path}/device/device_type"),
                fact(f"PCI {device.identity}", device.path),
            ),
            "clock_core": quantity(
                host, f"{path}/device/npu_current_frequency_mhz", HERTZ, 1e6, unknown=frozenset({0})
            ),
            "clock_core_max": quantity(host, f"{path}/device/npu_max_frequency_mhz", HERTZ, 1e6),
            "usable": _TORCH,
        }
        vendor = _VENDORS.get(device.vendor, "other")
        yield device.address, accelerator(vendor, index, values, _OTHERWISE, name=name)


def _neuron(host: Host) -> Iterator[tuple[str, Accelerator]]:
    for index, path in enumerate(host.matching(_NEURON, "neuron[0-9]*")):
        architecture = f"{path}/info/architecture"
        values: Values = {
            "model": statement(host, f"{architecture}/device_name"),
            "architecture": statement(host, f"{architecture}/arch_type"),
            "usable": _TORCH,
        }
        name = path.rpartition("/")[2]
        yield path, accelerator("aws", index, values, _OTHERWISE, name=name)


def _unhandled(host: Host) -> Iterator[tuple[str, Accelerator]]:
    listed = devices(host, DISPLAY, PROCESSING)
    strangers = (
        [] if isinstance(listed, Missing) else [each for each in listed if _is_strange(each)]
    )
    for index, device in enumerate(strangers):
        values: Values = {
            **describe(host, device),
            "model": fact(f"PCI {device.identity}, unrecognised", device.path),
        }
        vendor = _VENDORS.get(device.vendor, "other")
        name = f"unrecognised{index}"
        yield device.address, accelerator(vendor, index, values, _OTHERWISE, name=name)


def _is_strange(device: PciDevice) -> bool:
    """Whether no other probe lists it: those take displays, and AMD's and NVIDIA's processors."""
    if device.kind == DISPLAY:
        return device.vendor not in _OWN_PROBES | _SCREENS
    return device.vendor not in {NVIDIA, AMD}


def _device(host: Host, address: str) -> PciDevice | None:
    path = f"{BUS}/{address}"
    vendor, device = integer(host, f"{path}/vendor"), integer(host, f"{path}/device")
    code = integer(host, f"{path}/class")
    if isinstance(vendor, Missing) or isinstance(device, Missing) or isinstance(code, Missing):
        return None
    return PciDevice(address, vendor, device, code >> 16)


def _key(address: Statement, path: str) -> str:
    return path if isinstance(address, Missing) else str(address.value)


PROBE = Probe(summary="Gaudi, Neuron, NPUs and unrecognised accelerators", find=find)
