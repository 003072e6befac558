"""The kernel's routing tables and the lookups that it makes in them, from /proc/net.

The formats are those of net/ipv4/fib_trie.c, net/ipv6/route.c and net/ipv6/addrconf.c. The rules
that choose between tables (policy routing) are not shown there, so only the main table is followed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeVar

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, absent, failed, unsupported

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Entry = TypeVar("Entry")
_UP: Final = 0x1
_GATEWAY: Final = 0x2
_REJECT: Final = 0x200
_CACHED: Final = 0x01000000
# Duplicate, deprecated and tentative addresses are no source of new connections.
_UNUSED: Final = 0x08 | 0x20 | 0x40


@dataclass(frozen=True, slots=True)
class Hop:
    """One route: where it leads to, through which interface and gateway."""

    network: Network
    gateway: Address | None
    interface: str
    metric: int
    rejects: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """An address of this host, its network and interface; empty where the tables do not tell."""

    address: Address
    network: Network
    interface: str


@dataclass(frozen=True, slots=True)
class Tables:
    """Routes and own addresses of both families, and by IP version why they cannot be read.

    `has_policy` says that there are other tables, which rules may prefer for some packets.
    """

    hops: tuple[Hop, ...]
    own: tuple[Own, ...]
    no_hops: Mapping[int, Missing]
    no_own: Mapping[int, Missing]
    has_policy: bool

    def is_local(self, address: Address) -> bool | Missing:
        """Whether the kernel delivers to an address without leaving the host."""
        if address.is_loopback or any(each.address == address for each in self.own):
            return True
        return self.no_own.get(address.version, False)

    def look_up(self, address: Address, interface: str | None = None) -> Hop | Missing:
        """The longest prefix that holds the address, and of equals the one of least metric.

        A link-local address is looked up on the interface that its zone names.
        """
        if (refused := self.no_hops.get(address.version)) is not None:
            return refused
        fitting = [
            each
            for each in self.hops
            if address in each.network and interface in (None, each.interface)
        ]
        if not fitting:
            return absent(f"the routing table has no route to {address}")
        best = min(fitting, key=lambda each: (-each.network.prefixlen, each.metric))
        if best.rejects:
            return absent(f"the routing table declares {best.network} unreachable")
        return best

    def source(self, hop: Hop, address: Address) -> Address | Missing:
        """The own address that packets to `address` carry, where only one can be meant.

        The kernel prefers an address in the network of the next hop; a preferred source that a
        route names is not shown in /proc.
        """
        near = hop.gateway or address
        there = [
            each
            for each in self.own
            if each.interface == hop.interface
            and each.address.version == address.version
            and each.address.is_link_local == address.is_link_local
        ]
        found = _only(each for each in there if near in each.network) or _only(there)
        if found is None and not there:
            # Clouds give a /32 address and an on-link gateway, so that no network joins the two.
            found = _only(
                each
                for each in self.own
                if each.address.version == address.version == 4 and not each.address.is_loopback
            )
        return found or self.no_own.get(address.version) or unsupported(
            f"{len(there)} addresses of {hop.interface} may be the source",
            f"ip route get {address}",
        )  # fmt: skip

    def default_interfaces(self) -> frozenset[str]:
        """The interfaces that a route to everywhere leads through."""
        return frozenset(
            each.interface for each in self.hops if each.network.prefixlen == 0 and not each.rejects
        )


def read_tables(host: Host) -> Tables:
    """Both families' tables; without IPv6 the kernel has no such files."""
    hops4 = _parsed(host, "/proc/net/route", parse_routes4)
    hops6 = _parsed(host, "/proc/net/ipv6_route", parse_routes6)
    local4 = _parsed(host, "/proc/net/fib_trie", parse_local4)
    own6 = _parsed(host, "/proc/net/if_inet6", parse_own6)
    known4, known6 = _entries(hops4), _entries(hops6)
    return Tables(
        hops=(*known4, *known6),
        own=(*place_own4(_entries(local4), known4), *_entries(own6)),
        no_hops={v: each for v, each in ((4, hops4), (6, hops6)) if isinstance(each, Missing)},
        no_own={v: each for v, each in ((4, local4), (6, own6)) if isinstance(each, Missing)},
        has_policy=_has_policy(host),
    )


