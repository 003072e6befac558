"""Whether a hypervisor lies beneath, and which.

Read from /proc/cpuinfo, DMI, the device tree, /sys/hypervisor and the clock sources. The vendors'
words are those by which systemd-detect-virt(1) knows them.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, fact, unsupported
from bitpath_cli.probes._dmi import dmi
from bitpath_cli.probes._sysfs import parse_fields

CLOCKS: Final = "/sys/devices/system/clocksource/clocksource0"
_DEVICE_TREE: Final = "/proc/device-tree"
_NONE: Final = "none"
# A DMI field begins with the word. Cloud vendors are named after the hypervisor that they run.
_VENDORS: Final = (
    ("KVM", "kvm"), ("OpenStack", "kvm"), ("KubeVirt", "kvm"), ("Amazon EC2", "kvm"),
    ("Google", "kvm"), ("DigitalOcean", "kvm"), ("Alibaba Cloud", "kvm"), ("Hetzner", "kvm"),
    ("QEMU", "qemu"), ("VMware", "vmware"), ("VMW", "vmware"), ("innotek GmbH", "virtualbox"),
    ("VirtualBox", "virtualbox"), ("Xen", "xen"), ("Bochs", "bochs"), ("Parallels", "parallels"),
    ("BHYVE", "bhyve"), ("Hyper-V", "hyper-v"), ("Apple Virtualization", "apple"),
)  # fmt: skip
_FIELDS: Final = ("product_name", "sys_vendor", "board_vendor", "bios_vendor")
_VIRTUAL_CLOCKS: Final = (
    ("kvm-clock", "kvm"), ("hyperv_clocksource_tsc_page", "hyper-v"), ("xen", "xen"),
)  # fmt: skip


def virtualisation(host: Host) -> Fact | Missing:
    """`none`, a hypervisor's name, or `unknown hypervisor` where only its presence is told."""
    present = _hypervisor_flag(host)
    if isinstance(present, Fact) and present.value is False:
        return fact(_NONE, present.origin.source)
    return (
        _subsystem(host)
        or _dmi_vendor(host)
        or _tree(host)
        or _virtual_clock(host)
        or (
            fact("unknown hypervisor", present.origin.source)
            if isinstance(present, Fact)
            else present
        )
    )


def is_virtual(host: Host) -> bool:
    """Whether a hypervisor is known to lie beneath."""
    found = virtualisation(host)
    return isinstance(found, Fact) and found.value != _NONE


def _hypervisor_flag(host: Host) -> Fact | Missing:
    """The x86 flag, which is set exactly when there is one; other architectures have none."""
    cpuinfo = host.read_text("/proc/cpuinfo")
    if isinstance(cpuinfo, Missing):
        return cpuinfo
    fields = parse_fields(cpuinfo)
    if "flags" not in fields:
        return unsupported("this architecture has no flag for a hypervisor")
    return fact("hypervisor" in fields["flags"].split(), "/proc/cpuinfo flag hypervisor")


def _subsystem(host: Host) -> Fact | None:
    """Two systems that tell it themselves: WSL in the kernel's name, Xen in /sys/hypervisor."""
    release = host.read_text("/proc/sys/kernel/osrelease")
    if not isinstance(release, Missing) and "microsoft" in release.lower():
        return fact("wsl", "/proc/sys/kernel/osrelease")
    xen = host.read_text("/sys/hypervisor/type")
    return None if isinstance(xen, Missing) or not xen else fact(xen, "/sys/hypervisor/type")


def _dmi_vendor(host: Host) -> Fact | None:
    told = {field: dmi(host, field) for field in _FIELDS}
    for field in _FIELDS:
        found = told[field]
        if not isinstance(found, Fact):
            continue
        words = str(found.value)
        for prefix, name in _VENDORS:
            if words.startswith(prefix):
                return fact(name, found.origin.source)
        # EC2's bare-metal types carry the cloud's vendor, and ARM has no flag that denies it.
        if field == "product_name" and words.endswith(".metal"):
            return fact(_NONE, found.origin.source)
        # Microsoft's own laptops carry the same vendor, so the product decides.
        if field == "product_name" and words == "Virtual Machine":
            return fact("hyper-v", found.origin.source)
    return None


def _tree(host: Host) -> Fact | None:
    """A device tree names its hypervisor; one that names a board and no hypervisor has none."""
    path = f"{_DEVICE_TREE}/hypervisor/compatible"
    named = host.read_text(path)
    if not isinstance(named, Missing) and named:
        first = named.split("\0")[0]
        return fact("kvm" if first == "linux,kvm" else first, path)
    kinds = host.read_text(f"{_DEVICE_TREE}/compatible")
    if isinstance(kinds, Missing):
        return None
    dummy = "linux,dummy-virt" in kinds.split("\0")
    return fact("qemu" if dummy else _NONE, f"{_DEVICE_TREE}/compatible")


def _virtual_clock(host: Host) -> Fact | None:
    path = f"{CLOCKS}/available_clocksource"
    offered = host.read_text(path)
    if isinstance(offered, Missing):
        return None
    return next(
        (fact(name, path) for clock, name in _VIRTUAL_CLOCKS if clock in offered.split()), None
    )
