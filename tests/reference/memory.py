"""`bitpath bench memory` beside loops in C: a program like STREAM's, and a chase of addresses.

Run it alone on the machine: `python -m tests.reference.memory [PAIRS]`. Both sides use arrays of
the same size in huge pages, state medians, and count no write-allocate.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.reference.pairs import PAIRS, Row, alternate, draw, row

_HERE: Final = Path(__file__).parent
_OURS: Final = (sys.executable, "-m", "tests.reference.memory_cases")
_OURS_SECONDS: Final = "6"
_STREAM_RUNS: Final = "15"
_CHASE_RUNS: Final = "5"
_LIMIT_SECONDS: Final = 60
_FLAGS: Final = ("-O3", "-march=native", "-fopenmp", "-fno-tree-loop-distribute-patterns")
_BANDWIDTH: Final = (0.97, 1.05)
# Loops of one load each differ in what else they do; only where memory is slow does it not count.
_LATENCY: Final[Mapping[str, tuple[float, float]]] = {"memory": (0.95, 1.05)}

Result = tuple[dict[str, Any], dict[str, float | None]]
"""Parameters, and metrics by name."""


def lacking_tools() -> str:
    """Why there is nothing to compare with here, or nothing."""
    return "" if shutil.which("gcc") else "needs the program gcc: make lab"


def rows(count: int = PAIRS) -> list[Row]:
    """A row for every kernel by threads, and for the latency of every level."""
    made: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        stream, chase = (_compile(name, Path(folder)) for name in ("stream", "chase"))
        for variant, theirs in (
            ("stream-like", partial(_stream, stream)), ("level", partial(_chase, chase)),
        ):  # fmt: skip
            sizes = _find_sizes(_measure(variant))
            found = alternate(count, partial(_ours, variant), partial(theirs, sizes))
            made += [_row(name, pairs) for name, pairs in sorted(found.items())]
    return made


def _row(name: str, pairs: list[tuple[float, float]]) -> Row:
    if name.startswith("latency"):
        least, most = _LATENCY.get(name.split()[-1], (None, None))
        return row(name, "a pointer chase in C, gcc -O3", pairs, least, most)
    return row(name, "loops in C like STREAM's, OpenMP, gcc -O3", pairs, *_BANDWIDTH)


def _compile(name: str, folder: Path) -> Path:
    program = folder / name
    words = (shutil.which("gcc") or "gcc", *_FLAGS, "-o", program, _HERE / f"{name}.c")
    subprocess.run(words, check=True, timeout=_LIMIT_SECONDS)
    return program


def _measure(variant: str) -> list[Result]:
    """What a person would type, with a short budget."""
    told = {"LAB_VARIANT": variant, "LAB_SECONDS": _OURS_SECONDS}
    done = subprocess.run(
        (*_OURS, "bench", "memory", "-b", "quick", "--json"), env={**os.environ, **told},
        capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [
        (each["parameters"], {one["name"]: one["value"] for one in each["metrics"]})
        for each in json.loads(done.stdout)["results"]
    ]


def _find_sizes(results: list[Result]) -> dict[str, int]:
    """The bytes of an array, or those of each level's working set."""
    return {
        str(told.get("level", "array")): int(
            told["working_set_bytes"] if "level" in told else told["array_bytes"]
        )
        for told, _ in results
    }


def _ours(variant: str) -> dict[str, float]:
    """By name what both sides have; what the budget did not reach is left out."""
    return {
        _name(told, metric): value
        for told, metrics in _measure(variant)
        for metric, value in metrics.items()
        if value is not None and metric in ("copy", "scale", "add", "triad", "latency")
    }


def _stream(program: Path, sizes: dict[str, int]) -> dict[str, float]:
    said = [
        _run(program, sizes["array"], _STREAM_RUNS, threads)
        for threads in sorted({len(os.sched_getaffinity(0)), 1})
    ]
    lines = [line.split() for each in said for line in each.splitlines()]
    return {_name({"threads": used}, kernel): float(rate) for kernel, used, rate in lines}


def _chase(program: Path, sizes: dict[str, int]) -> dict[str, float]:
    return {
        _name({"level": level}, "latency"): float(_run(program, size, _CHASE_RUNS, 1))
        for level, size in sizes.items()
    }


def _run(program: Path, size_bytes: int, runs: str, threads: int) -> str:
    done = subprocess.run(
        (program, str(size_bytes), runs), env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=True,
    )  # fmt: skip
    return done.stdout


def _name(told: Mapping[str, object], metric: str) -> str:
    if "level" in told:
        return f"{metric} {told['level']}"
    threads = str(told["threads"])
    return f"{metric}, {'one thread' if threads == '1' else f'all {threads} threads'}"


def main() -> None:
    """Print the table."""
    if reason := lacking_tools():
        sys.exit(f"tests.reference.memory {reason}")
    sys.stdout.write(draw(rows(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)))


if __name__ == "__main__":
    main()
