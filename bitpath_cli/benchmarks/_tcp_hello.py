"""How both ends of the TCP benchmark get to know each other: versions, and a token kept secret.

Each proves that it has the token by an HMAC over both ends' random words (RFC 2104), so the token
itself never crosses the wire and an answer cannot be used twice.
"""

import hashlib
import hmac
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli import __version__
from bitpath_cli.benchmarks._tcp_frames import Frame, Garbled, receive, send, word
from bitpath_cli.errors import PeerFailed

HELLO_SECONDS: Final = 5.0
PROTOCOL: Final = 1
TOKEN_BYTES: Final = 10
SHORTEST_TOKEN: Final = 16
_WORD_BYTES: Final = 16

Purpose = Literal["test", "case", "data", "echo"]
Refusal = Literal["address", "version", "token", "busy", "over"]


class Refused(Exception):
    """The listener lets a connection no further, for one of the reasons above."""

    def __init__(self, why: Refusal) -> None:
        """`why` is told to the other end."""
        super().__init__(why)
        self.why: Refusal = why


@dataclass(frozen=True, slots=True)
class Caller:
    """A connection whose hello was right, and what it asks for."""

    asks: Frame
    proof: str


def make_token() -> str:
    """A token for one test: 80 random bits."""
    return secrets.token_hex(TOKEN_BYTES)


def receive_caller(connection: socket.socket, token: str) -> Caller:
    """Challenge whoever connected; Refused after a wrong answer. Without a token all are let in."""
    nonce = secrets.token_hex(_WORD_BYTES)
    about = {"bitpath": __version__, "protocol": PROTOCOL, "nonce": nonce, "token": bool(token)}
    send(connection, about)
    asks = receive(connection, HELLO_SECONDS)
    if (asks.get("bitpath"), asks.get("protocol")) != (__version__, PROTOCOL):
        raise Refused("version")
    theirs = word(asks, "nonce")
    expected = _prove(token, "caller", nonce, theirs, word(asks, "purpose"))
    if token and not hmac.compare_digest(expected, word(asks, "proof")):
        raise Refused("token")
    return Caller(asks, _prove(token, "listener", theirs, nonce, word(asks, "purpose")))


def accept(connection: socket.socket, caller: Caller, told: Mapping[str, object]) -> None:
    """Let the caller in and prove to it that this is the listener it means."""
    send(connection, {**told, "accepted": True, "proof": caller.proof})


def refuse(connection: socket.socket, why: Refusal) -> None:
    """Tell why not."""
    send(connection, {"refused": why, "bitpath": __version__})


def greet(
    connection: socket.socket, token: str, purpose: Purpose, details: Mapping[str, object]
) -> Frame:
    """Call a listener; what it tells of itself. PeerFailed where it lets us not in."""
    where = _where(connection)
    try:
        challenge = receive(connection, HELLO_SECONDS)
        _check(challenge, where)
        nonce, mine = word(challenge, "nonce"), secrets.token_hex(_WORD_BYTES)
        if not nonce:
            raise Garbled("it sent no challenge")
        if bool(challenge.get("token")) != bool(token):
            raise PeerFailed(*_about_token(where, bool(token)))
        proof = _prove(token, "caller", nonce, mine, purpose)
        send(
            connection,
            {
                **details, "bitpath": __version__, "protocol": PROTOCOL, "nonce": mine,
                "proof": proof if token else "", "purpose": purpose,
            },
        )  # fmt: skip
        answer = receive(connection, HELLO_SECONDS)
        _check(answer, where)
        if answer.get("accepted") is not True:
            raise Garbled("it accepted nothing")
    except TimeoutError as error:
        raise PeerFailed(
            f"{where} took the connection and then said nothing for {HELLO_SECONDS:g} s.",
            "Something else may listen on that port, or a filter lets only the first packets by.",
            "See on that host which program it is: ss -ltnp",
        ) from error
    except Garbled as error:
        raise PeerFailed(
            f"What listens at {where} is not bitpath: {error}.", "",
            "See on that host which program it is: ss -ltnp",
        ) from error  # fmt: skip
    expected = _prove(token, "listener", mine, nonce, purpose)
    if token and not hmac.compare_digest(expected, word(answer, "proof")):
        raise PeerFailed(
            f"The listener at {where} could not prove that it has the token.",
            "Something stands between the two hosts, or another listener took the port.",
            "Start the listener again and copy the line that it prints.",
        )
    return answer


def _prove(token: str, role: str, first: str, second: str, purpose: str) -> str:
    text = "\n".join((role, first, second, purpose)).encode()
    return hmac.new(token.encode(), text, hashlib.sha256).hexdigest()


def _check(frame: Frame, where: str) -> None:
    """Raise PeerFailed for a refusal, and where another protocol is spoken."""
    theirs = word(frame, "bitpath")
    if refused := word(frame, "refused"):
        raise PeerFailed(*_about_refusal(refused, where, theirs))
    # The listener compares the rest: it has to know of it too.
    if frame.get("protocol", PROTOCOL) != PROTOCOL:
        raise PeerFailed(*_about_refusal("version", where, theirs))


def _about_refusal(why: str, where: str, theirs: str) -> tuple[str, str, str]:
    return {
        "address": (
            f"The listener at {where} does not serve this host's address.",
            "It was started with --allow for other addresses.",
            "Start it again there with --allow and this host's address.",
        ),
        "version": (
            f"{where} runs bitpath {theirs or 'of another version'}, and this host {__version__}.",
            "What differs in version cannot be trusted to measure alike.",
            "Install the same bitpath on both hosts.",
        ),
        "token": (
            f"The listener at {where} did not accept the token.",
            "It was mistyped, or belongs to a listener that was started earlier.",
            "Copy the line that the listener printed.",
        ),
        "busy": (
            f"The listener at {where} is serving another test.",
            "Each listener serves one test.",
            "Wait until it ends and start the listener again, or start another on another port.",
        ),
    }.get(
        why,
        (
            f"The listener at {where} has ended this test.",
            "Its time was over, or it was interrupted.",
            "Start it again there, with a longer --for if its time was over.",
        ),
    )


def _about_token(where: str, has_token: bool) -> tuple[str, str, str]:
    if has_token:
        return (
            f"The listener at {where} asks for no token, and one was given.",
            "It may be another listener than the one that printed the token.",
            "Leave the token out if the listener was started with --allow.",
        )
    return (
        f"The listener at {where} asks for a token.",
        "It serves only whoever has the token that it printed.",
        "Copy the line that the listener printed; it ends in --token and the token.",
    )


def _where(connection: socket.socket) -> str:
    host, port = connection.getpeername()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
