"""Interleaved pairs of a measurement and its reference: a ratio, its interval, a verdict."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bitpath_cli.stats import LEVEL, Interval, median_interval

PAIRS = 10
"""What a table worth its name rests on; six are the fewest with a 95 % interval."""

Verdict = Literal["reached", "missed", "undecided", "reported"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ours over the reference's, and between what it should lie."""

    quantity: str
    reference: str
    ratio: Interval
    pairs: int
    least: float | None
    most: float | None

    @property
    def verdict(self) -> Verdict:
        """Undecided with few pairs, and where their noise reaches over an end of the range.

        Without a range there is nothing to reach.
        """
        if self.least is None and self.most is None:
            return "reported"
        least = self.least if self.least is not None else 0.0
        most = self.most if self.most is not None else float("inf")
        if self.ratio.level < LEVEL:
            return "undecided"
        if least <= self.ratio.low and self.ratio.high <= most:
            return "reached"
        if self.ratio.high < least or self.ratio.low > most:
            return "missed"
        return "undecided"

    @property
    def wanted(self) -> str:
        """The range in words."""
        if self.least is None and self.most is None:
            return "reported"
        if self.most is None:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" if self.least is None else f"{self.least:g} – {self.most:g}"


def row(
    quantity: str,
    reference: str,
    pairs: Sequence[tuple[float, float]],
    least: float | None,
    most: float | None,
) -> Row:
    """From pairs of our value and the reference's, each taken one right after the other."""
    ratio = median_interval([ours / theirs for ours, theirs in pairs])
    return Row(quantity, reference, ratio, len(pairs), least, most)


def alternate(
    count: int, ours: Callable[[], dict[str, float]], theirs: Callable[[], dict[str, float]]
) -> dict[str, list[tuple[float, float]]]:
    """So many pairs of both by quantity; every second pair begins with the reference.

    A pair of which one half fails (RuntimeError) is left out and told; the others stand.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(count):
        try:
            if number % 2:
                reference = theirs()
                mine = ours()
            else:
                mine = ours()
                reference = theirs()
        except RuntimeError as error:
            sys.stderr.write(f"a pair is left out: {error}\n")
            continue
        for name in mine.keys() & reference.keys():
            found.setdefault(name, []).append((mine[name], reference[name]))
    return found


def draw(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    lines = [
        "| quantity | reference | ratio | 95 % interval | pairs | to reach | verdict |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in rows:
        at = "" if each.ratio.level >= LEVEL else f" (at {each.ratio.level:.0%})"
        lines.append(
            f"| {each.quantity} | {each.reference} | {each.ratio.value:.3f} | "
            f"{each.ratio.low:.3f} – {each.ratio.high:.3f}{at} | {each.pairs} | {each.wanted} | "
            f"{each.verdict} |"
        )
    return "\n".join(lines) + "\n"
