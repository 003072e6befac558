"""Whole screens and files as drawn: each is compared with a text that was looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text

from bitpath_cli.model.components.network import NetworkSettings, Nic
from bitpath_cli.model.reading import fact, reported, unsupported
from bitpath_cli.model.report import ProbeRun, Report
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND
from bitpath_cli.renderers import explanation, inventory, markdown
from bitpath_cli.renderers.explanation import render_explanation
from bitpath_cli.renderers.inventory import render_inventory
from bitpath_cli.renderers.table import render_table
from tests.sample_report import filled, rate, report, result

DRAWN = Path(__file__).parent / "drawn"
FEW = report(
    components=tuple(
        each for each in report().components
        if each.kind in ("nic", "power_meter", "accelerator_software")
    ),
    probes=(
        ProbeRun(probe="network", seconds=0.012, succeeded=True),
        ProbeRun(probe="cpu", seconds=0.001, succeeded=False, error="KeyError: 'x' (cpu.py)"),
    ),
)  # fmt: skip
Screen = Callable[[Report, int, bool], str]
SCREENS: list[Screen] = [render_table, render_inventory, render_explanation]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("table-80.txt", render_table(report(), 80, colour=False)),
        ("table-160.txt", render_table(report(), 160, colour=False)),
        ("inventory.txt", inventory.RENDERER.render(FEW)),
        ("explanation.txt", explanation.RENDERER.render(FEW)),
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


def test_without_any_ceiling_there_are_no_bars() -> None:
    plain = report(
        results=(result("tcp", {}, rate("bandwidth", 4.4e9, BYTE_PER_SECOND)),), recommendations=()
    )
    assert (
        "How fast it really is  no ceiling is known here\n"
        "  tcp\n"
        "    bandwidth              4.4 GB/s [4.31 – 4.49]\n"
    ) in render_table(plain, 80, colour=False)


def test_the_header_fits_on_one_screen_of_24_lines() -> None:
    lines = render_table(report(), 80, colour=False).splitlines()
    assert next(index for index, line in enumerate(lines) if line.startswith("╰")) < 24


def test_the_inventory_shows_what_lies_inside_a_component() -> None:
    assert "caches: level 3 · type unified · size 25 MiB" in inventory.RENDERER.render(report())


def test_equal_causes_of_several_components_are_told_once() -> None:
    nics = tuple(
        filled(Nic, name=name, medium="virtual", default_route=False,
               speed=unsupported(f"/sys/class/net/{name}/speed: Invalid argument"))
        for name in ("eth0", "eth1")
    )  # fmt: skip
    text = explanation.RENDERER.render(report(components=nics))
    assert "/sys/class/net/*/speed: Invalid argument\n    nic eth0" in text
    assert text.count("Invalid argument") == 1


def test_where_nothing_is_missing_it_says_so() -> None:
    settings = NetworkSettings(
        name="tcp", congestion_control=fact("bbr", "/proc/sys"),
        receive_buffer_max=reported(1.0, BYTE, "/proc/sys"),
        send_buffer_max=reported(1.0, BYTE, "/proc/sys"),
    )  # fmt: skip
    text = explanation.RENDERER.render(report(components=(settings,)))
    assert text == "Nothing is missing: every reading of every probe is there.\n"


@pytest.mark.parametrize("screen", SCREENS)
def test_an_empty_report_is_drawn_too(screen: Screen) -> None:
    empty = report(
        components=(), results=(), probes=(), recommendation=None, recommendations=(), notes=()
    )
    assert screen(empty, 80, False).strip()


def test_what_a_machine_calls_itself_is_never_markup() -> None:
    strange = report(host=report().host.model_copy(update={"name": "[red]x[/red]:smile:"}))
    assert "[red]x[/red]:smile:" in render_table(strange, 80, colour=True)
