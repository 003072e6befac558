import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli import harness
from bitpath_cli.benchmarks import Case, Context, _tcp_peer, tcp
from bitpath_cli.benchmarks._tcp_streams import Peer, RoundTrips, Streams, peer
from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.result import Block, Doubt, Samples, Validity
from bitpath_cli.model.units import BYTE, ONE
from tests.benchmarks.scenes import context

ROOT = Path(__file__).parent.parent.parent
MIB = 1 << 20
ONE_STREAM, FOUR_STREAMS = (
    Case({"peer": "loopback", "streams": count, "direction": "send"}) for count in (1, 4)
)
HOLD_A_PEER = """
import sys
from bitpath_cli.benchmarks._tcp_streams import peer
with peer() as other:
    print(other.process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def live() -> Context:
    return Context(
        host=Host(), threads=2, memory_bytes=1 << 30, cache_bytes=0, directory="/nowhere"
    )


@pytest.fixture
def other() -> Iterator[Peer]:
    with peer() as made:
        yield made


def test_one_stream_with_round_trips_beside_it_and_four(live: Context) -> None:
    assert tcp.find_cases(live) == (ONE_STREAM, FOUR_STREAMS)


@pytest.mark.parametrize(
    ("case", "names"),
    [
        (ONE_STREAM, ["bandwidth", "latency_p50", "latency_p99"]),
        (FOUR_STREAMS, ["bandwidth"]),
    ],
)
def test_a_case_runs_and_is_called_loopback(live: Context, case: Case, names: list[str]) -> None:
    with tcp.open_loops(case, live) as loops:
        sampling = harness.sample(loops, 0.2, monotonic, 0.0)
    assert sampling.wrong == ""
    found = tcp.conclude(case, live, sampling.samples)
    assert found.validity is Validity.DEGRADED
    assert [each.name for each in found.metrics] == names
    assert all(Doubt.LOOPBACK_ONLY in each.reasons for each in found.metrics)
    assert all("loopback" in each.origin.source for each in found.metrics)
    stream = sampling.samples["stream"]
    assert sum(stream.evidence("received_bytes")) == sum(stream.evidence("sent_bytes")) > 0
    assert sum(stream.evidence("receiver_cpu_seconds")) > 0


@pytest.mark.parametrize("count", [1, 4])
def test_every_byte_is_counted_by_the_receiver(other: Peer, count: int) -> None:
    streams = Streams(other, count)
    assert streams.find_error() is None
    streams.run(3)
    assert streams.evidence()["received_bytes"] == (4 * MIB * count,)
    streams.received_bytes -= 1
    assert "the receiver counted" in str(streams.find_error())
    streams.close()


def test_each_round_trip_is_timed_by_itself(other: Peer) -> None:
    trips = RoundTrips(other)
    assert trips.find_error() is None
    seconds = trips.run(50)
    latencies = trips.evidence()["latency"]
    assert len(latencies) == 51
    assert min(latencies) > 0
    assert sum(latencies[1:]) <= seconds + 51e-9
    trips.close()


def test_it_listens_on_loopback_and_knows_its_own(other: Peer) -> None:
    with socket.create_connection(("127.0.0.1", other.port), 10) as stranger:
        stranger.sendall(bytes(_tcp_peer.TOKEN_BYTES) + _tcp_peer.ECHO + b"hello")
        # It closes with our bytes unread, which some kernels tell as a reset.
        with contextlib.suppress(ConnectionResetError):
            assert stranger.recv(64) == b""
    listening = [
        fields[1].partition(":")[0]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if (fields := line.split())[3] == "0A" and fields[1].endswith(f":{other.port:04X}")
    ]
    assert listening == ["0100007F"]


@pytest.mark.parametrize("count", [1, 4])
def test_a_peer_that_dies_is_an_error_and_no_hang(other: Peer, count: int) -> None:
    streams, trips = Streams(other, count), RoundTrips(other)
    other.process.kill()
    other.process.wait()
    with pytest.raises(PeerFailed, match="at the other end"):
        streams.run(1)
    with pytest.raises(PeerFailed, match="at the other end"):
        trips.run(1)
    with pytest.raises(PeerFailed, match="at the other end"):
        other.connect(_tcp_peer.COUNT)


def test_the_peer_dies_with_us() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_A_PEER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        handle = os.pidfd_open(int(holder.stdout.readline()))
        holder.send_signal(signal.SIGKILL)
        assert select.select([handle], [], [], 20)[0] == [handle]
        os.close(handle)


def stream(sender: float, receiver: float, received_bytes: float = 4e9) -> Samples:
    """Ten samples of 2 ms for two operations of 4 MiB, in a run of one second."""
    evidence = {
        "sent_bytes": (4e9,), "received_bytes": (received_bytes,), "wall_seconds": (1.0,),
        "sender_cpu_seconds": (sender,), "receiver_cpu_seconds": (receiver,),
    }  # fmt: skip
    block = Block(loops=2, seconds=(2e-3,) * 10, evidence=evidence)
    return Samples(work=4 * MIB, unit=BYTE, blocks=(block,), stopped="precise")


def test_bandwidth_and_latency_by_hand(tmp_path: Path) -> None:
    trips = Samples(
        work=1.0, unit=ONE, stopped="precise",
        blocks=(Block(loops=1, seconds=(9.0,) * 10, evidence={"latency": (2e-5,) * 500}),),
    )  # fmt: skip
    found = tcp.conclude(
        ONE_STREAM, context(tmp_path), {"stream": stream(0.5, 0.4), "round_trip": trips}
    )
    values = [each.value for each in found.metrics]
    assert values == pytest.approx([4 * MIB / 1e-3, 2e-5, 2e-5])
    assert found.reasons == (Doubt.LOOPBACK_ONLY,)
    assert "sender 50%, receiver 40%" in found.metrics[0].origin.source


@pytest.mark.parametrize(
    ("case", "threads", "sender", "receiver", "doubts"),
    [
        (ONE_STREAM, 8, 0.95, 0.2, {Doubt.CPU_BOUND}),
        (ONE_STREAM, 8, 0.2, 0.95, {Doubt.CPU_BOUND}),
        (FOUR_STREAMS, 8, 0.95, 0.95, set()),
        (FOUR_STREAMS, 2, 0.95, 0.95, {Doubt.CPU_BOUND}),
        (ONE_STREAM, 1, 0.3, 0.3, {Doubt.CONTENDED}),
    ],
)
def test_whose_processors_were_the_limit(
    tmp_path: Path, case: Case, threads: int, sender: float, receiver: float, doubts: set[Doubt]
) -> None:
    found = tcp.conclude(
        case, context(tmp_path, threads=threads), {"stream": stream(sender, receiver)}
    )
    assert set(found.reasons) == {Doubt.LOOPBACK_ONLY} | doubts


def test_lost_bytes_make_it_invalid(tmp_path: Path) -> None:
    found = tcp.conclude(FOUR_STREAMS, context(tmp_path), {"stream": stream(0.5, 0.5, 3e9)})
    assert found.validity is Validity.INVALID
    assert Doubt.WRONG_RESULT in found.reasons
    assert found.metrics[0].validity is Validity.INVALID
