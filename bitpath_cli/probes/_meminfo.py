"""Fields of /proc/meminfo and of a NUMA node's meminfo, in bytes; see man 5 proc_meminfo."""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Quantity, absent, reported
from bitpath_cli.model.units import BYTE

PATH: Final = "/proc/meminfo"


def meminfo(host: Host, path: str = PATH) -> Mapping[str, int] | Missing:
    """Every field of the file, sizes in bytes and counts as they are."""
    found = host.read_text(path)
    return found if isinstance(found, Missing) else parse_meminfo(found)


def size(fields: Mapping[str, int] | Missing, name: str, path: str = PATH) -> Quantity | Missing:
    """A field as a reading."""
    if isinstance(fields, Missing):
        return fields
    if name not in fields:
        return absent(f"{path} has no {name}")
    return reported(fields[name], BYTE, f"{path} {name}")


def parse_meminfo(block: str) -> dict[str, int]:
    """`MemTotal: 5 kB` and `Node 0 MemTotal: 5 kB` alike; lines that hold no number are skipped."""
    fields = {}
    for line in block.splitlines():
        name, _, rest = line.partition(":")
        number, *unit = rest.split() or [""]
        if number.isdigit():
            fields[name.split()[-1]] = int(number) * (1024 if unit == ["kB"] else 1)
    return fields
