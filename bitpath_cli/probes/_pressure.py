"""Pressure stall information: the share of time in which tasks waited for a resource.

Read from /proc/pressure; the kernel's accounting/psi.rst explains it.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    Reason,
    absent,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import ONE

_HINT: Final = "a kernel with CONFIG_PSI, started with psi=1"


def pressure(host: Host, resource: str) -> Quantity | Missing:
    """The share of the last ten seconds in which some task waited for `resource`."""
    path = f"/proc/pressure/{resource}"
    found = host.read_text(path)
    if isinstance(found, Missing):
        if found.reason is Reason.ABSENT:
            return absent(found.detail, _HINT)
        return unsupported(found.detail, _HINT) if found.reason is Reason.UNSUPPORTED else found
    try:
        return reported(parse_pressure(found)["some"] / 100, ONE, f"{path} some avg10")
    except (KeyError, ValueError):
        return failed(f"{path} does not read as pressure stall information")


def parse_pressure(block: str) -> dict[str, float]:
    """avg10 in percent, of the lines `some` and `full`; KeyError or ValueError for other text."""
    found = {}
    for line in block.splitlines():
        kind, *pairs = line.split()
        found[kind] = float(dict(pair.split("=", 1) for pair in pairs)["avg10"])
    return found
