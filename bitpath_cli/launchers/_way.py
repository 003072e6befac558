"""How this host reaches a named address, by the kernel's own routes, and by which interface."""

import ipaddress
import socket
import time
from typing import Any, Final

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import monotonic

_RETRY_SECONDS: Final = 0.5


def find_way(option: str, host: str, port: int, patience_seconds: float = 0.0) -> tuple[str, str]:
    """Our address and interface on the way to `host`; BadValue for a name that is not known.

    So long is waited for the name: a pod's name is known only when the pod runs. Connecting a
    datagram socket sends nothing: it only asks the kernel for the route.
    """
    family, target = _resolve(option, host, port, patience_seconds)
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


def parse_meeting(option: str, text: str, example: str) -> tuple[str, int]:
    """Host and port of HOST:PORT or [IPV6]:PORT; BadValue with the example for anything else."""
    host, _, number = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in host or not number.isdecimal() or not 0 < int(number) < 1 << 16:
        raise BadValue(option, text, example)
    return host, int(number)


def _resolve(option: str, host: str, port: int, patience_seconds: float) -> tuple[int, Any]:
    deadline = monotonic() + patience_seconds
    while True:
        try:
            family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            if monotonic() < deadline:
                time.sleep(min(_RETRY_SECONDS, patience_seconds))
                continue
            since = f" within {patience_seconds:g} s" if patience_seconds else ""
            allowed = f"an address or a name that this host knows{since}"
            raise BadValue(option, host, f"{allowed} ({error.strerror or error})") from error
        return family, target


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
