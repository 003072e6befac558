"""Text that came from elsewhere must not steer a terminal, whatever draws it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from bitpath_cli.model.report import HostIdentity, Note
from bitpath_cli.model.visible import visible
from bitpath_cli.renderers import markdown
from bitpath_cli.renderers.table import render_table
from tests.sample_report import report

EVIL = "edge\x1b]0;owned\x07\x1b[2J\x1b[31m\r\x9b5n\u202e01"


def test_what_steers_is_left_out_and_the_rest_stays() -> None:
    assert visible(EVIL) == "edge]0;owned[2J[31m5n01"
    assert visible("a\tb\nc é 漢 ✗") == "a\tb\nc é 漢 ✗"


@given(st.text())
def test_nothing_that_is_left_is_a_control_character(text: str) -> None:
    assert not any(ord(each) < 32 and each not in "\t\n" for each in visible(text))
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize("colour", [True, False])
def test_a_hostile_name_reaches_no_terminal(colour: bool) -> None:
    told = report(
        host=HostIdentity(name=EVIL, fingerprint="0f1e2d3c4b5a6978"),
        notes=(Note(level="warning", text=EVIL),),
    )
    drawn = render_table(told, 80, colour)
    plain = Text.from_ansi(drawn).plain if colour else drawn
    assert plain == visible(plain)
    assert "\x1b]" not in drawn
    assert "\x1b[2J" not in drawn
    text = markdown.RENDERER.render(told)
    assert text == visible(text)
