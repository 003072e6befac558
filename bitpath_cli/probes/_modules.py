"""Memory modules, their speed and their error correction.

EDAC under /sys/devices/system/edac tells them to everyone where a driver is loaded; the firmware's
table in /sys/firmware/dmi/tables tells them to root. Its format is SMBIOS 3.7, section 7.18.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import (
    Fact,
    Missing,
    Quantity,
    Reason,
    absent,
    denied,
    derived,
    fact,
    reported,
    unsupported,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE, PER_SECOND
from bitpath_cli.probes import _sysfs

EDAC: Final = "/sys/devices/system/edac/mc"
TABLE: Final = "/sys/firmware/dmi/tables/DMI"
_TYPES: Final = {
    0x18: "DDR3", 0x1A: "DDR4", 0x1B: "LPDDR", 0x1C: "LPDDR2", 0x1D: "LPDDR3", 0x1E: "LPDDR4",
    0x20: "HBM", 0x21: "HBM2", 0x22: "DDR5", 0x23: "LPDDR5", 0x24: "HBM3",
}  # fmt: skip
_NO_ECC: Final = frozenset({"None", "Unknown", "Reserved"})
_CHANNEL: Final = re.compile(r"channel (\d+)")
_MEMORY_DEVICE: Final = 17
_HINT: Final = "load the processor's EDAC driver; until then errors go uncounted"


@dataclass(frozen=True, slots=True)
class Module:
    """One filled socket, as the firmware describes it; None where it says that it does not know."""

    type: str | None
    transfers_per_second: float | None
    data_bits: int | None
    total_bits: int | None


@dataclass(frozen=True, slots=True)
class Modules:
    """What is known of all modules together."""

    count: Quantity | Missing
    type: Fact | Missing
    speed: Quantity | Missing
    bandwidth: Quantity | Missing
    ecc: Fact | Missing
    corrected: Quantity | Missing
    uncorrected: Quantity | Missing


def modules(host: Host, virtual: bool) -> Modules:
    """What the firmware tells, else EDAC; where both are silent, the firmware's refusal counts.

    A virtual machine's firmware makes its modules up and is not asked.
    """
    controllers = host.matching(EDAC, "mc[0-9]*")
    dimms = tuple(each for mc in controllers for each in host.matching(mc, "dimm[0-9]*"))
    ranks = tuple(each for mc in controllers for each in host.matching(mc, "rank[0-9]*"))
    table = _table(host, virtual)
    speed = _speed(table)
    active = _edac_mode(host, dimms or ranks)
    return Modules(
        count=_sysfs.first(_count(table), _filled(host, dimms)),
        type=_sysfs.first(_type(table), _edac_type(host, dimms or ranks)),
        speed=speed,
        bandwidth=_bandwidth(host, dimms, table, speed),
        ecc=active if isinstance(active, Fact) else _widths(table),
        corrected=_errors(host, controllers, "ce_count"),
        uncorrected=_errors(host, controllers, "ue_count"),
    )


def parse_table(table: bytes) -> tuple[Module, ...]:
    """The filled memory sockets of an SMBIOS table; a table cut short ends the walk."""
    return tuple(
        module for kind, body in _structures(table) if kind == _MEMORY_DEVICE
        for module in (_module(body),) if module is not None
    )  # fmt: skip


def _structures(table: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each structure; its strings follow it and end with two zeros."""
    place = 0
    while place + 4 <= len(table):
        kind, length = table[place], table[place + 1]
        end = table.find(b"\0\0", place + length)
        if length < 4 or end < 0:
            return
        yield kind, table[place : place + length]
        place = end + 2


def _module(body: bytes) -> Module | None:
    """None for an empty socket, whose size is 0."""
    if len(body) < 0x15 or _word(body, 0x0C) in (0, None):
        return None
    rate = _word(body, 0x20) or _word(body, 0x15)
    if rate == 0xFFFF:
        rate = struct.unpack_from("<I", body, 0x58)[0] if len(body) >= 0x5C else 0
    return Module(
        type=_TYPES.get(body[0x12]),
        transfers_per_second=rate * 1e6 if rate else None,
        data_bits=_width(body, 0x0A),
        total_bits=_width(body, 0x08),
    )


def _word(body: bytes, offset: int) -> int | None:
    """A 16-bit number, which older firmware may leave out."""
    if offset + 2 > len(body):
        return None
    return int(struct.unpack_from("<H", body, offset)[0])


def _width(body: bytes, offset: int) -> int | None:
    bits = _word(body, offset)
    return None if bits in (0, 0xFFFF) else bits


