"""On which line of a TOML text each key stands: tomllib does not say, so it is asked in pieces.

Every statement of TOML is valid TOML by itself, so lines are gathered until tomllib accepts them;
what they define, below the table header in force, then stands on the first of them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
_LONGEST_STATEMENT = 500


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every table and key of a valid TOML text; array tables have indices.

    Keys after a value of more than 500 lines are left out rather than searched for without end.
    """
    found: dict[Path, int] = {}
    elements: dict[Path, int] = {}
    table: Path = ()
    for number, is_header, content in _statements(text):
        if is_header:
            table = _open_table(content, elements)
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], number)
        else:
            for path in _paths(content):
                found.setdefault(table + path, number)
    return found


def _statements(text: str) -> Iterator[tuple[int, bool, dict[str, Any]]]:
    gathered: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        gathered.append(line)
        if len(gathered) > _LONGEST_STATEMENT:
            return
        try:
            content = tomllib.loads("\n".join(gathered))
        except tomllib.TOMLDecodeError:
            continue
        yield number - len(gathered) + 1, gathered[0].lstrip().startswith("["), content
        gathered = []


def _open_table(content: Mapping[str, Any], elements: dict[Path, int]) -> Path:
    """The path that a header opens; a name of an array of tables means its last element."""
    path: Path = ()
    value: Any = content
    while isinstance(value, dict) and value:
        ((name, value),) = value.items()
        path = (*path, name)
        if isinstance(value, list):
            elements[path] = elements.get(path, -1) + 1
            value = value[0]
        if path in elements:
            path = (*path, elements[path])
    return path


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from _paths(inner, (*path, key))
