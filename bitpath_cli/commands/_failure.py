"""How the command line says that something went wrong: a named paragraph and an exit code."""

import os
import platform
import re
import shutil
import sys
import tempfile
import textwrap
import traceback
from typing import Final

from bitpath_cli import __version__
from bitpath_cli.commands._screen import colour
from bitpath_cli.errors import OUR_BUG, BitpathError
from bitpath_cli.model.visible import visible

WIDEST: Final = 100
TRACKER: Final = "the project's issue tracker"


def explain(error: Exception, arguments: list[str]) -> tuple[str, int]:
    """The paragraph and the exit code: a known error by its name, any other as our own bug."""
    if isinstance(error, BitpathError):
        parts = (f"{error.what} {error.why}".rstrip(), error.next_step)
        return _paragraph(_words(type(error).__name__), parts), error.exit_code
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return _paragraph("Our own bug", (what, _where_to_report(error, arguments))), OUR_BUG


def _where_to_report(error: Exception, arguments: list[str]) -> str:
    path = _write_crash(error, arguments)
    if path is None:
        return (
            f"This is a fault in bitpath, not in what you did. Please report it to {TRACKER} with "
            "what BITPATH_DEBUG=1 in front of the same command prints."
        )
    return (
        f"This is a fault in bitpath, not in what you did. Please report it to {TRACKER} and "
        f"attach {path} (only you can read it; it holds the command line and the traceback)."
    )


def _write_crash(error: Exception, arguments: list[str]) -> str | None:
    """A file in the temporary directory that its owner alone may read; None where none can be."""
    try:
        number, path = tempfile.mkstemp(prefix="bitpath-crash-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="replace") as file:
            file.write(
                f"bitpath {__version__}\nPython {sys.version}\n{platform.platform()}\n"
                f"command line: {arguments!r}\n\n"
            )
            file.write("".join(traceback.format_exception(error)))
    except OSError:
        return None
    return path


def _paragraph(name: str, parts: tuple[str, ...]) -> str:
    columns = min(WIDEST, shutil.get_terminal_size((80, 24)).columns)
    first, *rest = [
        textwrap.fill(visible(part), columns, break_long_words=False, break_on_hyphens=False)
        for part in (f"{name}: {parts[0]}", *parts[1:])
        if part
    ]
    if colour(sys.stderr):
        first = f"\x1b[1;31m{name}\x1b[0m{first.removeprefix(name)}"
    return "\n".join([first, *rest]) + "\n"


def _words(name: str) -> str:
    """`UnknownName` as people write it: Unknown name."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", name).capitalize()
