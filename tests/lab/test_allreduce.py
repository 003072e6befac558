"""Hosts on which the same line is typed: how they meet, and every fault that they can meet with.

The faults of nodes as such are in tests/launchers/test_joined.py, where they need no namespaces.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.extent import full
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
    two: Hosts,
    host: int,
    *more: str,
    nodes: int = 2,
    node: int | None = None,
    meeting: str = "",
    names: Path | None = None,
) -> "subprocess.Popen[str]":
    return two.run(
        host, sys.executable, "-m", "tests.lab.brief", "bench", "allreduce", "-b", "quick",
        "--nnodes", str(nodes), "--node-rank", str(host if node is None else node),
        "--rendezvous", meeting or f"{two.address(0)}:{PORT}", "--join-timeout", "8s",
        "--progress-timeout", "4s", "--json", *more, names=names, name=f"host{host}",
    )  # fmt: skip


def end(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Its exit code, what it printed, and what it said in one line."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, " ".join(err.split())


def assert_nothing_left(two: Hosts) -> None:
    for host in range(2):
        assert two.processes(host) == []
        assert two.listeners(host) == ""


@pytest.mark.parametrize("rate", ["", pytest.param("200mbit", marks=full)])
def test_two_hosts_sum_over_their_link(two: Hosts, rate: str) -> None:
    two.shape(rate or None)
    # Past the shaper's burst, where there is one, so that it says something of the link.
    sizes = ("--min-size", "1MiB", "--max-size", "4MiB") if rate else ()
    first, second = (start(two, host, *sizes) for host in range(2))
    code, out, err = end(first)
    assert (code, end(second)[:2]) == (0, (0, "")), err
    assert "--node-rank 1 --rendezvous 10.78.0.10:29400 --join-timeout 8s" in err
    assert "--json" not in err
    (result,) = json.loads(out)["results"]
    told = result["parameters"]
    assert (told["world_size"], told["nodes"], told["interface"]) == (2, 2, "eth0")
    assert "loopback_only" not in result["reasons"]
    points = {each["size_bytes"]: each for each in result["points"]}
    assert all(each["wrong"] == 0 for each in points.values())
    assert points[max(points)]["ceiling"]["value"] > 0
    if rate:
        # What the shaper lets through, frames included: a bound of physics, with a wide margin.
        assert 0.85 <= points[max(points)]["busbw"]["value"] / (200e6 / 8) <= 1.02
    assert_nothing_left(two)


@full
def test_two_ranks_on_each_of_two_hosts(two: Hosts) -> None:
    first, second = (start(two, host, "--nproc-per-node", "2") for host in range(2))
    code, out, err = end(first)
    assert (code, end(second)[:2]) == (0, (0, "")), err
    assert "--nproc-per-node 2" in err
    told = json.loads(out)["results"][0]["parameters"]
    assert (told["world_size"], told["nodes"]) == (4, 2)


@full
def test_hosts_can_meet_at_an_address_of_ipv6(two: Hosts) -> None:
    for host in range(2):
        two.give_address(host, f"fd78::{10 + host}/64")
    first, second = (start(two, host, meeting=f"[fd78::10]:{PORT}") for host in range(2))
    code, out, err = end(first)
    assert (code, end(second)[:2]) == (0, (0, "")), err
    assert f"--rendezvous '[fd78::10]:{PORT}'" in err
    assert json.loads(out)["results"][0]["points"]
    assert_nothing_left(two)


@full
def test_a_public_address_is_warned_of(two: Hosts) -> None:
    for host in range(2):
        two.give_address(host, f"11.22.33.{10 + host}/24")
    first, second = (start(two, host, meeting=f"11.22.33.10:{PORT}") for host in range(2))
    code, _, err = end(first)
    assert (code, end(second)[:2]) == (0, (0, "")), err
    assert "Warning: 11.22.33.10 is a public address" in err


@full
def test_a_node_that_never_comes_is_named(two: Hosts) -> None:
    code, _, err = end(start(two, 0))
    assert code == 4
    assert "Node 1 of 2 did not join within 8 s" in err
    assert_nothing_left(two)


@full
def test_another_world_size_is_refused_on_both(two: Hosts) -> None:
    runs = [start(two, 0), start(two, 1, nodes=3)]
    for code, _, err in map(end, runs):
        assert code == 4
        assert "Node 1" in err
        assert "expects 3 ranks" in err
    assert_nothing_left(two)


@full
def test_another_task_is_refused_on_both(two: Hosts) -> None:
    runs = [start(two, 0), start(two, 1, "--op", "broadcast")]
    for code, _, err in map(end, runs):
        assert code == 4
        assert "was told to measure collectives" in err


@full
def test_a_number_given_twice_is_refused_on_all() -> None:
    with hosts(3) as three:
        runs = [start(three, host, nodes=3, node=min(host, 1)) for host in range(3)]
        for code, _, err in map(end, runs):
            assert code == 4
            assert "Node 1 joined twice" in err
            assert "10.78.0.11" in err
            assert "10.78.0.12" in err


@full
def test_a_host_that_only_the_first_can_reach_is_named() -> None:
    """Hosts 1 and 2 reach host 0, and not each other: a filter, or the wrong interface."""
    with hosts(3) as three:
        three.part(1, 2)
        runs = [start(three, host, nodes=3) for host in range(3)]
        for code, _, err in map(end, runs):
            assert code == 4
            assert "interface eth0, cannot be reached from node" in err
            assert "10.78.0.11" in err
            assert "10.78.0.12" in err


def test_a_port_that_is_taken_is_named_before_anything_is_to_be_typed(two: Hosts) -> None:
    taken = two.start(0, "http.server", str(PORT), "--bind", two.address(0))
    two.wait_for_listener(0, str(PORT))
    code, _, err = end(start(two, 0))
    assert code == 4
    assert f"10.78.0.10:{PORT} cannot be listened on: address already in use" in err
    assert "type:" not in err
    assert taken.poll() is None


@pytest.mark.parametrize("meeting", ["127.0.0.1:29400", "[::1]:29400"])
def test_loopback_is_refused_with_the_reason(two: Hosts, meeting: str) -> None:
    code, _, err = end(start(two, 0, meeting=meeting))
    assert code == 2
    assert "on the loopback interface lo, which other hosts cannot reach" in err


@full
def test_a_name_that_is_loopback_on_its_own_host_is_refused(two: Hosts, tmp_path: Path) -> None:
    """As Debian writes it into /etc/hosts."""
    names = tmp_path / "hosts"
    names.write_text("127.0.0.1 localhost\n127.0.1.1 host0\n")
    code, _, err = end(start(two, 0, meeting=f"host0:{PORT}", names=names))
    assert code == 2
    assert "host0 is 127.0." in err
    assert "(see /etc/hosts)" in err


def test_a_node_that_is_killed_is_named(two: Hosts, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    first, _ = start(two, 0, "--output", str(kept)), start(two, 1)
    two.wait_until_met(1)
    two.kill(1)
    code, _, err = end(first)
    assert code == 4
    assert "Node 1 (" in err
    assert "10.78.0.11" in err
    (result,) = json.loads(kept.read_text())["results"]
    assert "peer_failed" in result["reasons"]
    assert_nothing_left(two)


@full
@pytest.mark.parametrize("leaver", [0, 1])
def test_whoever_is_interrupted_tells_the_others(two: Hosts, leaver: int) -> None:
    runs = [start(two, 0), start(two, 1)]
    two.wait_until_met(1)
    os.killpg(runs[leaver].pid, signal.SIGINT)
    assert end(runs[leaver])[0] == 130
    code, _, err = end(runs[1 - leaver])
    assert code == 4
    assert f"Node {leaver} (" in err
    assert "was interrupted there" in err
    assert_nothing_left(two)


@full
def test_the_first_host_can_be_interrupted_while_it_waits(two: Hosts) -> None:
    first = start(two, 0)
    two.wait_for_listener(0, str(PORT))
    os.killpg(first.pid, signal.SIGINT)
    assert end(first)[0] == 130
    assert_nothing_left(two)


@full
def test_a_host_that_is_halted_is_named(two: Hosts) -> None:
    runs = [start(two, 0), start(two, 1)]
    two.wait_until_met(1)
    halted = two.processes(1)
    for process in halted:
        os.kill(process, signal.SIGSTOP)
    code, _, err = end(runs[0])
    assert code == 4
    assert "Node 1 (" in err
    for process in halted:
        os.kill(process, signal.SIGCONT)
    assert end(runs[1])[0] == 4
    assert_nothing_left(two)


@full
def test_a_link_that_breaks_is_named_on_both(two: Hosts) -> None:
    runs = [start(two, 0), start(two, 1)]
    two.wait_until_met(1)
    two.cut(1)
    for other, run in zip((1, 0), runs, strict=True):
        code, _, err = end(run)
        assert code == 4
        assert f"Node {other} (" in err
    assert_nothing_left(two)
