"""Both ends for real, over loopback: who is let in, and how a test ends."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitpath_cli import __version__
from bitpath_cli.benchmarks import Peer, _tcp_connect, _tcp_hello
from bitpath_cli.benchmarks._tcp_caller import Line, RoundTrips, Stream
from bitpath_cli.benchmarks._tcp_connect import Session, connect, own_listener
from bitpath_cli.benchmarks._tcp_flows import OPERATION_BYTES
from bitpath_cli.benchmarks._tcp_frames import receive, send
from bitpath_cli.benchmarks._tcp_listener import Listener, Outcome
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import Host

ROOT = Path(__file__).parent.parent.parent
TOKEN = "0123456789abcdef0123"  # noqa: S105  (of the tests alone)
HOLD_A_LISTENER = """
import sys
from bitpath_cli.benchmarks._tcp_connect import own_listener
with own_listener(1) as peer:
    print(open("/proc/self/task/%d/children" % __import__("os").getpid()).read(), flush=True)
    sys.stdin.read()
"""


@dataclass
class Served:
    """A listener that runs in a thread, and how it ended."""

    address: str
    port: int
    remarks: list[str] = field(default_factory=list)
    outcome: list[Outcome] = field(default_factory=list)
    thread: threading.Thread | None = None

    def ended(self) -> Outcome:
        assert self.thread is not None
        self.thread.join(20)
        return self.outcome[0]

    def begin(self, token: str = TOKEN) -> Session:
        return Session.begin(self.address, self.port, token)


@contextlib.contextmanager
def serving(
    token: str = TOKEN,
    allowed: tuple[str, ...] = (),
    seconds: float = 30.0,
    host: str = "127.0.0.1",
) -> Iterator[Served]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    made = Served(host, listening.getsockname()[1])
    listener = Listener([listening], token, {"threads": 3}, allowed, made.remarks.append)
    made.thread = threading.Thread(target=lambda: made.outcome.append(listener.serve(seconds)))
    made.thread.start()
    try:
        yield made
    finally:
        with contextlib.suppress(PeerFailed):
            made.begin(token).end()
        made.thread.join(30)


def peer_of(served: Served, test: Session) -> Peer:
    return Peer("p", served.address, served.port, TOKEN, test.name, "lo", 3, "cubic")


def test_one_test_is_served_and_then_it_ends() -> None:
    with serving() as served:
        test = served.begin()
        assert test.told["threads"] == 3
        test.end()
        assert served.ended() == "served"
        with pytest.raises(PeerFailed, match="Nothing listens at"):
            served.begin()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this host has no IPv6")
def test_ipv6() -> None:
    with serving(host="::1") as served:
        test = served.begin()
        trips = RoundTrips(peer_of(served, test))
        assert trips.find_error() is None
        trips.close()
        test.end()
        assert served.ended() == "served"


@pytest.mark.parametrize("direction", ["there", "here"])
@pytest.mark.parametrize("streams", [1, 4])
def test_flows_in_both_directions_are_counted_by_the_receiver(direction: str, streams: int) -> None:
    with serving() as served:
        test = served.begin()
        receiver = "there" if direction == "there" else "here"
        roles = ("send" if receiver == "there" else "receive",)
        line = Line(peer_of(served, test), roles, streams, Host())  # type: ignore[arg-type]
        stream = Stream(line, receiver)  # type: ignore[arg-type]
        assert stream.find_error() is None
        assert stream.run(8) > 0
        seen = stream.evidence()
        assert seen["received_bytes"][0] >= 8 * OPERATION_BYTES
        assert seen["within_host"] == (1.0,)
        assert seen["wall_seconds"][0] > 0
        line.close()
        test.end()
        assert served.ended() == "served"


def test_each_round_trip_is_timed_by_itself() -> None:
    with serving() as served:
        test = served.begin()
        trips = RoundTrips(peer_of(served, test))
        assert trips.find_error() is None
        seconds = trips.run(50)
        latencies = trips.evidence()["latency"]
        assert len(latencies) == 51
        assert min(latencies) > 0
        assert sum(latencies[1:]) <= seconds + 51e-9
        trips.close()
        test.end()


@pytest.mark.parametrize(
    ("token", "words"),
    [("wrong" * 4, "did not accept the token"), ("", "asks for a token")],
)
def test_a_stranger_is_not_served(token: str, words: str) -> None:
    with serving() as served:
        with pytest.raises(PeerFailed, match=words):
            served.begin(token)
        test = served.begin()
        assert "has not the token" in "".join(served.remarks) or not token
        test.end()
        assert served.ended() == "served"


def test_the_token_does_not_cross_the_wire_and_an_answer_is_good_once() -> None:
    ours, theirs = socket.socketpair()
    seen = []
    with ours, theirs:
        listening = threading.Thread(
            target=lambda: seen.append(_tcp_hello.receive_caller(theirs, TOKEN))
        )
        listening.start()
        challenge = receive(ours, 5)
        proof = _tcp_hello._prove(TOKEN, "caller", challenge["nonce"], "mine", "test")
        hello = {
            "bitpath": challenge["bitpath"], "protocol": 1, "nonce": "mine", "proof": proof,
            "purpose": "test",
        }  # fmt: skip
        assert TOKEN not in str(challenge) + str(hello)
        send(ours, hello)
        listening.join(5)
        assert len(seen) == 1
    with serving() as served, socket.create_connection((served.address, served.port)) as again:
        assert receive(again, 5)["nonce"] != challenge["nonce"]
        send(again, hello)
        assert receive(again, 5)["refused"] == "token"


def test_a_listener_that_cannot_prove_itself_is_not_believed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        host, port = impostor.getsockname()

        def answer() -> None:
            connection, _ = impostor.accept()
            with connection:
                about = {
                    "bitpath": __version__,
                    "protocol": 1,
                    "nonce": "n",
                    "token": True,
                }
                send(connection, about)
                receive(connection, 5)
                send(connection, {"accepted": True, "proof": "0" * 64})

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PeerFailed, match="could not prove"):
            Session.begin(host, port, TOKEN)
        thread.join(5)


def test_whoever_is_allowed_needs_no_token_and_others_are_refused() -> None:
    with serving("", ("127.0.0.1",)) as served:
        test = served.begin("")
        test.end()
        assert served.ended() == "served"
    with serving("", ("192.0.2.1",), seconds=1.0) as served:
        with pytest.raises(PeerFailed, match="does not serve this host's address"):
            served.begin("")
        assert served.ended() == "nobody"
        assert "its address is not allowed" in "".join(served.remarks)


def test_another_version_is_refused_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as served:
        with socket.create_connection((served.address, served.port)) as old:
            receive(old, 5)
            send(old, {"bitpath": "0.0.1", "protocol": 1, "nonce": "n", "purpose": "test"})
            assert receive(old, 5)["refused"] == "version"
        assert served.remarks == ["refused 127.0.0.1: it runs another version of bitpath"]
    monkeypatch.setattr(_tcp_hello, "PROTOCOL", 2)
    with pytest.raises(PeerFailed, match=r"runs bitpath .* and this host"):
        _tcp_hello._check({"bitpath": "0.9", "protocol": 1, "nonce": "n"}, "h:1")


def test_a_second_test_is_told_that_it_is_busy() -> None:
    with serving() as served:
        first = served.begin()
        with pytest.raises(PeerFailed, match="is serving another test"):
            served.begin()
        first.end()
        assert served.ended() == "served"


def test_a_connection_of_another_test_is_refused() -> None:
    with serving() as served:
        test = served.begin()
        with pytest.raises(PeerFailed, match="has ended this test"):
            connect(served.address, served.port, TOKEN, "echo", {"session": "another"})
        test.end()


def test_a_caller_that_goes_without_a_word_is_lost() -> None:
    with serving() as served:
        test = served.begin()
        line = Line(peer_of(served, test), ("send",), 2, Host())
        stream = Stream(line, "there")
        assert stream.find_error() is None
        line.close()
        test.leave()
        assert served.ended() == "lost"


def test_its_time_ends_a_test_that_is_not_over() -> None:
    with serving(seconds=1.0) as served:
        test = served.begin()
        line = Line(peer_of(served, test), ("send",), 1, Host())
        assert served.ended() == "late"
        with pytest.raises(PeerFailed, match="is gone"):
            Stream(line, "there").find_error()
        line.close()
        test.leave()


def test_nobody_comes() -> None:
    with serving(seconds=0.05) as served:
        assert served.ended() == "nobody"


def test_what_is_no_bitpath_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        host, port = other.getsockname()

        def greet() -> None:
            connection, _ = other.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(PeerFailed, match="is not bitpath"):
            Session.begin(host, port, TOKEN)
        thread.join(5)


def test_who_takes_the_connection_and_says_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_tcp_hello, "HELLO_SECONDS", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(PeerFailed, match="then said nothing"),
    ):
        Session.begin("127.0.0.1", silent.getsockname()[1], TOKEN)


def test_a_packet_that_is_never_answered_ends_with_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_tcp_connect, "CONNECT_SECONDS", 0.2)
    # A queue that is full drops what comes, as a firewall does.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            with pytest.raises(PeerFailed, match="did not answer within"):
                Session.begin("127.0.0.1", full.getsockname()[1], TOKEN)


def test_a_peer_that_dies_in_mid_transfer_is_an_error_and_no_hang() -> None:
    with own_listener(1) as peer:
        line, trips = Line(peer, ("send", "receive"), 2, Host()), RoundTrips(peer)
        sending, receiving = Stream(line, "there"), Stream(line, "here")
        assert sending.find_error() is None
        assert receiving.find_error() is None
        (child,) = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()[-1:]
        os.kill(int(child), signal.SIGKILL)
        for trial in (sending, receiving, trips):
            with pytest.raises(PeerFailed, match="is gone"):
                trial.run(1000)
        line.close()
        trips.close()


def test_our_own_listener_dies_with_us() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_A_LISTENER], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        handle = os.pidfd_open(int(holder.stdout.readline()))
        holder.send_signal(signal.SIGKILL)
        assert select.select([handle], [], [], 20)[0] == [handle]
        os.close(handle)
