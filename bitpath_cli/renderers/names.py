"""Lists of names with what they stand for: profiles and benchmarks."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.renderers._drawing import draw, heading

Row = tuple[str, str, str, str]
"""A group, a name in it, a remark, and a sentence."""


def render_entries(rows: tuple[Row, ...], width: int, colour: bool) -> str:
    """A block per group, names in one column and sentences in the next."""
    return draw(_parts(rows), width, colour)


def _parts(rows: tuple[Row, ...]) -> Iterator[RenderableType]:
    names = max((len(name) for _, name, _, _ in rows), default=0)
    remarks = max((len(remark) for _, _, remark, _ in rows), default=0)
    for group in dict.fromkeys(group for group, _, _, _ in rows):
        yield heading(group)
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=names, no_wrap=True)
        if remarks:
            table.add_column(width=remarks, style="yellow", no_wrap=True)
        table.add_column(overflow="fold", style="dim")
        for _, name, remark, sentence in (row for row in rows if row[0] == group):
            cells = [Text(name, "bold"), *([remark] if remarks else []), sentence]
            table.add_row(*cells)
        yield Padding(table, (0, 0, 0, 2))
