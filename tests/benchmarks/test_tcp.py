from pathlib import Path

import pytest

from bitpath_cli import harness
from bitpath_cli.benchmarks import Case, Context, Peer, tcp
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.reading import reported
from bitpath_cli.model.result import Block, Doubt, Samples, Validity
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, ONE
from tests.benchmarks.scenes import context
from tests.sample_report import filled

OPERATION = 1 << 16
ONE_STREAM, FOUR_STREAMS = (
    Case({"peer": "loopback", "streams": count, "direction": "send"}) for count in (1, 4)
)
PEER = Peer("cloud", "10.0.0.1", 29470, "token", "session", "eth0", 8, "bbr")


def case(direction: str, streams: int = 1) -> Case:
    return Case({"peer": "cloud", "streams": streams, "direction": direction, "interface": "eth0"})


def live() -> Context:
    return Context(
        host=Host(), threads=2, memory_bytes=1 << 30, cache_bytes=0, directory="/nowhere"
    )


def met(root: Path, *components: Component, threads: int = 8) -> Context:
    made = context(root, *components, threads=threads)
    return Context(
        host=made.host, threads=threads, memory_bytes=1, cache_bytes=0, directory="/nowhere",
        components=components, peers=(PEER,),
    )  # fmt: skip


def stream(sender: float = 0.5, receiver: float = 0.4, **seen: float) -> Samples:
    """Ten samples of 2 ms for two operations of 64 KiB, in a run of one second."""
    evidence = {
        "sent_bytes": 4e9, "received_bytes": 4e9, "wall_seconds": 1.0, "mss": 1448.0,
        "mtu": 1500.0, "sender_cpu_seconds": sender, "receiver_cpu_seconds": receiver,
        "within_host": 0.0, **seen,
    }  # fmt: skip
    told = {name: (value,) for name, value in evidence.items()}
    block = Block(loops=2, seconds=(2e-3,) * 10, evidence=told)
    return Samples(work=OPERATION, unit=BYTE, blocks=(block,), stopped="precise")


def test_this_host_alone_sends_over_loopback() -> None:
    assert tcp.find_cases(live()) == (ONE_STREAM, FOUR_STREAMS)


def test_a_peer_is_measured_with_in_every_direction(tmp_path: Path) -> None:
    found = [each.parameters for each in tcp.find_cases(met(tmp_path))]
    assert [(each["streams"], each["direction"]) for each in found] == [
        (1, "send"), (1, "receive"), (4, "send"), (4, "receive"), (4, "both"),
    ]  # fmt: skip
    assert {each["peer"] for each in found} == {"cloud"}
    assert {each["interface"] for each in found} == {"eth0"}


@pytest.mark.parametrize(
    ("case_", "names"),
    [
        (ONE_STREAM, ["bandwidth", "latency_p50", "latency_p95", "latency_p99"]),
        (FOUR_STREAMS, ["bandwidth"]),
        (
            Case({"peer": "loopback", "streams": 1, "direction": "both"}),
            ["bandwidth", "bandwidth_sent", "bandwidth_received"],
        ),
    ],
)
def test_a_case_runs_and_is_called_loopback(case_: Case, names: list[str]) -> None:
    with tcp.open_loops(case_, live()) as loops:
        sampling = harness.sample(loops, 2.0, monotonic, 0.0)
        found = tcp.conclude(case_, live(), sampling.samples)
    assert sampling.wrong == ""
    assert found.validity is Validity.DEGRADED
    assert [each.name for each in found.metrics][: len(names)] == names
    assert all(Doubt.LOOPBACK_ONLY in each.reasons for each in found.metrics if each.name in names)
    assert all(each.value is not None and each.value > 0 for each in found.metrics[: len(names)])


def test_bandwidth_and_latency_by_hand(tmp_path: Path) -> None:
    trips = Samples(
        work=1.0, unit=ONE, stopped="precise",
        blocks=(Block(loops=1, seconds=(9.0,) * 10, evidence={"latency": (2e-5,) * 500}),),
    )  # fmt: skip
    flow = stream(retransmitted_bytes=4e6)
    found = tcp.conclude(case("send"), met(tmp_path), {"round_trip": trips, "sent": flow})
    values = {each.name: each.value for each in found.metrics}
    assert values == pytest.approx(
        {
            "bandwidth": OPERATION / 1e-3, "latency_p50": 2e-5, "latency_p95": 2e-5,
            "latency_p99": 2e-5, "sender_processors": 0.5, "receiver_processors": 0.4,
            "retransmitted": 1e-3,
        }
    )  # fmt: skip
    assert (found.validity, found.reasons) == (Validity.VALID, ())
    source = found.metrics[0].origin.source
    assert "tcp, to cloud, 1 stream, counted by the receiver" in source
    assert "MSS 1,448 B; MTU 1,500 B" in source
    assert found.rests_on["latency_p50"] == ("round_trip",)
    assert found.rests_on["bandwidth"] == ("sent",)


