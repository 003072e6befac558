"""Lists of names with what they stand for: profiles, benchmarks and probes."""

import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from bitpath_cli.commands._screen import colour, say, width


@dataclass(frozen=True, slots=True)
class Row:
    """A name under a heading, a word on it, and a sentence."""

    heading: str
    name: str
    sentence: str
    remark: str = ""


def show(rows: Sequence[Row]) -> None:
    """A block per heading on stdout."""
    say(draw(rows, width(), colour(sys.stdout)))


def draw(rows: Sequence[Row], columns: int, coloured: bool) -> str:
    """The blocks as text: names in one column, sentences wrapped in the next."""
    longest = max((len(row.name) for row in rows), default=0)
    lines: list[str] = []
    for heading in dict.fromkeys(row.heading for row in rows):
        lines += ["", _bold(heading, coloured)]
        lines += [
            line
            for row in rows
            if row.heading == heading
            for line in _draw_row(row, longest, columns, coloured)
        ]
    return "\n".join(lines[1:]) + "\n"


def _draw_row(row: Row, longest: int, columns: int, coloured: bool) -> list[str]:
    sentence = f"({row.remark}) {row.sentence}" if row.remark else row.sentence
    indent = 4 + longest
    first, *rest = textwrap.wrap(sentence, max(20, columns - indent)) or [""]
    name = _bold(row.name, coloured) + " " * (longest - len(row.name))
    return [f"  {name}  {first}".rstrip(), *(" " * indent + line for line in rest)]


def _bold(text: str, coloured: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if coloured else text
