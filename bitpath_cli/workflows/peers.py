"""Hosts whose listeners take part in a test: each is held from the beginning of it to its end."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bitpath_cli.benchmarks import Peer
from bitpath_cli.benchmarks._tcp_connect import Session
from bitpath_cli.benchmarks._tcp_frames import number, word
from bitpath_cli.benchmarks._tcp_hello import SHORTEST_TOKEN
from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.launchers._way import find_way

PORT: Final = 29470
"""Where a listener is unless told otherwise: unassigned, and beside the ports of torch."""

_LONGEST_TOKEN: Final = 4096


class Peers:
    """The hosts that take part, and how those failed that went away."""

    def __init__(self, known: tuple[Peer, ...]) -> None:
        """All of them answered and hold their test for us."""
        self.known = known
        self.failed: dict[str, PeerFailed] = {}

    def fail(self, name: str, failure: PeerFailed) -> None:
        """Nothing more is to be measured with that host; who is none of ours is not remembered."""
        if any(each.name == name for each in self.known):
            self.failed.setdefault(name, failure)

    def check(self) -> None:
        """Raise the first failure, if there was one."""
        for each in self.failed.values():
            raise each


@contextlib.contextmanager
def meet(names: Sequence[str], tokens: Sequence[str]) -> Iterator[Peers]:
    """Hold the listeners at `names`, HOST or HOST:PORT, until the context ends.

    `tokens` are one for each, one for all, or none. BadValue or PeerFailed before anything else is
    done; whoever leaves with an error leaves the listeners without a word, so that they say so too.
    """
    if len(tokens) > 1 and len(tokens) != len(names):
        raise BadValue("--token", f"{len(tokens)} tokens", "one for all peers, or one for each")
    with contextlib.ExitStack() as stack:
        known = []
        for index, name in enumerate(names):
            token = tokens[min(index, len(tokens) - 1)] if tokens else ""
            known.append(stack.enter_context(_held(name, token)))
        yield Peers(tuple(known))


@contextlib.contextmanager
def _held(name: str, token: str) -> Iterator[Peer]:
    host, port = parse_place("--peer", name)
    _, interface = find_way("--peer", host, port)
    session = Session.begin(host, port, token)
    try:
        yield Peer(
            name=host, address=session.address, port=port, token=token, session=session.name,
            interface=interface, threads=max(1, int(number(session.told, "threads"))),
            congestion_control=word(session.told, "congestion_control") or "unknown",
        )  # fmt: skip
    except BaseException:
        session.leave()
        raise
    session.end()


def parse_place(option: str, text: str) -> tuple[str, int]:
    """A host and a port from HOST, HOST:PORT, [IPV6]:PORT or a bare IPv6 address."""
    host, number_ = text, str(PORT)
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        number_ = rest.removeprefix(":") if rest else number_
    elif text.count(":") == 1:
        host, _, number_ = text.partition(":")
    if not host or not number_.isdecimal() or not 0 <= int(number_) < 1 << 16:
        raise BadValue(option, text, f"a host, or a host and a port such as 10.0.0.1:{PORT}")
    return host, int(number_)


def read_token(option: str, path: Path) -> str:
    """The token in a file; BadValue where there is none, or one that could be guessed."""
    try:
        with path.open(encoding="utf-8") as file:
            token = file.read(_LONGEST_TOKEN + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(option, str(path), f"a file with a token ({error})") from error
    if not SHORTEST_TOKEN <= len(token) <= _LONGEST_TOKEN or not token.isprintable():
        raise BadValue(
            option, str(path), f"a file with one line of at least {SHORTEST_TOKEN} characters"
        )
    return token
