"""Meeting hosts that listen: what may be typed, and how a test is held and left."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.workflows.listen import Offer, listen
from bitpath_cli.workflows.peers import PORT, meet, parse_place, read_token


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("10.0.0.1", ("10.0.0.1", PORT)), ("edge-02:80", ("edge-02", 80)),
        ("::1", ("::1", PORT)), ("[::1]:80", ("::1", 80)), ("[fe80::1]", ("fe80::1", PORT)),
        ("127.0.0.1:0", ("127.0.0.1", 0)),
    ],
)  # fmt: skip
def test_a_host_and_a_port_as_people_type_them(text: str, place: tuple[str, int]) -> None:
    assert parse_place("--peer", text) == place


@pytest.mark.parametrize("text", ["", ":80", "host:", "host:http", "host:70000", "[::1]x", "[]:1"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="--peer"):
        parse_place("--peer", text)


def test_a_token_is_one_line_that_cannot_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("correct horse battery staple\n")
    assert read_token("--token-file", path) == "correct horse battery staple"
    for text in ("", "short", "two lines of enough\ncharacters", "x" * 5000):
        path.write_text(text)
        with pytest.raises(BadValue, match="--token-file"):
            read_token("--token-file", path)
    with pytest.raises(BadValue, match="No such file"):
        read_token("--token-file", tmp_path / "gone")


@dataclass
class Listening:
    """A listener that was started as the command does, and all that it said."""

    said: list[str] = field(default_factory=list)
    error: list[Exception] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def hear(self, text: str) -> None:
        self.said.append(text)
        if "--peer" in text:
            self.ready.set()

    @property
    def words(self) -> list[str]:
        return next(each for each in self.said if "--peer" in each).split()

    def ended(self) -> list[Exception]:
        assert self.thread is not None
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.error


@pytest.fixture
def start() -> Iterator[Callable[[Offer], Listening]]:
    begun = []

    def begin(offer: Offer) -> Listening:
        made = Listening()

        def serve() -> None:
            try:
                listen(offer, made.hear)
            except (PeerFailed, BadValue) as error:
                made.error.append(error)

        made.thread = threading.Thread(target=serve)
        made.thread.start()
        begun.append(made)
        assert made.ready.wait(20)
        return made

    yield begin
    for each in begun:
        each.ended()


def test_the_line_that_is_printed_is_what_the_other_host_types(
    start: Callable[[Offer], Listening],
) -> None:
    listening = start(Offer("127.0.0.1:0", limit_seconds=20))
    assert "loopback only" in listening.said[0]
    _, _, _, option, where, also, token = listening.words
    assert (option, also) == ("--peer", "--token")
    with meet((where,), (token,)) as peers:
        (peer,) = peers.known
        assert (peer.name, peer.address, peer.interface) == ("127.0.0.1", "127.0.0.1", "lo")
        assert peer.threads >= 1
        assert peer.congestion_control
        assert peer.session
    assert listening.ended() == []
    assert listening.said[-1].startswith("Served one test")


def test_who_leaves_with_an_error_is_missed_there(start: Callable[[Offer], Listening]) -> None:
    listening = start(Offer("127.0.0.1:0", limit_seconds=20))
    with pytest.raises(KeyError), meet((listening.words[4],), (listening.words[6],)):
        raise KeyError
    (error,) = listening.ended()
    assert "went away before its test was over" in str(error)


def test_a_token_file_is_named_and_not_shown(start: Callable[[Offer], Listening]) -> None:
    secret, file = "correct horse battery staple", "t.txt"
    offer = Offer("127.0.0.1:0", token=secret, token_file=file, limit_seconds=20)
    listening = start(offer)
    assert listening.words[-2:] == ["--token-file", "t.txt"]
    assert not [each for each in listening.said if secret in each]
    with meet((listening.words[4],), (secret,)):
        pass
    assert listening.ended() == []


def test_who_is_allowed_types_no_token(start: Callable[[Offer], Listening]) -> None:
    listening = start(Offer("127.0.0.1:0", allowed=("localhost",), limit_seconds=20))
    assert "--token" not in listening.words
    with meet((listening.words[4],), ()):
        pass
    assert listening.ended() == []


def test_one_token_is_for_all_and_two_for_two() -> None:
    with pytest.raises(BadValue, match="2 tokens"), meet(("a", "b", "c"), ("x", "y")):
        raise AssertionError


@pytest.mark.parametrize("place", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_refused(place: str) -> None:
    with pytest.raises(BadValue, match="--listen"):
        listen(Offer(place, limit_seconds=1), lambda _: None)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadValue, match="address already in use"):
            listen(Offer(f"127.0.0.1:{port}", limit_seconds=1), lambda _: None)


def test_a_host_that_nobody_knows_cannot_be_allowed() -> None:
    with pytest.raises(BadValue, match="--allow"):
        listen(Offer("127.0.0.1:0", allowed=("no-such-host.invalid",)), lambda _: None)
