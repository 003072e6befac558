"""Ranks on several hosts, on each of which the same line was typed: they meet at one address.

The address is the first host's; the interface is the one by which the kernel routes to it.
"""

from typing import Final

from bitpath_cli.errors import BadValue
from bitpath_cli.launchers import Launcher, Place
from bitpath_cli.launchers._joined import run_joined
from bitpath_cli.launchers._store import check_port
from bitpath_cli.launchers._way import find_way, is_loopback, is_public, parse_meeting

_OPTION: Final = "--rendezvous"
_EXAMPLE: Final = "the first host's address and a free port there, such as 10.0.0.1:29400"


def find_place(
    nodes: int, node: int, rendezvous: str, join_seconds: float, progress_seconds: float
) -> Place:
    """Where this host stands; BadValue for what cannot be meant, PeerFailed for a taken port."""
    if nodes < 2:
        raise BadValue("--nnodes", str(nodes), "2 or more hosts; on one host leave it out")
    if not 0 <= node < nodes:
        raise BadValue("--node-rank", str(node), f"0 to {nodes - 1}, another on every host")
    host, port = parse_meeting(_OPTION, rendezvous, _EXAMPLE)
    address, interface = find_way(_OPTION, host, port)
    if is_loopback(address):
        raise BadValue(
            _OPTION, rendezvous,
            f"{_EXAMPLE}; {host} is {address} here, on the loopback interface {interface}, which "
            "other hosts cannot reach (see /etc/hosts)",
        )  # fmt: skip
    place = Place(
        node=node, nodes=nodes, host=address if node == 0 else host, port=port, address=address,
        interface=interface, hosts=nodes, keeps_store=node == 0, join_seconds=join_seconds,
        progress_seconds=progress_seconds,
    )  # fmt: skip
    if place.keeps_store:
        check_port(place)
    return place


def remarks(place: Place, line: str) -> tuple[str, ...]:
    """What the first host says before it waits: what to type elsewhere, and a warning."""
    if place.node != 0:
        return ()
    others = "the other host" if place.nodes == 2 else f"hosts 1 to {place.nodes - 1}"
    said = [f"On {others}, within {place.join_seconds:g} s, type:", f"  {line}"]
    if is_public(place.address):
        said.insert(0, (
            f"Warning: {place.address} is a public address, and whoever reaches port {place.port} "
            "can disturb the run. Use an address of a private network, or close the port to others."
        ))  # fmt: skip
    return tuple(said)


LAUNCHER = Launcher(summary="Ranks on several hosts that meet at one address", run=run_joined)
