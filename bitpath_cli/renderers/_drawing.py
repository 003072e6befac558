"""Draws with rich into a string, so that what a screen shows can be tested as text."""

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.visible import visible

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
TRACK: Final = "·"
FILLS: Final = ("█", "▓", "▒", "░", "◦")
FILL_STYLES: Final = ("cyan", "magenta", "yellow", "green", "blue")


def draw(parts: Iterable[RenderableType], width: int, colour: bool) -> str:
    """The parts below one another as text of at most `width` columns, without trailing blanks."""
    console = _Harmless(
        file=StringIO(), width=width, force_terminal=colour, no_color=not colour,
        color_system="standard" if colour else None, highlight=False, emoji=False, markup=False,
        legacy_windows=False, _environ={},
    )  # fmt: skip
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


class _Harmless(Console):
    """Text from a report may hold what steers a terminal; only our own colours may."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for each in super().render(renderable, options):
            yield each if each.control else Segment(_visible(each.text), each.style)


def _visible(text: str) -> str:
    return visible(text) if not text.isprintable() else text


def bar(share: float, cells: int) -> str:
    """A bar of eighths on a dotted track; what passes the end is marked, not drawn."""
    if share > 1:
        return "█" * (cells - 1) + "▶"
    eighths = round(max(share, 0.0) * cells * 8)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled + TRACK * (cells - len(filled))


def stack(parts: Sequence[float], full: float, cells: int) -> Text:
    """Parts of a whole side by side, told apart by fill and by colour; the whole is `full` wide."""
    text = Text()
    edge = 0.0
    for part, fill, style in zip(parts, FILLS, FILL_STYLES, strict=True):
        begin, edge = edge, edge + part
        first, last = (min(round(at / full * cells), cells) for at in (begin, edge))
        text.append(fill * (last - first), style)
    if sum(parts) > full * 1.001:
        text.right_crop(1)
        text.append("▶", "bold")
    return text


def heading(words: str, aside: str = "") -> Text:
    """A section's title, with an empty line above it."""
    return Text.assemble("\n", (words, "bold"), ("  " + aside if aside else "", "dim"))


def labelled(rows: Iterable[tuple[RenderableType, RenderableType]], label_width: int) -> Table:
    """Dim labels and what they stand for, each wrapped in its own column."""
    table = Table.grid(padding=(0, 1, 0, 0), expand=False)
    table.add_column(width=label_width, style="dim", overflow="fold")
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, text)
    return table