def test_a_late_window_and_the_early_one_after_it_are_their_sum(tmp_path: Path) -> None:
    block = Block(loops=2, seconds=(1e-3, 1e-3, 1e-3, 5e-3) * 5, evidence={"wall_seconds": (1.0,)})
    flow = Samples(work=OPERATION, unit=BYTE, blocks=(block,), stopped="budget")
    found = tcp.conclude(case("send"), met(tmp_path), {"sent": flow}).metrics[0]
    assert found.value == pytest.approx(2 * OPERATION / 2e-3)
    assert found.low is not None
    assert found.high == pytest.approx(2 * OPERATION / 1e-3)
    assert found.value is not None
    assert found.low <= found.value


def test_both_directions_at_once_are_summed_and_told_apart(tmp_path: Path) -> None:
    flows = {"sent": stream(), "received": stream()}
    found = tcp.conclude(case("both"), met(tmp_path), flows)
    values = {each.name: each for each in found.metrics}
    rate = OPERATION / 1e-3
    assert values["bandwidth"].value == pytest.approx(2 * rate)
    assert values["bandwidth"].low == pytest.approx(2 * rate)
    assert values["bandwidth_sent"].value == pytest.approx(rate)
    assert "from cloud" in values["bandwidth_received"].origin.source
    assert "bbr" in values["bandwidth_received"].origin.source
    assert "sender_processors" not in values


def test_a_direction_that_the_budget_did_not_reach_leaves_no_sum(tmp_path: Path) -> None:
    found = tcp.conclude(case("both"), met(tmp_path), {"sent": stream()})
    whole, sent = found.metrics[:2]
    assert whole.missing is not None
    assert "budget" in whole.missing.detail
    assert sent.value is not None


@pytest.mark.parametrize(
    ("streams", "threads", "seen", "doubts"),
    [
        (1, 8, {"sender": 0.95, "receiver": 0.2}, {Doubt.CPU_BOUND}),
        (1, 8, {"sender": 0.2, "receiver": 0.95}, {Doubt.CPU_BOUND}),
        # What the kernel does in interrupts takes the same core.
        (1, 8, {"receiver": 0.5, "receiver_interrupt_seconds": 0.45}, {Doubt.CPU_BOUND}),
        (4, 8, {"sender": 0.95, "receiver": 0.95}, set()),
        (4, 2, {"sender": 1.9, "receiver": 0.95}, {Doubt.CPU_BOUND}),
    ],
)
def test_whose_processors_were_the_limit(
    tmp_path: Path, streams: int, threads: int, seen: dict[str, float], doubts: set[Doubt]
) -> None:
    flows = {"sent": stream(**seen)}
    found = tcp.conclude(case("send", streams), met(tmp_path, threads=threads), flows)
    assert set(found.reasons) == doubts


@pytest.mark.parametrize(
    ("threads", "both", "doubts"),
    [(2, 0.95, {Doubt.CPU_BOUND}), (8, 0.5, set()), (1, 0.3, {Doubt.CONTENDED})],
)
def test_on_one_host_both_ends_share_the_processors(
    tmp_path: Path, threads: int, both: float, doubts: set[Doubt]
) -> None:
    flows = {"sent": stream(both, both, within_host=1.0)}
    found = tcp.conclude(ONE_STREAM, context(tmp_path, threads=threads), flows)
    assert set(found.reasons) == {Doubt.LOOPBACK_ONLY} | doubts


def test_a_peer_that_is_this_host_is_loopback_whatever_its_name(tmp_path: Path) -> None:
    found = tcp.conclude(case("send"), met(tmp_path), {"sent": stream(within_host=1.0)})
    assert found.reasons == (Doubt.LOOPBACK_ONLY,)
    assert found.metrics[0].validity is Validity.DEGRADED


@pytest.mark.parametrize(
    ("limited", "sender", "said"), [(0.7, 0.2, True), (0.3, 0.2, False), (0.7, 0.95, False)]
)
def test_a_window_that_was_the_limit_is_said(
    tmp_path: Path, limited: float, sender: float, said: bool
) -> None:
    flows = {"sent": stream(sender, busy_seconds=1.0, limited_seconds=limited)}
    found = tcp.conclude(case("send"), met(tmp_path), flows)
    assert [each.name for each in found.findings] == ["window_limited"] * said


@pytest.mark.parametrize(("medium", "known"), [("physical", True), ("virtual", False)])
def test_the_ceiling_is_what_a_real_interface_leaves_for_our_bytes(
    tmp_path: Path, medium: str, known: bool
) -> None:
    nic = filled(
        Nic, name="eth0", medium=medium, default_route=True,
        speed=reported(125e6, BYTE_PER_SECOND, "ethtool"),
    )  # fmt: skip
    found = tcp.conclude(case("send"), met(tmp_path, nic), {"sent": stream()})
    ceiling = found.metrics[0].ceiling
    assert (ceiling is not None) is known
    if ceiling is not None:
        assert ceiling.value == pytest.approx(125e6 * 1448 / 1538)