def parse_routes4(text: str) -> tuple[Hop, ...]:
    """/proc/net/route: addresses are hexadecimal in the machine's order, here little-endian."""
    hops = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8 or not int(fields[3], 16) & _UP:
            continue
        flags = int(fields[3], 16)
        network = IPv4Network((_little_endian(fields[1]), str(_little_endian(fields[7]))))
        gateway = _little_endian(fields[2]) if flags & _GATEWAY else None
        hops.append(Hop(network, gateway, fields[0], int(fields[6]), bool(flags & _REJECT)))
    return tuple(hops)


def parse_routes6(text: str) -> tuple[Hop, ...]:
    """/proc/net/ipv6_route: routes for every source that are up and not merely cached."""
    hops = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 10:
            continue
        flags = int(fields[8], 16)
        if int(fields[3], 16) or not flags & _UP or flags & _CACHED:
            continue
        network = IPv6Network((int(fields[0], 16), int(fields[1], 16)))
        gateway = IPv6Address(int(fields[4], 16)) if flags & _GATEWAY else None
        metric = int(fields[5], 16)
        hops.append(Hop(network, gateway, fields[9], metric, bool(flags & _REJECT)))
    return tuple(hops)


def parse_local4(text: str) -> tuple[IPv4Address, ...]:
    """The addresses that /proc/net/fib_trie marks as `/32 host LOCAL`, each once."""
    found: dict[IPv4Address, None] = {}
    last = ""
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            last = words[1]
        elif words == ["/32", "host", "LOCAL"]:
            found[IPv4Address(last)] = None
    return tuple(found)


def place_own4(addresses: Iterable[IPv4Address], hops: Sequence[Hop]) -> tuple[Own, ...]:
    """Each address in the networks that an interface is connected to, else by itself."""
    placed = []
    for address in addresses:
        joined = [
            Own(address, each.network, each.interface)
            for each in hops
            if each.gateway is None and each.network.prefixlen > 0 and address in each.network
        ]
        placed += joined or [Own(address, IPv4Network(address), "")]
    return tuple(placed)


def parse_own6(text: str) -> tuple[Own, ...]:
    """/proc/net/if_inet6: address, index, prefix, scope, flags and interface."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 6 and not int(fields[4], 16) & _UNUSED:
            address = IPv6Address(int(fields[0], 16))
            network = IPv6Network((address, int(fields[2], 16)), strict=False)
            found.append(Own(address, network, fields[5]))
    return tuple(found)


def _parsed(
    host: Host, path: str, parse: Callable[[str], tuple[Entry, ...]]
) -> tuple[Entry, ...] | Missing:
    listed = host.read_text(path)
    if isinstance(listed, Missing):
        return listed
    try:
        return parse(listed)
    except (ValueError, IndexError) as error:
        return failed(f"{path} does not read as it should: {error}")


def _has_policy(host: Host) -> bool:
    """Whether fib_trie lists a table beside Main and Local."""
    listed = host.read_text("/proc/net/fib_trie")
    return not isinstance(listed, Missing) and re.search(r"^Id \d+:", listed, re.M) is not None


def _entries(found: tuple[Entry, ...] | Missing) -> tuple[Entry, ...]:
    return () if isinstance(found, Missing) else found


def _little_endian(word: str) -> IPv4Address:
    return IPv4Address(int.from_bytes(bytes.fromhex(word), "little"))


def _only(found: Iterable[Own]) -> Address | None:
    """The one address among the entries, None where there are several or none."""
    addresses = {each.address for each in found}
    return addresses.pop() if len(addresses) == 1 else None
