"""The parts of a page that a template lays out: tables of cells, and figures with their labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.reading import Fact, Method, Missing, Quantity
from bitpath_cli.renderers._measured import Tone
from bitpath_cli.renderers._words import interval, known, reading

MOST_ROWS: Final = 250
MARKS: Final = {
    Method.MEASURED: "●", Method.REPORTED: "○", Method.DERIVED: "◇", Method.ASSUMED: "~",
}  # fmt: skip
MEANINGS: Final = (
    ("●", "measured", "by a benchmark or a counter of this run"),
    ("○", "reported", "by the kernel, a driver or a scheduler about itself"),
    ("◇", "derived", "computed from other readings"),
    ("~", "assumed", "a datasheet, a price or a guess, with its spread"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, a dimmer aside below it, and what stands before it or is drawn behind it.

    `share` draws a bar, full at 1; `origin` is how the value came to be.
    """

    text: str
    aside: str = ""
    share: float | None = None
    tone: Tone = "plain"
    origin: Method | None = None
    strong: bool = False

    @property
    def mark(self) -> str:
        """The mark of its origin; an assumed value says so in its own text."""
        return MARKS[self.origin] if self.origin not in (None, Method.ASSUMED) else ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under heads; some columns hold numbers, which stand to the right.

    The caption is hidden where a heading above says the same.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers_from: int = 99
    numbers_to: int = 99
    left_out: int = 0
    hidden_caption: bool = False

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers."""
        return self.numbers_from <= column < self.numbers_to


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that is looked at first."""

    label: str
    value: str
    aside: str = ""


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    *,
    numbers: tuple[int, int] = (99, 99),
    hidden_caption: bool = False,
    left_out: int = 0,
) -> Table:
    """A table of at most `MOST_ROWS` rows: a browser must still open the file of a large report."""
    told = [tuple(each if isinstance(each, Cell) else Cell(each) for each in row) for row in rows]
    return Table(
        caption, tuple(heads), tuple(told[:MOST_ROWS]), numbers[0], numbers[1],
        left_out + max(0, len(told) - MOST_ROWS), hidden_caption,
    )  # fmt: skip


def value_cell(value: Quantity | Missing) -> Cell:
    """A reading with its interval below, or why there is none."""
    if isinstance(value, Missing):
        return Cell("?", aside=value.detail)
    return Cell(reading(value), aside=interval(value), origin=value.origin.method)


def fact_cell(value: Fact | Quantity) -> Cell:
    """A word or a number, with the mark of where it comes from."""
    return Cell(known(value) or "", origin=value.origin.method)
