"""Alert rules from TOML: every field is checked, and a fault says file, line and what is allowed.

A file holds one table for each rule, whose name is the rule's; see docs/monitor.md.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from bitpath_cli.errors import BadRules
from bitpath_cli.model.units import SECOND
from bitpath_cli.monitoring.alerts import Blindness, Rule
from bitpath_cli.monitoring.measures import BY_NAME
from bitpath_cli.monitoring.typed import expected, parse

Path = tuple[str | int, ...]
T = TypeVar("T", bound=str)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_REQUIRED: Final = ("metric", "when", "raise", "severity", "summary")
_OPTIONAL: Final = ("clear", "for", "keep_firing_for", "on_no_data", "advice", "subject")
_LONGEST_WAIT_SECONDS: Final = 30 * 86400.0
_WHEN: Final[tuple[Literal["above", "below"], ...]] = ("above", "below")
_SEVERITIES: Final[tuple[Literal["info", "warning", "critical"], ...]] = (
    "info", "warning", "critical",
)  # fmt: skip
_ON_NO_DATA: Final[tuple[Blindness, ...]] = ("keep", "fire", "resolve")


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its name, its content, and the line of every key."""

    file: str
    content: Mapping[str, Any]
    lines: Mapping[Path, int]

    def fault(self, path: Path, problem: str, allowed: str) -> BadRules:
        """The error for the key at `path`, with its line or that of the table around it."""
        lengths = range(len(path), 0, -1)
        line = next((self.lines[path[:n]] for n in lengths if path[:n] in self.lines), None)
        return BadRules(self.file, line, ".".join(str(each) for each in path), problem, allowed)


def read_rules(document: Document) -> tuple[Rule, ...]:
    """The rules of a file in its order; BadRules for the first fault."""
    if not document.content:
        raise document.fault((), "it holds no rule", "a table for each rule, such as [disk-slow]")
    return tuple(_read_rule(document, name) for name in document.content)


def _read_rule(document: Document, name: str) -> Rule:
    table = document.content[name]
    if not isinstance(table, dict):
        raise document.fault((name,), "a rule is a table", f"[{name}] with its keys below")
    if not _NAME.fullmatch(name):
        raise document.fault(
            (name,), "this cannot name a rule", "small letters, digits and hyphens"
        )
    _check_keys(document, name, table)
    metric = _choice(document, (name, "metric"), table["metric"], tuple(BY_NAME))
    unit = BY_NAME[metric].unit
    when = _choice(document, (name, "when"), table["when"], _WHEN)
    raise_at = _amount(document, (name, "raise"), table["raise"], metric)
    clear_at = _amount(document, (name, "clear"), table.get("clear", table["raise"]), metric)
    if (clear_at > raise_at) if when == "above" else (clear_at < raise_at):
        raise document.fault(
            (name, "clear"),
            f"an alert that is raised {when} {table['raise']} cannot end at {table['clear']}",
            f"{'at most' if when == 'above' else 'at least'} {table['raise']}",
        )
    return Rule(
        name=name, metric=metric, unit=unit, when=when, raise_at=raise_at, clear_at=clear_at,
        hold_seconds=_wait(document, (name, "for"), table.get("for", "0s")),
        keep_seconds=_wait(document, (name, "keep_firing_for"), table.get("keep_firing_for", "0s")),
        severity=_choice(document, (name, "severity"), table["severity"], _SEVERITIES),
        on_no_data=_choice(
            document, (name, "on_no_data"), table.get("on_no_data", "keep"), _ON_NO_DATA
        ),
        summary=_words(document, (name, "summary"), table["summary"]),
        advice=_words(document, (name, "advice"), table["advice"]) if "advice" in table else "",
        subject=_words(document, (name, "subject"), table.get("subject", "*")),
    )  # fmt: skip


def _check_keys(document: Document, name: str, table: Mapping[str, Any]) -> None:
    known = (*_REQUIRED, *_OPTIONAL)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            guess = f", perhaps '{near[0]}' is meant" if near else ""
            raise document.fault((name, key), f"there is no such key{guess}", ", ".join(known))
    for key in _REQUIRED:
        if key not in table:
            raise document.fault((name,), f"the key '{key}' is missing", ", ".join(_REQUIRED))


def _choice(document: Document, path: Path, typed: object, known: tuple[T, ...]) -> T:
    for each in known:
        if each == typed:
            return each
    near = difflib.get_close_matches(str(typed), known, n=1)
    guess = f", perhaps '{near[0]}' is meant" if near else ""
    raise document.fault(path, f"'{str(typed)[:60]}' is not known{guess}", ", ".join(known))


def _amount(document: Document, path: Path, typed: object, metric: str) -> float:
    unit = BY_NAME[metric].unit
    found = parse(typed, unit)
    if found is None:
        raise document.fault(path, f"'{str(typed)[:60]}' is no threshold here", expected(unit))
    return found


def _wait(document: Document, path: Path, typed: object) -> float:
    found = parse(typed, SECOND)
    if found is None or not 0 <= found <= _LONGEST_WAIT_SECONDS:
        raise document.fault(
            path, f"'{str(typed)[:60]}' is no time to wait", "a time such as '2min', up to 30d"
        )
    return found


def _words(document: Document, path: Path, typed: object) -> str:
    if not isinstance(typed, str) or not typed.strip() or not typed.isprintable():
        raise document.fault(path, "this must be text on one line", "a few words in quotes")
    return typed
