"""Whole screens and files as drawn: each is compared with a text that was looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text

from bitpath_cli.model.report import Report
from bitpath_cli.renderers import explanation, inventory, markdown
from bitpath_cli.renderers.explanation import render_explanation
from bitpath_cli.renderers.inventory import render_inventory
from bitpath_cli.renderers.table import render_table
from tests.sample_report import report

DRAWN = Path(__file__).parent / "drawn"
Screen = Callable[[Report, int, bool], str]
SCREENS: list[Screen] = [render_table, render_inventory, render_explanation]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("table-80.txt", render_table(report(), 80, colour=False)),
        ("table-160.txt", render_table(report(), 160, colour=False)),
        ("inventory.txt", inventory.RENDERER.render(report())),
        ("explanation.txt", explanation.RENDERER.render(report())),
        ("report.md", markdown.RENDERER.render(report())),
    ],
)
def test_it_looks_as_it_did_when_it_was_looked_at(name: str, text: str) -> None:
    assert text == (DRAWN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("width", [40, 60, 79, 80, 100, 120, 160, 240])
def test_no_line_is_wider_than_the_screen(screen: Screen, width: int) -> None:
    lines = screen(report(), width, False).splitlines()
    assert max(cell_len(line) for line in lines) <= width


@pytest.mark.parametrize("screen", SCREENS)
def test_colour_adds_escapes_and_changes_no_word(screen: Screen) -> None:
    plain, coloured = screen(report(), 100, False), screen(report(), 100, True)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    words = Text.from_ansi(coloured).plain
    assert words.split() == plain.split()


def test_the_header_fits_on_one_screen_of_24_lines() -> None:
    lines = render_table(report(), 80, colour=False).splitlines()
    assert next(index for index, line in enumerate(lines) if line.startswith("╰")) < 24


@pytest.mark.parametrize("screen", SCREENS)
def test_an_empty_report_is_drawn_too(screen: Screen) -> None:
    empty = report(
        components=(), results=(), probes=(), recommendation=None, recommendations=(), notes=()
    )
    assert screen(empty, 80, False).strip()


def test_what_a_machine_calls_itself_is_never_markup() -> None:
    strange = report(host=report().host.model_copy(update={"name": "[red]x[/red]:smile:"}))
    assert "[red]x[/red]:smile:" in render_table(strange, 80, colour=True)
