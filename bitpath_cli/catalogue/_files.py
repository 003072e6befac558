"""Reads a profile's text and its TOML: bounded, UTF-8, and with the line of what is wrong."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from bitpath_cli.errors import BadProfile

SIZE_LIMIT: Final = 1 << 20
_A_FILE: Final = "a TOML file in UTF-8 of at most 1 MiB"


def read_text(path: Path) -> str:
    """The text of a profile; BadProfile for what is no such file."""
    try:
        if path.exists() and not path.is_file():
            kind = "a directory" if path.is_dir() else "not a regular file"
            raise BadProfile(str(path), None, "", f"this is {kind}", _A_FILE)
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        word = error.strerror if isinstance(error, OSError) else str(error)
        raise BadProfile(str(path), None, "", f"it cannot be read: {word}", _A_FILE) from error
    if len(content) > SIZE_LIMIT:
        raise BadProfile(str(path), None, "", "it has more than 1 MiB", _A_FILE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadProfile(str(path), line, "", "this is not UTF-8", _A_FILE) from error


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """The document; BadProfile with the line of a slip in the syntax."""
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise BadProfile(
            str(path), _line(str(error), text), "", f"this is not TOML: {_words(str(error))}", ""
        ) from error
    except RecursionError as error:
        raise BadProfile(str(path), None, "", "it is nested too deeply", "") from error


def _line(message: str, text: str) -> int | None:
    found = re.search(r"at line (\d+)", message)
    if found:
        return int(found[1])
    return text.count("\n") + 1 if "at end of document" in message else None


def _words(message: str) -> str:
    plain = re.sub(r" \(at (line \d+, column \d+|end of document)\)", "", message)
    return plain[:1].lower() + plain[1:]
