"""`bitpath bench allreduce` beside torch called bare, an MPI library and iperf3, on two hosts.

Run it alone on the machine, as root: `python -m tests.reference.collectives [PAIRS [RATE ...]]`.
The message is at least 100 times the shaper's burst, and each host has a core of its own.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.lab.hosts import Hosts, hosts, lacking
from tests.reference.pairs import PAIRS, Row, alternate, draw, row

RATES: Final = ("200mbit", "1gbit", "unshaped")
_BYTES: Final = 16 << 20
_CALLS: Final = {"200mbit": 3, "1gbit": 8, "unshaped": 30}
_SECONDS: Final = {"200mbit": "10", "1gbit": "6", "unshaped": "5"}
_LIMIT_SECONDS: Final = 90
_BITS: Final = 8
_TOOLS: Final = ("iperf3", "mpicc", "mpirun", "taskset")
_BARE: Final = "torch.distributed called bare"
_MPI: Final = "Open MPI, as OSU times it"
_IPERF3: Final = "iperf3"
_REFERENCES: Final = (_BARE, _MPI, _IPERF3)
_HERE: Final = Path(__file__).parent
_AGENT: Final = _HERE.parent / "lab" / "mpi-agent"


@dataclass(frozen=True, slots=True)
class _Lab:
    """Two hosts, the rate of their links, the MPI program and the file of their names."""

    two: Hosts
    rate: str
    program: Path
    names: Path

    def run(self, host: int, *words: str, **options: object) -> "subprocess.Popen[str]":
        """A program on a host's own core."""
        cores = sorted(os.sched_getaffinity(0))
        pinned = ("taskset", "-c", str(cores[host % len(cores)]), *words)
        return self.two.run(host, *pinned, **options)  # type: ignore[arg-type]


def lacking_tools() -> str:
    """Why there is nothing to compare with here, or nothing."""
    absent = [each for each in _TOOLS if shutil.which(each) is None]
    return lacking() or (f"needs the programs {', '.join(absent)}: make lab" if absent else "")


def rows(count: int = PAIRS, rates: Sequence[str] = RATES) -> list[Row]:
    """A row for every reference at every rate."""
    made: list[Row] = []
    with hosts(2) as two, tempfile.TemporaryDirectory() as folder:
        program, names = Path(folder) / "all_reduce", Path(folder) / "hosts"
        subprocess.run([_found("mpicc"), "-O2", "-o", program, _HERE / "all_reduce.c"], check=True)
        names.write_text(f"127.0.0.1 localhost\n{two.address(0)} node0\n{two.address(1)} node1\n")
        for rate in rates:
            two.shape(None if rate == "unshaped" else rate)
            made += _rows(_Lab(two, rate, program, names), count)
    return made


def _rows(lab: _Lab, count: int) -> list[Row]:
    """Times over times, and the bus bandwidth over what iperf3 carries: one of ours beside all."""
    found = alternate(count, lambda: dict.fromkeys(_REFERENCES, _ours(lab)), partial(_theirs, lab))
    made = []
    for words, most in ((_BARE, 1.02), (_MPI, 1.0)):
        quantity = f"all-reduce time, 16 MiB, {lab.rate}"
        made.append(row(quantity, words, found[words], None, most))
    pairs = [(_BYTES / ours, rate) for ours, rate in found[_IPERF3]]
    least = None if lab.rate == "unshaped" else 0.95
    made.append(row(f"bus bandwidth, 16 MiB, {lab.rate}", _IPERF3, pairs, least, None))
    return made


def _theirs(lab: _Lab) -> dict[str, float]:
    """Seconds of the two that reduce, bytes a second of the one that only sends."""
    return {_BARE: _bare(lab), _MPI: _mpi(lab), _IPERF3: _iperf3(lab)}


def _ours(lab: _Lab) -> float:
    """Seconds; of two ranks each sends the message once: bytes over it are the bus bandwidth."""
    size = f"{_BYTES >> 20}MiB"
    words = (
        sys.executable, "-m", "tests.lab.brief", "bench", "allreduce", "-b", "quick",
        "--min-size", size, "--max-size", size, "--nnodes", "2",
        "--rendezvous", f"{lab.two.address(0)}:29701", "--json",
    )  # fmt: skip
    told = {"LAB_SECONDS": _SECONDS[lab.rate]}
    both = [lab.run(host, *words, "--node-rank", str(host), environment=told) for host in (0, 1)]
    out, err = _first(both)
    if both[0].returncode != 0:
        raise RuntimeError(err)
    points = json.loads(out)["results"][0]["points"]
    if not points:
        raise RuntimeError("the budget ended before the message was sent once")
    return float(points[0]["time"]["value"])


def _bare(lab: _Lab) -> float:
    words = (lab.two.address(0), str(_BYTES), str(_CALLS[lab.rate]))
    both = [
        lab.run(host, sys.executable, "-m", "tests.reference.bare", str(host), *words)
        for host in (0, 1)
    ]
    return _number(_first(both))


def _mpi(lab: _Lab) -> float:
    process = lab.two.run(
        0, "mpirun", "--allow-run-as-root", "--mca", "plm_rsh_agent", str(_AGENT),
        "--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include", "eth0",
        "--mca", "btl", "tcp,self", "--mca", "mpi_yield_when_idle", "1",
        "-np", "2", "-H", "node0:1,node1:1", "--bind-to", "none",
        "sh", "-c", 'exec taskset -c "$OMPI_COMM_WORLD_RANK" "$0" "$@"',
        str(lab.program), str(_BYTES), str(_CALLS[lab.rate]),
        names=lab.names, name="node0",
        environment={"LAB_SPACES": lab.two.spaces, "LAB_NAMES": str(lab.names)},
    )  # fmt: skip
    return _number(process.communicate(timeout=_LIMIT_SECONDS))


def _iperf3(lab: _Lab) -> float:
    """Received bytes a second of one stream, the first second left out."""
    server = lab.run(0, "iperf3", "-s", "-1", "-B", lab.two.address(0), "-p", "5211")
    lab.two.wait_for_listener(0, "5211")
    client = lab.run(
        1, "iperf3", "-c", lab.two.address(0), "-p", "5211", "-t", "3", "-O", "1", "-J"
    )
    out, _ = client.communicate(timeout=_LIMIT_SECONDS)
    server.communicate(timeout=_LIMIT_SECONDS)
    return float(json.loads(out)["end"]["sum_received"]["bits_per_second"]) / _BITS


def _first(both: "Sequence[subprocess.Popen[str]]") -> tuple[str, str]:
    """What host 0 said, once both have ended."""
    said = [each.communicate(timeout=_LIMIT_SECONDS) for each in both]
    return said[0]


def _found(tool: str) -> str:
    return shutil.which(tool) or tool


def _number(told: tuple[str, str]) -> float:
    try:
        return float(told[0].split()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(told[1]) from None


def main() -> None:
    """Print the table."""
    if reason := lacking_tools():
        sys.exit(f"tests.reference.collectives {reason}")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    sys.stdout.write(draw(rows(count, tuple(sys.argv[2:]) or RATES)))


if __name__ == "__main__":
    main()
