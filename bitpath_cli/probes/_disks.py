"""Whole block devices, from /sys/block; what a device says about its medium is doubted first."""

import re
from dataclasses import dataclass
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.components.storage import Disk
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
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, CELSIUS, ONE
from bitpath_cli.probes._blocks import controllers, parse_bus, pci_folder, text_of
from bitpath_cli.probes._sysfs import chosen, integer, quantity, statement, text

# sysfs counts in units of 512 bytes whatever the device's own block is.
_SECTOR: Final = 512
_SKIPPED: Final = re.compile(r"(loop|ram|zram|dm-|md|sr|fd)\d+|mmcblk\d+(boot\d+|rpmb)")
_VIRTUAL_BUSES: Final = frozenset({"virtio", "xen", "vmbus"})
_NETWORK_BUSES: Final = frozenset({"iscsi", "fibre channel", "nbd", "rbd"})
_FABRICS: Final = frozenset({"tcp", "rdma", "fc"})
_NETWORK_MODELS: Final = re.compile(
    r"Amazon Elastic Block Store|nvme_card-pd|PersistentDisk|MSFT NVMe Accelerator"
)
_LOCAL_MODELS: Final = re.compile(
    r"NVMe Instance Storage|^nvme_card\d*$|EphemeralDisk|Microsoft NVMe Direct Disk"
)
_VIRTUAL_MODELS: Final = re.compile(r"QEMU|VBOX|VMware|Virtual|Msft|BHYVE|Xen", re.IGNORECASE)
_RAID_MODELS: Final = re.compile(
    r"PERC|MegaRAID|LOGICAL VOLUME|AVAGO|ServeRAID|RAID|Smart Array|\bMR\d{4}", re.IGNORECASE
)
_MEASURE: Final = "only a measurement tells: bitpath bench storage --dir DIR"
# Data bits per transfer and lane: 8b/10b up to 5 GT/s, 128b/130b above, 242/256 in FLIT mode.
_LANE_EFFICIENCY: Final = {2.5: 0.8, 5.0: 0.8, 64.0: 242 / 256}


@dataclass(frozen=True, slots=True)
class Attachment:
    """How a disk is attached: its bus, NVMe transport, the words it says, and if in a guest."""

    bus: str
    transport: str
    words: str
    in_guest: bool

    @property
    def is_virtual(self) -> bool:
        """Whether a hypervisor made the disk up."""
        return self.bus in _VIRTUAL_BUSES or _VIRTUAL_MODELS.search(self.words) is not None


def find_disks(host: Host) -> tuple[Disk, ...]:
    """Every whole disk; loop, RAM, optical and stacked devices are none."""
    names = host.names("/sys/block")
    if isinstance(names, Missing):
        return (_unknown(names),)
    in_guest = re.search(r"^flags\s*:.*\bhypervisor\b", _first_processor(host), re.M) is not None
    return tuple(_disk(host, name, in_guest) for name in names if _is_disk(host, name))


def network_backed(of: Attachment) -> Statement:
    """Whether the device lies behind a network: storage networks and cloud volumes do."""
    if of.bus in _NETWORK_BUSES or of.transport in _FABRICS:
        return fact(True, f"the bus: {of.transport or of.bus}")
    if _NETWORK_MODELS.search(of.words):
        return fact(True, f"the model: {of.words}")
    if _LOCAL_MODELS.search(of.words):
        return fact(False, f"the model: {of.words}")
    if of.is_virtual:
        return unsupported("a virtual disk: only its host knows where it lies", _MEASURE)
    if not of.bus:
        return unsupported("the bus of this device is unknown", _MEASURE)
    return fact(False, f"the bus: {of.bus}")


