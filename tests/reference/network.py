"""`bitpath bench network` beside iperf3 and sockperf, between two hosts in network namespaces.

Run it alone on the machine, as root: `python -m tests.reference.network [PAIRS [RATE ...]]`, where
a rate is one that tc understands, or `unshaped`. Each host has a core of its own, as hosts have: a
round trip within one core is another thing than one between two.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

from tests.lab.hosts import Hosts, hosts, lacking
from tests.reference.pairs import PAIRS, Row, alternate, draw, row

RATES: Final = ("100mbit", "1gbit", "unshaped")
_SHAPED: Final = (0.97, 1.03)
_UNSHAPED: Final = (0.9, None)
_ROUND_TRIP: Final = "round trip p50"
_ROUND_TRIP_UNSHAPED: Final = (None, 1 / 0.9)
_PORT: Final = 5201
_SECONDS: Final = "2"
_RESULT_SECONDS: Final = 60
_BYTES_PER_BIT: Final = 1 / 8


def lacking_tools() -> str:
    """Why there is nothing to compare with here, or nothing."""
    missing = [each for each in ("iperf3", "sockperf", "taskset") if shutil.which(each) is None]
    return lacking() or (f"needs the programs {', '.join(missing)}: make lab" if missing else "")


def rows(count: int = PAIRS, rates: Sequence[str] = RATES) -> list[Row]:
    """A row for every quantity at every rate."""
    made: list[Row] = []
    with hosts(2) as two:
        for rate in rates:
            two.shape(None if rate == "unshaped" else rate)
            found = alternate(count, partial(_ours, two), partial(_theirs, two))
            for name, pairs in sorted(found.items()):
                made.append(_row(f"TCP {name}, {rate}", name, rate, pairs))
    return made


def _row(quantity: str, name: str, rate: str, pairs: list[tuple[float, float]]) -> Row:
    reference = "sockperf ping-pong --tcp" if name == _ROUND_TRIP else "iperf3"
    unshaped = _ROUND_TRIP_UNSHAPED if name == _ROUND_TRIP else _UNSHAPED
    least, most = unshaped if rate == "unshaped" else _SHAPED
    return row(quantity, reference, pairs, least, most)


def _run(two: Hosts, host: int, *words: str) -> "subprocess.Popen[str]":
    """A program on a host's own core."""
    cores = sorted(os.sched_getaffinity(0))
    return two.run(host, "taskset", "-c", str(cores[host % len(cores)]), *words)


def _ours(two: Hosts) -> dict[str, float]:
    """What a person would type on both hosts, with a short budget."""
    listener = two.start(0, "bitpath_cli", "bench", "network", "--listen", two.address(0))
    caller = two.start(1, "tests.lab.brief", *_read_line(listener.stderr), "-b", "quick", "--json")
    out, err = caller.communicate(timeout=_RESULT_SECONDS)
    listener.communicate(timeout=_RESULT_SECONDS)
    if caller.returncode != 0:
        raise RuntimeError(err)
    found = {}
    for result in json.loads(out)["results"]:
        told = result["parameters"]
        if told["direction"] == "both":
            continue
        figures = {each["name"]: each["value"] for each in result["metrics"]}
        found[_name(told["streams"], told["direction"])] = figures["bandwidth"]
        if "latency_p50" in figures:
            found[_ROUND_TRIP] = figures["latency_p50"]
    return found


def _read_line(said: object) -> list[str]:
    """The words after `bitpath` of the line that the listener prints for the other host."""
    for line in said:  # type: ignore[attr-defined]
        if "--peer" in line:
            return str(line).split()[1:]
    raise RuntimeError("the listener ended before it said what to type")


def _theirs(two: Hosts) -> dict[str, float]:
    found = {}
    for streams in (1, 4):
        for direction, reverse in (("send", ()), ("receive", ("-R",))):
            found[_name(streams, direction)] = _iperf3(two, streams, reverse)
    found[_ROUND_TRIP] = _sockperf(two)
    return found


def _iperf3(two: Hosts, streams: int, reverse: tuple[str, ...]) -> float:
    """Received bytes a second, the first second left out."""
    address, port = two.address(0), str(_PORT)
    server = _run(two, 0, "iperf3", "-s", "-1", "-B", address, "-p", port)
    two.wait_for_listener(0, port)
    client = _run(
        two, 1, "iperf3", "-c", address, "-p", port, "-t", _SECONDS, "-O", "1", "-P", str(streams),
        "-J", *reverse,
    )  # fmt: skip
    out, _ = client.communicate(timeout=_RESULT_SECONDS)
    server.communicate(timeout=_RESULT_SECONDS)
    return float(json.loads(out)["end"]["sum_received"]["bits_per_second"]) * _BYTES_PER_BIT


def _sockperf(two: Hosts) -> float:
    """The median round trip in seconds."""
    address, port = two.address(0), str(_PORT + 1)
    server = _run(two, 0, "sockperf", "server", "--tcp", "-i", address, "-p", port)
    two.wait_for_listener(0, port)
    client = _run(
        two, 1, "sockperf", "ping-pong", "--tcp", "-i", address, "-p", port, "-t", _SECONDS,
        "-m", "64", "--full-rtt",
    )  # fmt: skip
    out, err = client.communicate(timeout=_RESULT_SECONDS)
    server.terminate()
    server.communicate(timeout=_RESULT_SECONDS)
    told = re.search(r"percentile 50\.0+ *= *([0-9.]+)", out)
    if told is None:
        raise RuntimeError(f"sockperf said no percentile: {err or out}")
    return float(told[1]) * 1e-6


def _name(streams: int, direction: str) -> str:
    return f"{streams} stream{'s' if streams > 1 else ''}, {direction}"


def main() -> None:
    """Print the table."""
    if reason := lacking_tools():
        sys.exit(f"tests.reference.network {reason}")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    sys.stdout.write(draw(rows(count, tuple(sys.argv[2:]) or RATES)))


if __name__ == "__main__":
    main()
