"""Takes out of a report what identifies a machine or a person, before it is handed on.

Names, addresses and UUIDs are known by their fields; MAC addresses, UUIDs and home directories also
by their form, wherever a machine mentions them. Everything that was measured stays.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from bitpath_cli.model.report import Report

REDACTED: Final = "redacted"
_IDENTIFYING: Final = frozenset({"uuid", "source_address", "gateway"})
_FORMS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), REDACTED),
    (re.compile(r"\b(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}\b"), REDACTED),
    (re.compile(r"(/home/|/Users/)[^/\s\"':]+"), rf"\1{REDACTED}"),
    (re.compile(r"\b(user-|user@)\d+\b"), rf"\1{REDACTED}"),
)
# Words of the report's own grammar, which a host might happen to be called.
_GRAMMAR: Final = frozenset({"kind", "benchmark", "reason", "method", "unit", "strategy", "probe"})
_SHORTEST_NAME: Final = 4


def redact(report: Report) -> Report:
    """The same report without identifiers; its fingerprint still tells equal machines."""
    host = f"host-{report.host.fingerprint[:6]}"
    document = _walk(json.loads(report.model_dump_json()), _replacer(report.host.name, host))
    document["host"]["name"] = host
    for component in document["components"]:
        if component["kind"] == "route":
            component["name"] = REDACTED
        if component["kind"] == "system":
            component["name"] = host
    document["members"] = [
        json.loads(redact(member).model_dump_json()) for member in report.members
    ]
    return Report.model_validate(document)


def _walk(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, list):
        return [_walk(each, replace) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: each if key in _GRAMMAR else _hidden(each) if key in _IDENTIFYING
        else _walk(each, replace)
        for key, each in value.items()
    }  # fmt: skip


def _hidden(reading: Any) -> Any:
    """A fact keeps its origin and loses its value; a Missing may still say why."""
    if isinstance(reading, dict) and reading.get("kind") == "fact":
        return {**reading, "value": REDACTED}
    return reading


def _replacer(name: str, instead: str) -> Callable[[str], str]:
    known = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")

    def replace(text: str) -> str:
        for pattern, words in _FORMS:
            text = pattern.sub(words, text)
        is_telling = len(name) >= _SHORTEST_NAME and name != "localhost"
        return known.sub(instead, text) if is_telling else text

    return replace
