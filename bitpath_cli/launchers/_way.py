"""How this host reaches a named address, by the kernel's own routes, and by which interface."""

import ipaddress
import socket

from bitpath_cli.errors import BadValue, PeerFailed


def find_way(option: str, host: str, port: int) -> tuple[str, str]:
    """Our address and interface on the way to `host`; BadValue for a name that is not known.

    Connecting a datagram socket sends nothing: it only asks the kernel for the route.
    """
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        allowed = f"an address or a name that this host knows ({error.strerror or error})"
        raise BadValue(option, host, allowed) from error
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect(target)
            address = str(asking.getsockname()[0])
    except OSError as error:
        raise PeerFailed(
            f"This host has no route to {host}: {error.strerror}.",
            "Its interface is down, or the address belongs to another network.",
            "See: ip address; ip route",
        ) from error
    return address, _interface(address)


def is_loopback(address: str) -> bool:
    """Whether an address never leaves its host."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def is_public(address: str) -> bool:
    """Whether an address can be reached from the whole internet."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global


def _interface(address: str) -> str:
    import psutil

    for name, known in psutil.net_if_addrs().items():
        if any(each.address.partition("%")[0] == address for each in known):
            return str(name)
    raise PeerFailed(f"No interface of this host has the address {address}.", "", "See: ip address")
