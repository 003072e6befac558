"""The terminal's second screen while something is watched: taken, redrawn in place, given back."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from bitpath_cli.commands._screen import say

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"


@contextmanager
def live_screen() -> Iterator[Callable[[Sequence[str]], None]]:
    """Gives what puts lines on the screen; the screen of before comes back whatever happens."""
    say(_ENTER)
    try:
        yield _put
    finally:
        say(_LEAVE)


def size() -> tuple[int, int]:
    """Columns and rows of the terminal now, each of them 0 where a window has been folded away."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return (80, 24)
    columns = int(told) if (told := os.environ.get("COLUMNS", "")).isdecimal() else found.columns
    return columns, found.lines


def is_screen() -> bool:
    """Whether stdout is a terminal that understands being redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _put(lines: Sequence[str]) -> None:
    # Each line wipes what was right of it, so that nothing flickers; no newline scrolls the last.
    text = "\r\n".join(f"{line}\x1b[K" for line in lines)
    say(f"\x1b[H{text}\x1b[J" if lines else "\x1b[2J")
