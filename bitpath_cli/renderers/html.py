"""The report as one HTML file that needs no network, runs no script and loads nothing.

Jinja2 escapes every text; the policy in its head lets a browser apply the one style sheet whose
hash it names, and nothing else.
"""

import base64
import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._charts import SHADES, printable
from bitpath_cli.renderers._page import MEANINGS
from bitpath_cli.renderers._page_decision import decide, overview
from bitpath_cli.renderers._page_fleet import fleet
from bitpath_cli.renderers._page_machine import machine
from bitpath_cli.renderers._page_measured import measured
from bitpath_cli.renderers._page_trial import show

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LARGEST: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """How much a page may hold: so many recommendations in full, and texts of so many letters."""

    decisions: int
    letters: int


_ROOMS: Final = (Room(10, 1000), Room(3, 300), Room(1, 80))


def render(report: Report) -> str:
    """The whole page; of a report too large for 5 MB less, as the page then says."""
    for room in _ROOMS:
        page = _render_within(report, room)
        if len(page.encode()) <= _LARGEST:
            break
    return page


def _render_within(report: Report, room: Room) -> str:
    environment = _environment(room.letters)
    style = environment.get_template("report.css").render(shades=SHADES)
    shown = report.recommendations[: room.decisions]
    return environment.get_template("report.html.j2").render(
        report=report,
        style=style,
        policy=_policy(style),
        overview=overview(report.recommendations),
        decisions=[decide(each, number) for number, each in enumerate(shown, 1)],
        undecided=len(report.recommendations) - len(shown),
        fleet=fleet(report),
        measured=measured(report),
        trials=[show(each, number) for number, each in enumerate(report.trials, 1)],
        machine=machine(report),
        meanings=MEANINGS,
    )


def _environment(letters: int) -> "Environment":
    """Escapes everything, and cuts what a machine says of itself to so many letters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        finalize=partial(_finish, letters), trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _finish(letters: int, value: Any) -> Any:
    if type(value) is not str:
        return value
    text = printable(value)
    return text if len(text) <= letters else f"{text[:letters]}…"


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


RENDERER = Renderer(
    summary="one page to look at, offline",
    suffix=".html",
    render=render,
    needs=("jinja2", "matplotlib"),
)
