"""Listens for one test from another host, and says what to type there."""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.benchmarks._tcp_connect import place
from bitpath_cli.benchmarks._tcp_hello import make_token
from bitpath_cli.benchmarks._tcp_listener import Listener
from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import Host
from bitpath_cli.launchers._way import is_loopback, is_public
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.probes import Question, limits
from bitpath_cli.workflows.peers import parse_place

_HERE: Final = "127.0.0.1"
_CONGESTION_CONTROL: Final = "/proc/sys/net/ipv4/tcp_congestion_control"
_ANYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  (names to recognise, none is bound)


@dataclass(frozen=True, slots=True)
class Offer:
    """Where to listen, for how long, and whom to let in.

    Without a `token` one is made, unless `allowed` names who may come. `token_file` is what the
    other host is told to type instead of the token itself.
    """

    place: str = ""
    token: str = ""
    token_file: str = ""
    allowed: tuple[str, ...] = ()
    limit_seconds: float = 900.0


def listen(offer: Offer, remark: Callable[[str], None]) -> None:
    """Serve one test and return; PeerFailed where none came to its end within the limit."""
    host, port = parse_place("--listen", offer.place or _HERE)
    token = offer.token or ("" if offer.allowed else make_token())
    allowed = _addresses(offer.allowed)
    with _bind(host, port) as listening:
        address, port = listening.getsockname()[:2]
        for line in _invitation(offer, address, port, token):
            remark(line)
        listener = Listener([listening], token, _about(), allowed, remark)
        outcome = listener.serve(offer.limit_seconds)
    if outcome == "served":
        remark("Served one test; the report is on the other host.")
        return
    raise _failure(outcome, place(address, port), offer.limit_seconds)


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise BadValue(
            "--listen", host, f"an address of this host ({error.strerror or error})"
        ) from error
    try:
        return socket.create_server(target[:2], family=family, backlog=64)
    except OSError as error:
        words = os.strerror(error.errno or 0).lower()
        raise BadValue(
            "--listen", place(host, port),
            f"a free port at an address of this host: {words} (see: ss -ltn; ip address)",
        ) from error  # fmt: skip


def _addresses(names: Sequence[str]) -> tuple[str, ...]:
    """What the names stand for; BadValue for one that is not known."""
    found = []
    for name in names:
        try:
            told = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except OSError as error:
            raise BadValue(
                "--allow", name, f"an address, or a name that is known ({error.strerror or error})"
            ) from error
        found += [str(each[4][0]) for each in told]
    return tuple(found)


def _about() -> dict[str, object]:
    """What the caller's report says of this end."""
    host = Host()
    threads: float = max(1, len(host.outside.affinity()))
    for each in limits.PROBE.find(host, Question()):
        if isinstance(each, Limits) and isinstance(each.threads, Quantity):
            threads = each.threads.value
    governs = host.read_text(_CONGESTION_CONTROL)
    return {
        "threads": threads,
        "congestion_control": "unknown" if isinstance(governs, Missing) else governs,
    }


def _invitation(offer: Offer, address: str, port: int, token: str) -> tuple[str, ...]:
    lines = []
    if address in _ANYWHERE:
        lines.append(
            "Warning: this listens on every address of this host. Name one of them instead."
        )
        named = place(socket.gethostname(), port)
    else:
        named = place(address, port)
        if is_loopback(address):
            lines.append(
                "This listens on loopback only, which no other host can reach. For another host, "
                f"name an address of this one: --listen 10.0.0.1:{port}"
            )
        elif is_public(address):
            lines.append(
                f"Warning: {address} is a public address. Only who has the token is served, but "
                "what is sent can be seen."
            )
    secret = ""
    if offer.token_file:
        secret = f" --token-file {offer.token_file}"
    elif token:
        secret = f" --token {token}"
    return (
        *lines,
        f"Listening at {named} for one test, {offer.limit_seconds:g} s at most. "
        "On the other host, type:",
        f"  bitpath bench network --peer {named}{secret}",
    )


def _failure(outcome: str, where: str, limit_seconds: float) -> PeerFailed:
    if outcome == "lost":
        return PeerFailed(
            "The other host went away before its test was over.",
            "It was ended, or the link to it is down.",
            "See its own message there, then start this and that again.",
        )
    if outcome == "late":
        return PeerFailed(
            f"The test was not over within {limit_seconds:g} s, and was ended.", "",
            "Allow more with --for, or use a smaller --budget on the other host.",
        )  # fmt: skip
    return PeerFailed(
        f"No host came to {where} within {limit_seconds:g} s.",
        "The line was not typed there, or a firewall drops what is sent to this port.",
        f"Check from the other host that a connection works: nc -vz {where.replace(':', ' ')}",
    )
