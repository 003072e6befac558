"""Millionths in powercap and hwmon files as readings; both use 0 for what is switched off."""

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Quantity, reported, unsupported
from bitpath_cli.model.units import JOULE, WATT, Unit
from bitpath_cli.probes._sysfs import integer

MILLION = 1_000_000


def watts(host: Host, path: str, zero: str) -> Quantity | Missing:
    """Microwatts; `zero` says in words what 0 means in this file."""
    return _millionths(host, path, WATT, zero)


def joules(host: Host, path: str, zero: str) -> Quantity | Missing:
    """Microjoules; `zero` says in words what 0 means in this file."""
    return _millionths(host, path, JOULE, zero)


def _millionths(host: Host, path: str, unit: Unit, zero: str) -> Quantity | Missing:
    raw = integer(host, path)
    if isinstance(raw, Missing):
        return raw
    if raw == 0:
        return unsupported(f"{path} says 0: {zero}")
    return reported(raw / MILLION, unit, path)
