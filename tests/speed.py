"""How fast bitpath itself is: whole processes side by side, in turn, as ratios with intervals.

Run it alone on the machine: `make bench`. Nothing here fails on a slow machine; the targets are
printed beside the figures, since a timed test would fail for the neighbours' sake.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from bitpath_cli.stats import Interval, median_interval

_PAIRS: Final = 15
_HELLO: Final = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str) -> None:
    \"\"\"Say hello.\"\"\"
    print(name)
app()
"""


def main() -> None:
    """Print one line a figure: what, the measured ratio or time, and the target."""
    bitpath = [sys.executable, "-m", "bitpath_cli"]
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder) / "hello.py"
        hello.write_text(_HELLO)
        _show_ratio(
            "bitpath --help over a hello-world Typer app's --help",
            [*bitpath, "--help"], [sys.executable, str(hello), "--help"], "at most 1.3",
        )  # fmt: skip
    _show_seconds("bitpath probe --json", [*bitpath, "probe", "--json"], "at most 0.5 s")
    # In a process of its own, whose memory is the cost model's alone.
    subprocess.run([sys.executable, "-m", "tests.growth"], check=True)
    _show_monitor([*bitpath, "monitor", "--duration", "30s"])


def _show_ratio(what: str, command: Sequence[str], other: Sequence[str], target: str) -> None:
    pairs = [(_seconds(command), _seconds(other)) for _ in range(_PAIRS + 1)][1:]
    found = median_interval([mine / theirs for mine, theirs in pairs])
    _say(what, found, "", target)


def _show_seconds(what: str, command: Sequence[str], target: str) -> None:
    times = [_seconds(command) for _ in range(_PAIRS + 1)][1:]
    _say(what, median_interval(times), " s", target)


def _show_monitor(command: Sequence[str]) -> None:
    """What a watch says of itself in its last line."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    last = json.loads(done.stdout.splitlines()[-1])
    share = last["own"]["cpu_seconds"] / last["lasted"]
    size = last["own"]["resident_bytes"] / 1e6
    figures = f"{share:.2%} of a core (at most 1 %), {size:.3g} MB (at most 60)"
    sys.stdout.write(f"bitpath monitor, once a second: {figures}\n")


def _seconds(command: Sequence[str]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return perf_counter() - start


def _say(what: str, found: Interval, unit: str, target: str) -> None:
    bounds = f"[{found.low:.3g}, {found.high:.3g}]"
    sys.stdout.write(f"{what}: {found.value:.3g}{unit} {bounds} ({target})\n")


if __name__ == "__main__":
    main()