def _table(host: Host, virtual: bool) -> tuple[Module, ...] | Missing:
    if virtual:
        return unsupported("a virtual machine's firmware makes its modules up")
    found = host.read_bytes(TABLE)
    if isinstance(found, Missing):
        if found.reason is Reason.DENIED:
            return denied(
                found.detail, "root, or CAP_DAC_READ_SEARCH; or read it with: sudo dmidecode -t 17"
            )
        return found
    return parse_table(found) or absent(f"{TABLE} describes no memory module")


def _count(table: tuple[Module, ...] | Missing) -> Quantity | Missing:
    return table if isinstance(table, Missing) else reported(len(table), ONE, TABLE)


def _type(table: tuple[Module, ...] | Missing) -> Fact | Missing:
    if isinstance(table, Missing):
        return table
    words = sorted({each.type for each in table if each.type is not None})
    return fact(", ".join(words), TABLE) if words else unsupported(f"{TABLE} names no known type")


def _speed(table: tuple[Module, ...] | Missing) -> Quantity | Missing:
    """Transfers per second of the slowest module, for all run at its rate."""
    if isinstance(table, Missing):
        return table
    rates = [each.transfers_per_second for each in table if each.transfers_per_second is not None]
    if not rates:
        return unsupported(f"{TABLE} tells no speed")
    return reported(min(rates), PER_SECOND, f"{TABLE}, slowest module")


def _widths(table: tuple[Module, ...] | Missing) -> Fact | Missing:
    """A module with error correction is wider in all than in data."""
    if isinstance(table, Missing):
        return table
    pairs = [(each.data_bits, each.total_bits) for each in table]
    known = [(data, total) for data, total in pairs if data is not None and total is not None]
    if len(known) < len(pairs):
        return unsupported(f"{TABLE} does not tell all modules' widths")
    return fact(all(total > data for data, total in known), f"{TABLE}, total and data width")


def _filled(host: Host, dimms: tuple[str, ...]) -> Quantity | Missing:
    sizes = [_sysfs.integer(host, f"{each}/size") for each in dimms]
    filled = [each for each in sizes if not isinstance(each, Missing) and each > 0]
    return reported(len(filled), ONE, EDAC) if filled else absent(_no_edac())


def _edac_type(host: Host, places: tuple[str, ...]) -> Fact | Missing:
    words = _words(host, places, "dimm_mem_type") - {"Unknown"}
    return fact(", ".join(sorted(words)), EDAC) if words else absent(_no_edac())


def _edac_mode(host: Host, places: tuple[str, ...]) -> Fact | Missing:
    words = _words(host, places, "dimm_edac_mode")
    if not words or words == {"Unknown"}:
        return absent(_no_edac())
    return fact(not words & _NO_ECC, f"{EDAC}: {', '.join(sorted(words))}")


def _words(host: Host, places: tuple[str, ...], name: str) -> set[str]:
    found = (_sysfs.text(host, f"{each}/{name}") for each in places)
    return {each for each in found if not isinstance(each, Missing)}


def _bandwidth(
    host: Host,
    dimms: tuple[str, ...],
    table: tuple[Module, ...] | Missing,
    speed: Quantity | Missing,
) -> Quantity | Missing:
    """Channels × width × transfers: what the modules could move if nothing were in the way."""
    if isinstance(speed, Missing) or isinstance(table, Missing):
        return speed if isinstance(speed, Missing) else absent(TABLE)
    channels = set()
    for dimm in dimms:
        location = _sysfs.text(host, f"{dimm}/dimm_location")
        found = None if isinstance(location, Missing) else _CHANNEL.search(location)
        if found is not None:
            channels.add((dimm.rpartition("/")[0], found.group(1)))
    bits = [each.data_bits for each in table if each.data_bits is not None]
    if not channels or not bits:
        return absent("only EDAC tells the number of channels", _HINT)
    rate = len(channels) * min(bits) / 8 * speed.value
    return derived(rate, BYTE_PER_SECOND, "channels (EDAC) × data width × transfers per second")


def _errors(host: Host, controllers: tuple[str, ...], name: str) -> Quantity | Missing:
    """Errors of all controllers since their driver was loaded."""
    if not controllers:
        return absent(_no_edac(), _HINT)
    counts = [_sysfs.integer(host, f"{each}/{name}") for each in controllers]
    known = [each for each in counts if not isinstance(each, Missing)]
    if len(known) < len(counts):
        return next(each for each in counts if isinstance(each, Missing))
    return derived(sum(known), ONE, f"sum of {EDAC}/mc*/{name}")


def _no_edac() -> str:
    return f"{EDAC} has no memory controller: no EDAC driver is loaded"
