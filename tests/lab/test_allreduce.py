import json
import select
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.hosts import Hosts, hosts, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
PORT = 29400


@pytest.fixture
def two() -> Iterator[Hosts]:
    with hosts(2) as made:
        yield made


def start(
    two: Hosts, host: int, *more: str, nodes: int = 2, node: int | None = None
) -> "subprocess.Popen[str]":
    return two.start(
        host, "tests.lab.brief", "bench", "allreduce", "-b", "quick", "--json",
        "--nnodes", str(nodes), "--node-rank", str(host if node is None else node),
        "--rendezvous", f"{two.address(0)}:{PORT}", "--join-timeout", "8s",
        "--progress-timeout", "4s", *more,
    )  # fmt: skip


def end(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def wait_until_met(two: Hosts) -> None:
    """Until gloo's connections stand beside those of the store."""
    while two.connections(1).count(two.address(0)) < 4:
        select.select([], [], [], 0.1)


def assert_nothing_left(two: Hosts) -> None:
    for host in range(2):
        assert two.processes(host) == []
        assert two.listeners(host) == ""


@pytest.mark.parametrize("rate", ["", "200mbit"])
def test_two_hosts_sum_over_their_link(two: Hosts, rate: str) -> None:
    if rate:
        two.shape(rate)
    first, second = (start(two, host) for host in range(2))
    code, out, err = end(first)
    assert (code, end(second)[:2]) == (0, (0, "")), err
    assert "--node-rank 1 --rendezvous 10.78.0.10:29400" in err
    (result,) = json.loads(out)["results"]
    told = result["parameters"]
    assert (told["world_size"], told["nodes"], told["interface"]) == (2, 2, "eth0")
    assert "loopback_only" not in result["reasons"]
    points = {each["size_bytes"]: each for each in result["points"]}
    assert all(each["wrong"] == 0 for each in points.values())
    assert points[4 << 20]["ceiling"]["value"] > 0
    if rate:
        # What the shaper lets through, frames included: a bound of physics, with a wide margin.
        assert 0.85 <= points[4 << 20]["busbw"]["value"] / (200e6 / 8) <= 1.02
    assert_nothing_left(two)


def test_torchrun_tells_the_ranks_where_they_are(two: Hosts) -> None:
    runs = [
        two.start(
            host, "torch.distributed.run", "--nnodes=2", f"--node-rank={host}",
            f"--master-addr={two.address(0)}", f"--master-port={PORT}", "-m", "tests.lab.brief",
            "bench", "allreduce", "-b", "quick", "--json",
        )
        for host in range(2)
    ]  # fmt: skip
    code, out, err = end(runs[0])
    assert (code, end(runs[1])[:2]) == (0, (0, "")), err
    assert json.loads(out)["results"][0]["parameters"]["nodes"] == 2


def test_a_node_that_never_comes_is_named(two: Hosts) -> None:
    code, _, err = end(start(two, 0))
    assert code == 4
    assert "Node 1 of 2 did not join within 8 s" in err
    assert_nothing_left(two)


def test_another_world_size_is_refused_on_both(two: Hosts) -> None:
    runs = [start(two, 0), start(two, 1, nodes=3)]
    for code, _, err in map(end, runs):
        assert code == 4
        assert "Node 1" in err
        assert "expects 3 ranks" in err
    assert_nothing_left(two)


def test_a_number_given_twice_is_refused_on_all() -> None:
    with hosts(3) as three:
        runs = [start(three, host, nodes=3, node=min(host, 1)) for host in range(3)]
        for code, _, err in map(end, runs):
            assert code == 4
            assert "Node 1 joined twice" in err
            assert "10.78.0.11" in err
            assert "10.78.0.12" in err


def test_a_port_that_is_taken_is_named(two: Hosts) -> None:
    taken = two.start(0, "http.server", str(PORT), "--bind", two.address(0))
    while str(PORT) not in two.listeners(0):
        select.select([], [], [], 0.1)
    code, _, err = end(start(two, 0))
    assert code == 4
    assert f"10.78.0.10:{PORT} cannot be listened on: address already in use" in err
    assert taken.poll() is None


def test_a_node_that_is_killed_is_named(two: Hosts) -> None:
    first, _ = start(two, 0), start(two, 1)
    wait_until_met(two)
    two.kill(1)
    code, _, err = end(first)
    assert code == 4
    assert "Node 1 (" in err
    assert "10.78.0.11" in err
    assert_nothing_left(two)


def test_a_link_that_breaks_is_named_on_both(two: Hosts) -> None:
    runs = [start(two, 0), start(two, 1)]
    wait_until_met(two)
    two.cut(1)
    for other, run in zip((1, 0), runs, strict=True):
        code, _, err = end(run)
        assert code == 4
        assert f"Node {other} (" in err
    assert_nothing_left(two)