def parse_medium(of: Attachment, rotational: int | Missing, card: str) -> Statement:
    """`ssd`, `hdd`, `emmc` or `sd card`, where the device may be believed.

    0 in `queue/rotational` is believed of real devices. 1 is also what a driver says that does not
    know, so it is believed only of ATA and SCSI disks outside a guest and not behind a RAID
    controller.
    """
    behind_network = network_backed(of)
    if not isinstance(behind_network, Missing) and behind_network.value:
        return unsupported("a network volume: its provider alone knows the medium", _MEASURE)
    if of.is_virtual:
        return unsupported(
            f"a virtual disk: rotational = {_said(rotational)} says nothing about it", _MEASURE
        )
    if of.bus == "mmc":
        named = {"MMC": "emmc", "SD": "sd card"}.get(card)
        return fact(named, "device/type") if named else unsupported(f"a card of type '{card}'")
    if isinstance(rotational, Missing):
        return rotational
    if _RAID_MODELS.search(of.words):
        return unsupported(
            f"a RAID controller's volume ({of.words}): rotational = {rotational} is not its disks'",
            "the controller's own tool lists its disks, as root",
        )
    if rotational == 0:
        return fact("ssd", "queue/rotational")
    if of.bus in ("ata", "sas", "scsi") and not of.in_guest:
        return fact("hdd", "queue/rotational")
    return unsupported(
        f"rotational = 1 is also what a device on {of.bus or 'an unknown bus'} says that does not"
        " know",
        _MEASURE,
    )


def parse_link_speed(speed: str, width: int, source: str) -> Reading:
    """What the lanes carry together: `8.0 GT/s PCIe` on 4 lanes is 3.94 GB/s a direction."""
    found = re.match(r"([\d.]+) GT/s", speed)
    if not found or not 0 < width <= 32:
        return unsupported(f"{source}: '{speed}' on {width} lanes is no PCIe link")
    rate = float(found.group(1))
    efficiency = _LANE_EFFICIENCY.get(rate, 128 / 130)
    return derived(rate * 1e9 / 8 * efficiency * width, BYTE_PER_SECOND, source)


def _disk(host: Host, name: str, in_guest: bool) -> Disk:
    folder = f"/sys/block/{name}"
    place = host.resolve(folder)
    if isinstance(place, Missing):
        place = ""
    model = _model(host, folder)
    paths = controllers(host, name)
    transport = text_of(host, f"{paths[0]}/transport") if paths else ""
    words = "" if isinstance(model, Missing) else str(model.value)
    attached = Attachment(parse_bus(place), transport, words, in_guest)
    queue = f"{folder}/queue"
    sectors = integer(host, f"{folder}/size")
    return Disk(
        name=name,
        size=sectors if isinstance(sectors, Missing) else reported(
            sectors * _SECTOR, BYTE, f"{folder}/size"
        ),
        model=model,
        medium=parse_medium(
            attached, integer(host, f"{queue}/rotational"), text_of(host, f"{folder}/device/type")
        ),
        bus=_bus(attached, folder),
        network_backed=network_backed(attached),
        scheduler=_scheduler(host, f"{queue}/scheduler"),
        queue_depth=quantity(host, f"{queue}/nr_requests"),
        read_ahead=quantity(host, f"{queue}/read_ahead_kb", BYTE, 1024),
        logical_block=quantity(host, f"{queue}/logical_block_size", BYTE),
        write_cache=statement(host, f"{queue}/write_cache"),
        link_speed=_link_speed(host, name, paths),
        link_width=_link_width(host, name, paths),
        numa_node=_numa_node(host, name, pci_folder(_real(host, paths[0]) if paths else place)),
        temperature=_temperature(host, folder, paths, attached.bus),
    )  # fmt: skip


def _is_disk(host: Host, name: str) -> bool:
    if _SKIPPED.fullmatch(name) or text_of(host, f"/sys/block/{name}/hidden") == "1":
        return False
    # A drive without a medium and a network device that is not connected have no size.
    return text_of(host, f"/sys/block/{name}/size") != "0"


