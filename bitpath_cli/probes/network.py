"""Network interfaces, RDMA ports, and how the kernel reaches each peer: /sys, /proc, /etc/hosts."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.network import NetworkSettings, Route
from bitpath_cli.model.reading import (
    Fact,
    Method,
    Missing,
    Origin,
    Reading,
    Statement,
    absent,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import BYTE
from bitpath_cli.probes import Probe, Question
from bitpath_cli.probes._nics import find_nics, find_rdma_ports
from bitpath_cli.probes._routes import Address, Tables, read_tables
from bitpath_cli.probes._sysfs import statement, text

_HOSTS: Final = "/etc/hosts"
_SETTINGS: Final = "/proc/sys/net/ipv4"


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """Interfaces, RDMA ports, a route for each of the question's peers, and kernel settings."""
    tables = read_tables(host)
    return (
        *find_nics(host, tables.default_interfaces()),
        *find_rdma_ports(host),
        *(find_route(host, tables, peer) for peer in question.peers),
        find_settings(host),
    )


def find_route(host: Host, tables: Tables, peer: str) -> Route:
    """What the kernel would do with a packet for `peer`; nothing is sent and no server is asked."""
    address = resolve(host, peer)
    if isinstance(address, Missing):
        return _no_route(peer, address)
    zone = address.scope_id if isinstance(address, IPv6Address) else None
    if zone is not None:
        address = IPv6Address(int(address))
    if address.is_multicast or address.is_unspecified:
        return _no_route(peer, unsupported(f"{address} is not the address of one host"))
    local = tables.is_local(address)
    if local is True:
        return Route(
            name=peer,
            interface=_derived("lo", "own addresses"),
            source_address=_derived(str(address), "own addresses"),
            gateway=absent(f"{address} is this host"),
            loopback=_derived(True, "own addresses"),
        )
    if address.is_link_local and address.version == 6 and zone is None:
        hint = f"write {peer}%INTERFACE"
        return _no_route(peer, unsupported(f"{address} exists on every interface", hint))
    hop = tables.look_up(address, zone)
    if isinstance(hop, Missing):
        return _no_route(peer, hop)
    source = tables.source(hop, address)
    table = "the main routing table" + (", not the others" if tables.has_policy else "")
    return Route(
        name=peer,
        interface=_derived(hop.interface, table),
        source_address=source if isinstance(source, Missing) else _derived(
            str(source), f"{table}, and own addresses"
        ),
        gateway=absent(f"{address} is in a network that {hop.interface} is connected to")
        if hop.gateway is None
        else _derived(str(hop.gateway), table),
        loopback=local if isinstance(local, Missing) else _derived(False, "own addresses"),
    )  # fmt: skip


def resolve(host: Host, peer: str) -> Address | Missing:
    """An address as it is written, or a name from /etc/hosts; IPv4 first where it has both."""
    if (written := parse_address(peer)) is not None:
        return written
    hosts = host.read_text(_HOSTS)
    found = () if isinstance(hosts, Missing) else parse_hosts(hosts, peer)
    if not found:
        return absent(
            f"'{peer}' is no address and not in {_HOSTS}, and a probe asks no name server",
            f"give the address (getent hosts {peer} prints it), or add it to {_HOSTS}",
        )
    return min(found, key=lambda each: each.version)


def parse_address(words: str) -> Address | None:
    """An IPv4 or IPv6 address, in brackets or not; an IPv4 address within IPv6 is IPv4."""
    words = words.strip().removeprefix("[").removesuffix("]")
    try:
        return IPv4Address(words)
    except AddressValueError:
        pass
    try:
        found = IPv6Address(words)
    except AddressValueError:
        return None
    return found.ipv4_mapped or found


def parse_hosts(text: str, name: str) -> tuple[Address, ...]:
    """The addresses of a name, hosts(5): address, name and aliases, and comments after `#`."""
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if name.lower() in (each.lower() for each in words[1:]):
            address = parse_address(words[0])
            if address is not None:
                found.append(address)
    return tuple(found)


def find_settings(host: Host) -> NetworkSettings:
    """The congestion control, and how far the kernel lets a TCP buffer grow by itself.

    Programs that set a buffer themselves are bounded by net.core.rmem_max instead.
    """
    return NetworkSettings(
        name="tcp",
        congestion_control=statement(host, f"{_SETTINGS}/tcp_congestion_control"),
        receive_buffer_max=_largest(host, f"{_SETTINGS}/tcp_rmem"),
        send_buffer_max=_largest(host, f"{_SETTINGS}/tcp_wmem"),
    )


def _largest(host: Host, path: str) -> Reading:
    """The third of the minimum, the default and the maximum in bytes."""
    found = text(host, path)
    if isinstance(found, Missing):
        return found
    words = found.split()
    if len(words) != 3 or not words[2].isdigit():
        return failed(f"{path} does not hold three numbers")
    return reported(int(words[2]), BYTE, path)


def _no_route(peer: str, why: Missing) -> Route:
    return Route(name=peer, interface=why, source_address=why, gateway=why, loopback=why)


def _derived(value: bool | str, source: str) -> Statement:
    return Fact(value=value, origin=Origin(method=Method.DERIVED, source=source))


PROBE = Probe(
    summary="Network interfaces, InfiniBand and RoCE ports, routes to peers, TCP settings",
    find=find,
)
