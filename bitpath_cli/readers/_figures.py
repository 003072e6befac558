"""Numbers out of another tool's JSON: finite, of the right sign, and named where they are not."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from bitpath_cli.errors import UnreadableEvidence
from bitpath_cli.model.visible import visible


@dataclass(frozen=True, slots=True)
class File:
    """Whose file it is, so that every refusal names both."""

    path: str
    tool: str

    def refuse(self, problem: str) -> NoReturn:
        """Raise UnreadableEvidence."""
        raise UnreadableEvidence(self.path, self.tool, problem)

    def parse(self, text: str) -> dict[str, Any]:
        """The JSON object in a text, which may stand below lines that the tool printed."""
        begin = re.search(r"^\{", text, re.MULTILINE)
        try:
            found = json.loads(text[begin.start() :] if begin else text)
        except RecursionError:
            self.refuse("it is nested too deeply")
        except ValueError as error:
            self.refuse(f"it is not JSON, or was cut short ({error})")
        if not isinstance(found, dict):
            self.refuse("it is JSON, but no object")
        return found

    def number(self, table: dict[str, Any], name: str, least: float = 0.0) -> float:
        """A finite number of at least `least`."""
        value = table.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(f"'{name}' is {_shown(value)} where a number was due")
        try:
            number = float(value)
        except OverflowError:
            self.refuse(f"'{name}' is larger than any number")
        if not math.isfinite(number) or number < least:
            self.refuse(f"'{name}' is {number:g}")
        return number

    def table(self, table: dict[str, Any], name: str) -> dict[str, Any]:
        """A JSON object inside another one."""
        value = table.get(name)
        if not isinstance(value, dict):
            self.refuse(f"'{name}' is {_shown(value)} where an object was due")
        return value

    def tables(self, table: dict[str, Any], name: str) -> list[dict[str, Any]]:
        """A list of JSON objects."""
        value = table.get(name)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.refuse(f"'{name}' is {_shown(value)} where a list of objects was due")
        return value

    def word(self, table: dict[str, Any], name: str, otherwise: str = "") -> str:
        """A text, short and without what would steer a terminal."""
        value = table.get(name, otherwise)
        if not isinstance(value, str):
            self.refuse(f"'{name}' is {_shown(value)} where a text was due")
        return visible(value)[:200]


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    return visible(repr(value)[:40])
