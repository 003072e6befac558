"""`make reference`: bitpath beside the tools of the field, and docs/accuracy.md; alone, as root."""

import argparse
import platform
import sys
from pathlib import Path

from bitpath_cli.host import Host
from tests.reference import collectives, compute, memory, network, storage
from tests.reference.pairs import PAIRS, draw

PAGE = Path(__file__).parent.parent.parent / "docs" / "accuracy.md"
INTRODUCTION = """\
# How accurate the measurements are

Written by `make reference` on the machine named below: bitpath and a reference tool take turns,
pair by pair, and the ratio of ours to theirs is the median over the pairs with its 95 % interval.
Where the noise cannot decide, the verdict is undecided. Hosts are network namespaces of one
machine, each on a core of its own, joined by links that `tc tbf` shapes to the rate in the name.
"""
PARTS = {
    "compute": ("Matrix products", compute),
    "memory": ("Memory and caches", memory),
    "storage": ("Disk", storage),
    "collectives": ("All-reduce between two hosts", collectives),
    "network": ("TCP between two hosts", network),
}


def main() -> int:
    """0 where the page was written, 1 where there is nothing to compare with here."""
    asked = _ask()
    parts = [PARTS[name] for name in PARTS if name in asked.only]
    reasons = [reason for _, part in parts if (reason := part.lacking_tools())]
    if reasons:
        sys.stderr.write(f"make reference {reasons[0]}\n")
        return 1
    page = f"{INTRODUCTION}\nMachine: {_machine()}, {asked.pairs} pairs.\n"
    for title, part in parts:
        body = f"\n## {title}\n\n{draw(part.rows(asked.pairs))}"
        sys.stdout.write(body)
        sys.stdout.flush()
        # What is done stays, whatever happens to the next part.
        page += body
        asked.output.write_text(page)
    return 0


def _ask() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make reference", description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--output", type=Path, default=PAGE)
    return parser.parse_args()


def _machine() -> str:
    text = Host().read_text("/proc/cpuinfo")
    lines = text.splitlines() if isinstance(text, str) else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores = len(names) or "an unknown number of"
    return f"{names[0] if names else 'processor unknown'}, {cores} cores, {platform.release()}"


if __name__ == "__main__":
    sys.exit(main())
