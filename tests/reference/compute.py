"""`bitpath bench compute` beside NumPy and torch called bare, on the same square products.

Run it alone on the machine: `python -m tests.reference.compute [PAIRS]`. NumPy's threads are set by
hand, and its OpenBLAS finds the kernels for the processor by itself: what the environment says of
them is taken out. torch is called in the environment that bitpath has.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from tests.reference.pairs import PAIRS, Row, alternate, draw, row
from tests.reference.squares import DTYPES, EDGE

_LIMIT_SECONDS: Final = 120
_BLAS: Final = ("OPENBLAS_", "GOTO_", "BLIS_", "MKL_", "OMP_")
_CEILING: Final = "ceiling"
_OWN: Final = "torch's own rate"
_WANTED: Final = {
    _CEILING: ("the better of NumPy and torch called bare", 0.98, None),
    _OWN: ("torch called bare", 0.98, 1.02),
}


def lacking_tools() -> str:
    """Why there is nothing to compare with here, or nothing."""
    absent = [each for each in ("numpy", "torch") if find_spec(each) is None]
    return f"needs {', '.join(absent)}" if absent else ""


def rows(count: int = PAIRS) -> list[Row]:
    """The ceiling and torch's own rate for every type, with all threads and with one."""
    found = alternate(count, _ours, _theirs)
    made = []
    for threads in _threads():
        for dtype in DTYPES:
            for what, (reference, least, most) in _WANTED.items():
                pairs = found.get(_name(what, dtype, threads), [])
                if pairs:
                    quantity = f"GEMM {dtype}, {EDGE}³, {_said(threads)}, {what}"
                    made.append(row(quantity, reference, pairs, least, most))
    return made


def _ours() -> dict[str, float]:
    """Rates as the report has them; where torch stands alone, it is the ceiling."""
    words = (sys.executable, "-m", "tests.reference.squares", "bench", "compute")
    told = json.loads(_run((*words, "-b", "quick", "--json"), os.environ))
    found = {}
    for result in told["results"]:
        dtype, threads = result["parameters"]["dtype"], result["parameters"]["threads"]
        rates = {each["name"]: each["value"] for each in result["metrics"]}
        own = rates["throughput"]
        found[_name(_OWN, dtype, threads)] = own
        found[_name(_CEILING, dtype, threads)] = rates.get("measured_ceiling") or own
    return found


def _theirs() -> dict[str, float]:
    found = {}
    for threads in _threads():
        clean = {name: it for name, it in os.environ.items() if not name.startswith(_BLAS)}
        by_hand = {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        numpy, torch = _bare("numpy", threads, clean | by_hand), _bare("torch", threads, os.environ)
        for dtype, own in torch.items():
            found[_name(_OWN, dtype, threads)] = own
            found[_name(_CEILING, dtype, threads)] = max(own, numpy.get(dtype, 0.0))
    return found


def _bare(library: str, threads: int, environment: Mapping[str, str]) -> dict[str, float]:
    words = (sys.executable, "-m", "tests.reference.bare_product", library, str(threads))
    found: dict[str, float] = json.loads(_run(words, environment))
    return found


def _run(words: tuple[str, ...], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        words, env=environment, stdout=subprocess.PIPE, text=True, check=True,
        timeout=_LIMIT_SECONDS,
    )  # fmt: skip
    return done.stdout


def _threads() -> tuple[int, ...]:
    """All processors, and one where there are more."""
    return tuple(sorted({len(os.sched_getaffinity(0)), 1}, reverse=True))


def _said(threads: int) -> str:
    return f"{threads} threads" if threads > 1 else "1 thread"


def _name(what: str, dtype: str, threads: int) -> str:
    return f"{what} {dtype} {threads}"


def main() -> None:
    """Print the table."""
    if reason := lacking_tools():
        sys.exit(f"tests.reference.compute {reason}")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    sys.stdout.write(draw(rows(count)))


if __name__ == "__main__":
    main()
