"""Block devices in sysfs: what they stand on, where they are attached, and how they are linked.

Documentation/ABI/stable/sysfs-block and sysfs-class-nvme say where each of these is found.
"""

import re
from typing import Final

from bitpath_cli.host import Host, natural_key
from bitpath_cli.model.reading import Missing, absent
from bitpath_cli.probes._sysfs import text

_DEPTH_LIMIT: Final = 16
_PCI: Final = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_BUSES: Final = tuple(
    (re.compile(pattern), bus)
    for pattern, bus in (
        (r"/usb\d+/", "usb"),
        (r"/nvme[-\d]|/nvme/", "nvme"),
        (r"/mmc\d+/", "mmc"),
        (r"/virtio\d+/", "virtio"),
        (r"/session\d+/", "iscsi"),
        (r"/rport-", "fibre channel"),
        (r"/end_device-", "sas"),
        (r"/ata\d+/", "ata"),
        (r"/vbd-\d+", "xen"),
        (r"/VMBUS|/vmbus", "vmbus"),
        (r"/host\d+/", "scsi"),
        (r"/ndbus\d+/", "nvdimm"),
        (r"/virtual/block/nbd\d+", "nbd"),
        (r"/rbd\d*/", "rbd"),
    )
)


def parse_bus(place: str) -> str:
    """The bus that a device's real path in sysfs passes through, empty where it names none."""
    return next((bus for pattern, bus in _BUSES if pattern.search(place)), "")


def pci_folder(place: str) -> str:
    """The folder of the last PCI device that a real path passes through, empty without one."""
    parts = place.split("/")
    for end in range(len(parts), 0, -1):
        if _PCI.fullmatch(parts[end - 1]):
            return "/".join(parts[:end])
    return ""


def controllers(host: Host, name: str) -> tuple[str, ...]:
    """The controllers of an NVMe namespace: one, or several paths to one with multipath."""
    device = f"/sys/block/{name}/device"
    if text_of(host, f"{device}/transport"):
        return (device,)
    found = host.matching(device, "nvme[0-9]*")
    return tuple(each for each in found if text_of(host, f"{each}/transport"))


def whole_disks(host: Host, device: str) -> tuple[str, ...] | Missing:
    """The disks below a device, given as `major:minor` or by its name in /sys/class/block.

    A partition stands on its disk, a device mapper's or RAID device on its `slaves`.
    """
    folder = f"/sys/dev/block/{device}" if ":" in device else f"/sys/class/block/{device}"
    place = host.resolve(folder)
    if isinstance(place, Missing):
        return absent(f"{folder}: sysfs does not show this block device")
    return tuple(sorted(_disks_below(host, place, _DEPTH_LIMIT), key=natural_key))


def text_of(host: Host, path: str) -> str:
    """A file's words, empty where there are none to be had."""
    found = text(host, path)
    return "" if isinstance(found, Missing) else found


def _disks_below(host: Host, place: str, depth: int) -> frozenset[str]:
    if host.exists(f"{place}/partition"):
        place = place.rpartition("/")[0]
    below = [host.resolve(each) for each in host.matching(f"{place}/slaves", "*")]
    known = [each for each in below if not isinstance(each, Missing)]
    if not known or depth == 0:
        return frozenset({place.rpartition("/")[2]})
    return frozenset().union(*(_disks_below(host, each, depth - 1) for each in known))
