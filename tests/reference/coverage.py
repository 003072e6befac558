"""Every headline metric again and again in whole new processes, beside the interval it states.

Run it alone on the machine: `python -m tests.reference.coverage [TIMES [KIND ...]]`; a kind is
one of `bitpath bench`. Of the intervals, nine in ten are to hold the median of all runs.
"""

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from bitpath_cli.model.report import Report
from bitpath_cli.workflows.repeat import Spread, find_spreads

TIMES: Final = 5
KINDS: Final = ("compute", "memory", "storage", "network")
WANTED: Final = 0.9
_LIMIT_SECONDS: Final = 300


def spreads(times: int = TIMES, kinds: Sequence[str] = KINDS) -> list[Spread]:
    """A spread for every headline metric; kinds take turns, so that a slow hour is everyone's."""
    runs: dict[str, list[Report]] = {kind: [] for kind in kinds}
    for _ in range(times):
        for kind in kinds:
            runs[kind].append(_run(kind))
    return [spread for kind in kinds for spread in find_spreads(runs[kind])]


def coverage(found: Sequence[Spread]) -> float:
    """The share of all intervals that hold the median of their runs; 0 where none was stated."""
    claims = sum(each.claims for each in found)
    return sum(each.covered for each in found) / claims if claims else 0.0


def draw(found: Sequence[Spread]) -> str:
    """The table as Markdown, and below it the share of all."""
    lines = [
        "| metric | parameters | runs | spread | stated | hold the median |",
        "|---|---|---|---|---|---|",
    ]
    for each in found:
        told = ", ".join(f"{name} {value}" for name, value in each.parameters.items())
        stated = "none" if each.half_width is None else f"±{each.half_width:.1%}"
        lines.append(
            f"| {each.benchmark} {each.metric} | {told} | {len(each.values)} | {each.width:.1%} | "
            f"{stated} | {each.covered} of {each.claims} |"
        )
    share = coverage(found)
    verdict = "reached" if share >= WANTED else "missed"
    lines += ["", f"{share:.0%} of the intervals hold ({WANTED:.0%} wanted): {verdict}."]
    return "\n".join(lines) + "\n"


def _run(kind: str) -> Report:
    words = [sys.executable, "-m", "bitpath_cli", "bench", kind, "-b", "quick", "--json"]
    done = subprocess.run(
        words, check=True, stdout=subprocess.PIPE, text=True, timeout=_LIMIT_SECONDS
    )
    return Report.model_validate_json(done.stdout)


def main() -> None:
    """Print the table."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    sys.stdout.write(draw(spreads(times, tuple(sys.argv[2:]) or KINDS)))


if __name__ == "__main__":
    main()
