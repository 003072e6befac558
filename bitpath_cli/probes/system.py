"""The machine as a whole, from /proc, /etc/os-release, DMI, the device tree and cloud-init."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import Fact, Missing, Quantity, absent, fact, failed, reported
from bitpath_cli.model.units import SECOND
from bitpath_cli.probes import Probe, Question, _sysfs
from bitpath_cli.probes._cloud import cloud, instance_type
from bitpath_cli.probes._container import container
from bitpath_cli.probes._dmi import dmi
from bitpath_cli.probes._virtualisation import CLOCKS, virtualisation

_RELEASES: Final = ("/etc/os-release", "/usr/lib/os-release")
_TREE_MODEL: Final = "/proc/device-tree/model"


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """One component, named without the host's name so that it can be shared."""
    provider = cloud(host)
    system = System(
        name="this machine",
        architecture=fact(host.outside.machine(), "uname"),
        kernel=_sysfs.statement(host, "/proc/sys/kernel/osrelease"),
        distribution=_distribution(host),
        hardware=_hardware(host),
        virtualisation=virtualisation(host),
        container=container(host),
        cloud=provider,
        instance_type=instance_type(host, provider),
        clock_source=_sysfs.statement(host, f"{CLOCKS}/current_clocksource"),
        uptime=_uptime(host),
    )
    return (system,)


def parse_release(text: str) -> str | None:
    """The pretty name of an os-release file, else name and version; None where it has neither."""
    fields = {
        key: value.strip("\"'") for key, value in _sysfs.parse_fields(text, separator="=").items()
    }
    named = " ".join(fields[key] for key in ("NAME", "VERSION_ID") if fields.get(key))
    return fields.get("PRETTY_NAME") or named or None


def _distribution(host: Host) -> Fact | Missing:
    for path in _RELEASES:
        found = host.read_text(path)
        if isinstance(found, Missing):
            continue
        name = parse_release(found)
        return fact(name, path) if name else failed(f"{path} names no distribution")
    return absent(f"neither {' nor '.join(_RELEASES)} can be read")


def _hardware(host: Host) -> Fact | Missing:
    """Maker and product by DMI, or a device tree's model."""
    product, maker = dmi(host, "product_name"), dmi(host, "sys_vendor")
    if isinstance(product, Fact):
        words = str(product.value)
        if isinstance(maker, Fact) and not words.startswith(str(maker.value)):
            words = f"{maker.value} {words}"
        return fact(words, product.origin.source)
    model = _sysfs.statement(host, _TREE_MODEL)
    if isinstance(model, Fact):
        return model
    return maker if isinstance(maker, Fact) else product


def _uptime(host: Host) -> Quantity | Missing:
    found = _sysfs.text(host, "/proc/uptime")
    if isinstance(found, Missing):
        return found
    try:
        return reported(float(found.split()[0]), SECOND, "/proc/uptime")
    except ValueError:
        return failed("/proc/uptime does not begin with a number")


PROBE = Probe(summary="the machine: kernel, firmware, virtualisation, container, cloud", find=find)
