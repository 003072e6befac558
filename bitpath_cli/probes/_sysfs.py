"""Single values of /proc and /sys as readings: numbers, words, switches, choices, CPU lists.

Where each format comes from: the kernel's Documentation/ABI and admin-guide/cputopology.rst.
"""

from collections.abc import Iterable
from typing import Final, TypeVar

from bitpath_cli.host import Host
from bitpath_cli.model.reading import (
    Fact,
    Missing,
    Quantity,
    Statement,
    fact,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import ONE, Unit

_SWITCHES: Final = {"0": False, "n": False, "off": False, "1": True, "y": True, "on": True}
_SUFFIXES: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_CPUS_LIMIT: Final = 1 << 16
Known = TypeVar("Known", bound=Fact | Quantity)


def text(host: Host, path: str) -> str | Missing:
    """A file's words without surrounding blanks; an empty file is a Missing (unsupported)."""
    found = host.read_text(path)
    if isinstance(found, Missing):
        return found
    return found.strip() or unsupported(f"{path} is empty")


def statement(host: Host, path: str, unknown: frozenset[str] = frozenset()) -> Statement:
    """A file's words as a fact; words in `unknown` mean that the kernel does not know."""
    found = text(host, path)
    if isinstance(found, Missing):
        return found
    if found in unknown:
        return unsupported(f"{path} says '{found}', which means unknown")
    return fact(found, path)


def integer(host: Host, path: str) -> int | Missing:
    """A whole number in decimal, or in hexadecimal after 0x."""
    found = text(host, path)
    if isinstance(found, Missing):
        return found
    try:
        return int(found, 16 if found.lower().startswith("0x") else 10)
    except ValueError:
        return failed(f"{path} holds {_shortened(found)} where a whole number was due")


def quantity(
    host: Host,
    path: str,
    unit: Unit = ONE,
    factor: float = 1.0,
    unknown: frozenset[int] = frozenset(),
) -> Quantity | Missing:
    """A whole number times `factor` in `unit`; raw values in `unknown` are sentinels such as -1."""
    found = integer(host, path)
    if isinstance(found, Missing):
        return found
    if found in unknown:
        return unsupported(f"{path} says {found}, which means unknown")
    return reported(found * factor, unit, path)


def switch(host: Host, path: str) -> Statement:
    """A yes or no written as 1/0, Y/N or on/off."""
    found = text(host, path)
    if isinstance(found, Missing):
        return found
    if found.lower() not in _SWITCHES:
        return failed(f"{path} holds {_shortened(found)} where a switch was due")
    return fact(_SWITCHES[found.lower()], path)


def chosen(host: Host, path: str) -> Statement:
    """The word in brackets of a list such as `always [madvise] never`."""
    found = text(host, path)
    if isinstance(found, Missing):
        return found
    word = parse_chosen(found)
    return (
        failed(f"{path} marks no choice in {_shortened(found)}") if not word else fact(word, path)
    )


def cpulist(host: Host, path: str) -> tuple[int, ...] | Missing:
    """The CPUs or nodes of a list file; an empty file is an empty list."""
    found = host.read_text(path)
    if isinstance(found, Missing):
        return found
    try:
        return parse_cpulist(found)
    except ValueError as error:
        return failed(f"{path}: {error}")


def parse_cpulist(line: str) -> tuple[int, ...]:
    """`0-3,8` in order and without repeats; ValueError for anything else."""
    found: set[int] = set()
    for part in line.strip().split(","):
        if not part.strip():
            continue
        start, dash, last = part.partition("-")
        begin = int(start)
        end = int(last) if dash else begin
        if not 0 <= begin <= end < _CPUS_LIMIT:
            raise ValueError(f"'{part.strip()}' is not a range of CPUs")
        found.update(range(begin, end + 1))
    return tuple(sorted(found))


def write_cpulist(cpus: Iterable[int]) -> str:
    """The shortest list, as the kernel writes it: (0, 1, 2, 8) is `0-2,8`."""
    spans: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if spans and spans[-1][1] == cpu - 1:
            spans[-1][1] = cpu
        else:
            spans.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def parse_chosen(line: str) -> str:
    """The bracketed word of a line, empty where there is none."""
    return next(
        (each[1:-1] for each in line.split() if each.startswith("[") and each.endswith("]")), ""
    )


def parse_size(word: str) -> int:
    """Bytes of a size such as `32K` or `2M`; ValueError for anything else."""
    factor = _SUFFIXES.get(word[-1:].upper(), 1)
    return int(word if factor == 1 else word[:-1]) * factor


def parse_fields(block: str, separator: str = ":") -> dict[str, str]:
    """`key: value` lines by key; the first line of a key counts, as in /proc/cpuinfo."""
    fields: dict[str, str] = {}
    for line in block.splitlines():
        key, found, value = line.partition(separator)
        if found:
            fields.setdefault(key.strip(), value.strip())
    return fields


def first(reading: Known | Missing, *others: Known | Missing) -> Known | Missing:
    """The first reading that is known, else the first of all."""
    return next((each for each in (reading, *others) if not isinstance(each, Missing)), reading)


def _shortened(words: str) -> str:
    return repr(words if len(words) <= 40 else words[:39] + "…")
