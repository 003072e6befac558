"""Collectives on the terminal in full: the table by size, the curve, the ranks and the heat map."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bitpath_cli.model.result import BenchmarkResult, CollectivePoint, RankTiming
from bitpath_cli.model.units import BYTE_PER_SECOND
from bitpath_cli.renderers._collective_figures import (
    HEADS,
    INTERVAL,
    columns,
    heat_map,
    rows,
    short_size,
    title,
)
from bitpath_cli.renderers._words import amount, reading, share, statement

_INDENT: Final = 4
_HEIGHT: Final = 6
_AXIS: Final = 10
_CELL: Final = 8
_WIDEST_COLUMN: Final = 7
_WIDE: Final = 100
_SLOW: Final = frozenset("▓█")


def draw_collectives(results: Sequence[BenchmarkResult], width: int) -> Iterator[RenderableType]:
    """A block for each collective that was measured."""
    for result in results:
        if not result.points:
            continue
        yield Text.assemble("\n", (" " * (_INDENT // 2)), (title(result), "bold cyan"))
        yield Padding(_draw_table(result.points, with_interval=width >= _WIDE), (0, 0, 0, _INDENT))
        yield _indented(_draw_curve(result.points, width - _INDENT))
        if result.ranks:
            yield _indented(_draw_ranks(result.ranks))
        if result.pairs:
            yield _indented(_draw_map(result, width - _INDENT))


def _indented(drawn: RenderableType) -> Padding:
    return Padding(drawn, (1, 0, 0, _INDENT))


def _draw_table(points: Sequence[CollectivePoint], with_interval: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", pad_edge=False)
    shown = [index for index, head in enumerate(HEADS) if with_interval or head != INTERVAL]
    for index in shown:
        table.add_column(HEADS[index], justify="right", overflow="fold")
    for point, row in zip(points, rows(points), strict=True):
        table.add_row(*(row[index] for index in shown), style="red" if point.wrong else "")
    return table


def _draw_curve(points: Sequence[CollectivePoint], width: int) -> Text:
    """Bars of busbw by size; the dashes are the ceiling."""
    bars, full, ceiling_row = columns(points, _HEIGHT)
    cells = max(2, min(_WIDEST_COLUMN, (width - _AXIS) // len(points)))
    text = Text()
    for row in range(_HEIGHT):
        scale = amount(full, BYTE_PER_SECOND) if row == 0 else ""
        text.append(f"{scale:>{_AXIS - 1}} ", "dim")
        track = "╌" if row == ceiling_row else " "
        for bar in bars:
            filled = bar[row] * max(1, cells - 2)
            text.append(filled.replace(" ", track), "cyan")
            text.append(track * (cells - max(1, cells - 2)), "dim")
        text.append("\n")
    every = -(-6 // cells)
    text.append(" " * _AXIS)
    for index, point in enumerate(points):
        if index % every == 0:
            text.append(f"{short_size(point.size_bytes):<{cells * every}}", "dim")
    text.append("\n" + " " * _AXIS + "busbw by size; ╌ is the ceiling of raw sockets", "dim")
    return text


def _draw_ranks(ranks: Sequence[RankTiming]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for head in ("rank", "at", "late by", "last in", "transfer"):
        table.add_column(head, justify="left" if head == "at" else "right", overflow="fold")
    for each in ranks:
        last = each.last_share
        table.add_row(
            str(each.rank), statement(each.source_address), reading(each.lateness),
            share(last.value) if last.kind == "quantity" else reading(last),
            reading(each.transfer),
        )  # fmt: skip
    return table


def _draw_map(result: BenchmarkResult, width: int) -> Text:
    """Numbers where they fit, else shades alone, and nothing where not even those do."""
    found = heat_map(result.pairs)
    if _CELL + 2 * len(found.ranks) > width:
        return Text(f"{len(found.ranks)} ranks are too many for a map of this width.", "dim")
    with_numbers = (len(found.ranks) + 1) * _CELL <= width
    cells = _CELL if with_numbers else 2
    text = Text()
    text.append(f"{'rank':>{_CELL}}", "dim")
    for rank in found.ranks:
        text.append(f"{rank if with_numbers else rank % 10:>{cells}}", "dim")
    for row in found.ranks:
        text.append(f"\n{row:>{_CELL}}", "dim")
        for column in found.ranks:
            cell = found.cells.get((row, column))
            shade, number = ("", "·") if cell is None else (cell.shade, cell.number)
            words = f"{shade} {number}" if with_numbers else shade or number
            text.append(f"{words:>{cells}}", "red" if shade in _SLOW and shade else "")
    text.append(
        f"\nabove the diagonal {found.rate_unit} both ways at once, below {found.time_unit} one "
        "way; ░ usual  ▒ ▓ █ ever slower", "dim",
    )  # fmt: skip
    return text