def _model(host: Host, folder: str) -> Statement:
    """Vendor and model; `ATA` is the protocol's name, not a vendor."""
    for name in ("model", "name"):
        found = text(host, f"{folder}/device/{name}")
        if not isinstance(found, Missing):
            vendor = text_of(host, f"{folder}/device/vendor")
            named = vendor and vendor != "ATA" and not vendor.startswith("0x")
            return fact(f"{vendor} {found}" if named else found, f"{folder}/device/{name}")
    return absent(f"{folder}/device names no model; virtual disks have none")


def _bus(of: Attachment, folder: str) -> Statement:
    if not of.bus:
        return unsupported(f"the real path of {folder} names no bus that is known")
    over = f" over {of.transport}" if of.transport in _FABRICS else ""
    return fact(f"{of.bus}{over}", f"the real path of {folder}")


def _scheduler(host: Host, path: str) -> Statement:
    """The bracketed word; a device that has no choice says `none` without brackets."""
    found = text(host, path)
    if not isinstance(found, Missing) and len(found.split()) == 1:
        return fact(found.strip("[]"), path)
    return chosen(host, path)


def _link_speed(host: Host, name: str, paths: tuple[str, ...]) -> Reading:
    if not paths:
        return _no_link(name)
    speed = text(host, f"{paths[0]}/device/current_link_speed")
    width = integer(host, f"{paths[0]}/device/current_link_width")
    if isinstance(speed, Missing):
        return speed
    if isinstance(width, Missing):
        return width
    return parse_link_speed(speed, width, f"{paths[0]}/device/current_link_speed × width")


def _link_width(host: Host, name: str, paths: tuple[str, ...]) -> Reading:
    if not paths:
        return _no_link(name)
    unknown = frozenset({0, 63, 255})
    return quantity(host, f"{paths[0]}/device/current_link_width", ONE, 1.0, unknown)


def _no_link(name: str) -> Missing:
    return absent(f"{name} is no NVMe device, so it has no PCIe link of its own")


def _numa_node(host: Host, name: str, folder: str) -> Reading:
    if not folder:
        return absent(f"{name} is on no PCI device, so on no NUMA node of its own")
    return quantity(host, f"{folder}/numa_node", unknown=frozenset({-1}))


def _temperature(host: Host, folder: str, paths: tuple[str, ...], bus: str) -> Reading:
    """The composite temperature; the place of the sensor has moved between kernels."""
    places = [f"{path}{below}" for path in paths for below in ("", "/hwmon", "/device/hwmon")]
    for place in (*places, f"{folder}/device/hwmon"):
        for sensor in host.matching(place, "hwmon[0-9]*"):
            return quantity(host, f"{sensor}/temp1_input", CELSIUS, 1e-3)
    hint = "root may load the kernel module drivetemp" if bus == "ata" else ""
    return absent(f"{folder}: the kernel offers no temperature of this disk", hint)


def _first_processor(host: Host) -> str:
    found = host.read_text("/proc/cpuinfo", 4096)
    return "" if isinstance(found, Missing) else found


def _real(host: Host, path: str) -> str:
    found = host.resolve(path)
    return "" if isinstance(found, Missing) else found


def _said(rotational: int | Missing) -> str:
    return "?" if isinstance(rotational, Missing) else str(rotational)


def _unknown(why: Missing) -> Disk:
    """Stands for the disks of a machine that does not show them."""
    hint = why.hint or "mount sysfs at /sys"
    unknown = Missing(reason=why.reason, detail=f"no disk can be listed: {why.detail}", hint=hint)
    return Disk(
        name="unknown", size=unknown, model=unknown, medium=unknown, bus=unknown,
        network_backed=unknown, scheduler=unknown, queue_depth=unknown, read_ahead=unknown,
        logical_block=unknown, write_cache=unknown, link_speed=unknown, link_width=unknown,
        numa_node=unknown, temperature=unknown,
    )  # fmt: skip
