"""What collectives say of shaped links between hosts: ceilings, bursts, slow hosts and links."""

import json
import sys
from typing import Any

import pytest

from tests.lab.hosts import Hosts, _ask, hosts, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
# bitpath as it is, but that its budgets are as short as its first word says.
SHORT = """
import sys
from bitpath_cli.__main__ import main
from bitpath_cli.workflows import measure
seconds = float(sys.argv.pop(1))
for name in ("quick", "standard"):
    measure.BUDGETS[name] = measure.Budget(name, seconds)
main()
"""


def measure(made: Hosts, seconds: float, *more: str) -> list[dict[str, Any]]:
    """The results of all hosts together, as host 0 prints them."""
    runs = [
        made.run(
            host, sys.executable, "-c", SHORT, str(seconds), "bench", "allreduce", "--json",
            "--nnodes", str(made.count), "--node-rank", str(host),
            "--rendezvous", f"{made.address(0)}:29410", *more,
        )
        for host in range(made.count)
    ]  # fmt: skip
    told = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0] * made.count, told
    results: list[dict[str, Any]] = json.loads(told[0][0])["results"]
    return results


def shape_one(made: Hosts, host: int, rate: str) -> None:
    """Another rate for one host's link, in both directions."""
    words = ("root", "tbf", "rate", rate, "burst", "128kb", "latency", "50ms")
    _ask("tc", "-n", made._space(host), "qdisc", "replace", "dev", "eth0", *words)
    _ask("tc", "-n", f"{made._name}s", "qdisc", "replace", "dev", f"p{host}", *words)


def narrow(made: Hosts, host: int, other: int, rate: str) -> None:
    """Another rate for what one host sends to one other; its other traffic has its own class."""
    slow = f"match ip dst {made.address(other)}/32 flowid 1:20"
    for words in (
        "qdisc replace dev eth0 root handle 1: htb default 10",
        "class add dev eth0 parent 1: classid 1:10 htb rate 10gbit burst 128kb",
        f"class add dev eth0 parent 1: classid 1:20 htb rate {rate} burst 128kb",
        f"filter add dev eth0 parent 1: protocol ip prio 1 u32 {slow}",
    ):
        _ask("tc", "-n", made._space(host), *words.split())


def metric(result: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in result["metrics"] if each["name"] == name)
    return found


def test_neither_the_peak_nor_its_ceiling_passes_what_the_shaper_lasts_for() -> None:
    with hosts(2) as made:
        made.shape("200mbit")
        (result,) = measure(made, 14, "-b", "quick", "--min-size", "256KiB", "--max-size", "16MiB")
    peak = metric(result, "busbw_peak")
    lasting = 200e6 / 8
    assert "burst" in [each["name"] for each in result["findings"]]
    # Frames carry 95 % at most; 4 MiB hold a burst of 128 KiB 32 times, 16 MiB four times as many.
    assert 0.85 * lasting < peak["ceiling"]["value"] < lasting
    assert 0.85 * lasting < peak["value"] < 1.02 * lasting
    assert max(each["busbw"]["value"] for each in result["points"]) > peak["value"]


def test_a_host_and_a_link_that_carry_a_tenth_are_named_among_four_hosts() -> None:
    """Host 2's own link is shaped, and what host 1 sends to host 3."""
    with hosts(4) as made:
        made.shape("500mbit")
        shape_one(made, 2, "50mbit")
        narrow(made, 1, 3, "50mbit")
        (result,) = measure(made, 14, "--min-size", "64KiB", "--max-size", "64KiB")
    named = {each["name"]: each["ranks"] for each in result["findings"]}
    assert named["slow_host"] == [2]
    assert named["slow_link"] == [1, 3]
    assert len(result["pairs"]) == 6
    for pair in result["pairs"]:
        ranks = (pair["rank_a"], pair["rank_b"])
        # 50 Mbit/s are 6.25 MB/s, of 1 MiB an eighth passes as a burst, and 500 Mbit/s are 62.5.
        assert (pair["bandwidth"]["value"] < 9e6) is (2 in ranks or ranks == (1, 3))


def test_several_collectives_are_measured_one_after_the_other() -> None:
    with hosts(2) as made:
        results = measure(
            made, 8, "--join-timeout", "10s", "-b", "quick", "--op", "all_gather",
            "--op", "send_recv", "--dtype", "int8", "--max-size", "64KiB",
        )  # fmt: skip
    assert [each["parameters"]["op"] for each in results] == ["all_gather", "send_recv"]
    for each in results:
        assert each["parameters"]["dtype"] == "int8"
        assert each["points"]
        assert all(point["wrong"] == 0 for point in each["points"])
