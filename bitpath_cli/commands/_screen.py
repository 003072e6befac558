"""What every command says, and how wide and how colourful it may be."""

import os
import shutil
import signal
import sys
from typing import Final, TextIO

from bitpath_cli.errors import UnwritableOutput

NARROWEST: Final = 40


def say(text: str) -> None:
    """Write to stdout at once; a reader that went away ends the program as it would any other."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(128 + signal.SIGPIPE) from None
    except UnicodeEncodeError:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UnwritableOutput(
            "standard output", error.strerror or str(error), "Send it somewhere with room."
        ) from error


def remark(text: str) -> None:
    """Write a line to stderr, where notes do not mix with data."""
    sys.stderr.write(f"{text}\n")


def width() -> int:
    """Columns to draw in: COLUMNS, the terminal's own, or 80 where there is neither."""
    return max(NARROWEST, shutil.get_terminal_size((80, 24)).columns)


def colour(stream: TextIO) -> bool:
    """Whether to use colour there (no-color.org): never with NO_COLOR, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
