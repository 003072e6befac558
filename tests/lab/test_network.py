"""`bitpath bench network` between two hosts, as people type it, and what goes wrong there."""

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.hosts import Hosts, hosts, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
PORT = 29470
BENCH = ("bitpath_cli", "bench", "network")
SECONDS = 20
"""How soon every failure is told: the limits on silence and on connecting, and starting up."""


@pytest.fixture
def two() -> Iterator[Hosts]:
    with hosts(2) as made:
        yield made


def listen(two: Hosts, *more: str) -> tuple["subprocess.Popen[str]", list[str]]:
    """A listener on host 0, and the words that it tells to type on the other host."""
    listener = two.start(0, *BENCH, "--listen", two.address(0), *more)
    assert listener.stderr is not None
    for line in listener.stderr:
        if "--peer" in line:
            return listener, line.split()[1:]
    raise AssertionError(listener.communicate())


def call(two: Hosts, words: list[str], *more: str) -> "subprocess.Popen[str]":
    line = (sys.executable, "-m", "tests.lab.brief", *words, "-b", "quick", "--json", *more)
    return two.run(1, *line, environment={"LAB_SECONDS": "4"})


def end(process: "subprocess.Popen[str]", limit_seconds: float = 60) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=limit_seconds)
    return process.returncode, out, err


def wait_for_flows(two: Hosts) -> None:
    """Until the connections of a case stand beside that of the test."""
    while two.connections(1).count(f":{PORT}") < 3:
        select.select([], [], [], 0.05)


def assert_nothing_left(two: Hosts) -> None:
    for host in range(2):
        assert two.processes(host) == []
        assert two.listeners(host) == ""


def figures(result: dict[str, Any]) -> dict[str, float]:
    return {each["name"]: each["value"] for each in result["metrics"]}


def test_a_shaped_link_is_what_is_measured_in_every_direction(two: Hosts) -> None:
    two.shape("100mbit")
    listener, words = listen(two)
    code, out, err = end(call(two, words))
    assert (code, end(listener)[0]) == (0, 0), err
    results = json.loads(out)["results"]
    told = [each["parameters"] for each in results]
    assert [(each["streams"], each["direction"]) for each in told] == [
        (1, "send"), (1, "receive"), (4, "send"), (4, "receive"), (4, "both"),
    ]  # fmt: skip
    for result in results:
        told = result["parameters"]
        assert (told["peer"], told["interface"]) == (two.address(0), "eth0")
        assert "loopback_only" not in result["reasons"]
        assert "cpu_bound" not in result["reasons"]
        if told["direction"] != "both":
            # 1,448 of the 1,514 bytes that the shaper counts.
            share = figures(result)["bandwidth"] / (100e6 / 8)
            assert share == pytest.approx(1448 / 1514, rel=0.03)
    first = figures(results[0])
    assert 0 < first["latency_p50"] <= first["latency_p95"] <= first["latency_p99"]
    assert_nothing_left(two)


def test_a_peers_link_is_in_the_assessment(two: Hosts) -> None:
    listener, words = listen(two)
    line = ["assess", *words[2:], "--only", "tcp", "--only", "network"]
    code, out, err = end(call(two, line))
    assert (code, end(listener)[0]) == (0, 0), err
    found = json.loads(out)
    assert {each["parameters"]["peer"] for each in found["results"]} == {two.address(0)}
    routes = [each for each in found["components"] if each["kind"] == "route"]
    assert [each["interface"]["value"] for each in routes] == ["eth0"]


def test_a_peer_that_does_not_listen_is_told_what_to_type(two: Hosts) -> None:
    words = ["bench", "network", "--peer", two.address(0)]
    code, out, err = end(call(two, words), SECONDS)
    assert (code, out) == (4, "")
    assert f"Nothing listens at {two.address(0)}:{PORT}" in err
    assert f"bitpath bench network --listen {two.address(0)}:{PORT}" in err


def test_a_firewall_that_drops_is_named_in_seconds(two: Hosts) -> None:
    listener, words = listen(two, "--for", "8s")
    # What comes back from the listener goes nowhere, as behind a filter.
    end(two.run(0, "ip", "route", "add", "blackhole", f"{two.address(1)}/32"))
    code, _, err = end(call(two, words), SECONDS)
    assert code == 4
    assert "did not answer within 5 s" in err
    assert "firewall" in err
    code, _, err = end(listener, SECONDS)
    assert code == 4
    assert "No host came to" in err
    assert_nothing_left(two)


def test_a_wrong_token_is_refused_on_both(two: Hosts) -> None:
    listener, words = listen(two)
    code, _, err = end(call(two, [*words[:-1], "0" * 20]), SECONDS)
    assert code == 4
    assert "did not accept the token" in err
    listener.send_signal(signal.SIGINT)
    code, _, err = end(listener, SECONDS)
    assert code == 130
    assert f"refused {two.address(1)}: it has not the token" in err


def test_a_listener_that_is_killed_in_mid_transfer_is_named(two: Hosts) -> None:
    two.shape("100mbit")
    _, words = listen(two)
    caller = call(two, words)
    wait_for_flows(two)
    began = time.monotonic()
    two.kill(0)
    code, out, err = end(caller)
    assert code == 4
    assert f"The listener at {two.address(0)}:{PORT} is gone" in err
    assert time.monotonic() - began < SECONDS
    # What could not be had says so, one by one.
    assert all(each["missing"] for each in json.loads(out)["results"][1:])
    assert_nothing_left(two)


def test_a_link_that_breaks_is_named_on_both(two: Hosts) -> None:
    two.shape("100mbit")
    listener, words = listen(two)
    caller = call(two, words)
    wait_for_flows(two)
    two.cut(1)
    for process, said in ((caller, "is gone"), (listener, "went away")):
        code, _, err = end(process)
        assert code == 4
        assert said in err
    assert_nothing_left(two)


def test_a_caller_that_is_interrupted_ends_the_listener_too(two: Hosts) -> None:
    two.shape("100mbit")
    listener, words = listen(two)
    caller = call(two, words)
    wait_for_flows(two)
    caller.send_signal(signal.SIGINT)
    code, out, _ = end(caller)
    assert code == 130
    assert json.loads(out)["complete"] is False
    assert end(listener)[0] == 0
    assert_nothing_left(two)


def test_a_port_that_is_taken_is_named(two: Hosts) -> None:
    listener, _ = listen(two)
    code, _, err = end(two.start(0, *BENCH, "--listen", two.address(0)), SECONDS)
    assert code == 2
    assert f"'{two.address(0)}:{PORT}' cannot be used" in err
    assert "address already in use" in err
    listener.send_signal(signal.SIGINT)
    assert end(listener)[0] == 130
    assert_nothing_left(two)
