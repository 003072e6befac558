"""iperf3's JSON: made-up files with faults, and iperf3 itself where it is installed."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from bitpath_cli.errors import UnreadableEvidence
from bitpath_cli.model.result import BenchmarkResult, Doubt, Validity
from bitpath_cli.readers import iperf3

IPERF3 = shutil.which("iperf3")


def document(**changes: Any) -> dict[str, Any]:
    """A test of 10 s at 1 Gbit/s, of which the sender counts a little more."""
    told: dict[str, Any] = {
        "start": {
            "version": "iperf 3.12",
            "connected": [{"local_host": "10.0.0.1", "remote_host": "10.0.0.2"}],
            "connecting_to": {"host": "node-b", "port": 5201},
            "test_start": {"protocol": "TCP", "num_streams": 1, "reverse": 0},
        },
        "end": {
            "streams": [{"sender": {"mean_rtt": 400}, "receiver": {}}],
            "sum_sent": {"seconds": 10.0, "bytes": 1262500000, "bits_per_second": 1.01e9,
                         "retransmits": 7},
            "sum_received": {"seconds": 10.0, "bytes": 1250000000, "bits_per_second": 1e9},
            "cpu_utilization_percent": {"host_total": 12.0, "remote_total": 34.0},
        },
    }  # fmt: skip
    for path, value in changes.items():
        *above, last = path.split("__")
        place = told
        for name in above:
            place = place[name]
        place[last] = value
    return told


def read(**changes: Any) -> tuple[BenchmarkResult, ...]:
    return iperf3.read(json.dumps(document(**changes)), "iperf.json")


def figures(found: BenchmarkResult) -> dict[str, float | None]:
    return {each.name: each.value for each in found.metrics}


def test_the_receiver_counts() -> None:
    (found,) = read()
    assert figures(found) == {
        "bandwidth": 125e6, "retransmits": 7, "round_trip_loaded": pytest.approx(400e-6),
    }  # fmt: skip
    assert found.parameters == {
        "peer": "node-b", "streams": 1, "direction": "send", "engine": "iperf3",
    }  # fmt: skip
    assert found.metrics[0].origin.source == "iperf 3.12, counted by the receiver, in iperf.json"
    assert (found.validity, found.duration_seconds) == (Validity.VALID, 10.0)


def test_reverse_is_what_this_host_received() -> None:
    (found,) = read(start__test_start__reverse=1)
    assert found.parameters["direction"] == "receive"


def test_both_ways_are_two_results() -> None:
    back = {"seconds": 10.0, "bytes": 500000000, "bits_per_second": 4e8}
    sent, received = read(start__test_start__bidir=1, end__sum_received_bidir_reverse=back)
    assert (sent.parameters["direction"], received.parameters["direction"]) == ("send", "receive")
    assert figures(received)["bandwidth"] == 50e6
    assert sent.parameters["both_ways"] is True


def test_old_files_in_which_both_ways_have_one_name_are_refused() -> None:
    with pytest.raises(UnreadableEvidence, match="both directions share one name"):
        read(start__test_start__bidir=1)


@pytest.mark.parametrize("ends", [("127.0.0.1", "127.0.0.1"), ("10.0.0.1", "10.0.0.1"),
                                  ("::1", "::1")])  # fmt: skip
def test_one_host_alone_says_nothing_of_a_network(ends: tuple[str, str]) -> None:
    (found,) = read(start__connected=[{"local_host": ends[0], "remote_host": ends[1]}])
    assert (found.validity, found.reasons) == (Validity.DEGRADED, (Doubt.LOOPBACK_ONLY,))
    assert found.parameters["peer"] == "loopback"


@pytest.mark.parametrize(
    ("version", "streams", "busy", "doubtful"),
    [
        ("iperf 3.12", 4, 95.0, True),
        ("iperf 3.12", 4, 80.0, False),
        ("iperf 3.16", 4, 95.0, False),
        ("iperf 3.17.1", 4, 370.0, True),
    ],
)
def test_a_busy_processor_is_a_doubt_by_the_threads_that_a_version_has(
    version: str, streams: int, busy: float, doubtful: bool
) -> None:
    (found,) = read(
        start__version=version, start__test_start__num_streams=streams,
        end__cpu_utilization_percent={"host_total": 10.0, "remote_total": busy},
    )  # fmt: skip
    assert (Doubt.CPU_BOUND in found.reasons) is doubtful


def test_nothing_that_arrived_is_no_rate_of_zero() -> None:
    nothing = {"seconds": 0.0, "bytes": 0, "bits_per_second": 0.0}
    (found,) = read(end__sum_received=nothing)
    assert found.metrics == ()
    assert found.missing is not None
    assert found.missing.detail.startswith("nothing arrived")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start__version": "iperf 4.0"}, "of version 'iperf 4.0', and version 3"),
        ({"start__version": "2.1.8"}, "of version '2.1.8'"),
        ({"start": []}, "'start' is .* where an object"),
        ({"error": "the server is busy running a test."}, "failed: the server is busy"),
        ({"start__test_start__protocol": "UDP"}, "a test of UDP, and those of TCP"),
        ({"end": {}}, "'sum_received' is missing"),
        ({"end__sum_received__bits_per_second": 1.2e8}, "bits_per_second says .* bytes and sec"),
        ({"end__sum_received__seconds": -1}, "'seconds' is -1"),
        ({"start__test_start__num_streams": 0}, "'num_streams' is 0"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UnreadableEvidence, match=rf"iperf\.json .* of iperf3: .*{words}"):
        read(**changes)


def test_its_files_are_known_from_their_beginning() -> None:
    assert iperf3.recognises(json.dumps(document()))
    assert not iperf3.recognises('{"fio version": "fio-3.33"}')


@pytest.fixture
def server() -> Iterator[int]:
    """A server of this host alone that serves one test, at a free port."""
    if IPERF3 is None:
        pytest.skip("iperf3 is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [IPERF3, "-s", "-1", "-B", "127.0.0.1", "-p", str(port), "--forceflush"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while "listening" not in process.stdout.readline():
        assert process.poll() is None
    yield port
    process.kill()
    process.wait()


def test_what_iperf3_writes_today_is_read(server: int) -> None:
    done = subprocess.run(
        [str(IPERF3), "-c", "127.0.0.1", "-p", str(server), "-t", "1", "-J"],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert iperf3.recognises(done.stdout)
    (found,) = iperf3.read(done.stdout, "out.json")
    rate = figures(found)["bandwidth"]
    assert rate is not None
    assert rate * found.duration_seconds >= 0.9 * (1 << 20)
    assert Doubt.LOOPBACK_ONLY in found.reasons
