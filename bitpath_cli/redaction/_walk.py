"""Goes through records field by field and rebuilds only those that hold an identifier."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel

from bitpath_cli.model.components.accelerator import AcceleratorSoftware
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.reading import Fact
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import HostIdentity, ProbeRun, Tool
from bitpath_cli.model.result import BenchmarkResult, Metric, Samples
from bitpath_cli.model.units import Unit
from bitpath_cli.redaction._forms import Forms

Kind = TypeVar("Kind", bound=Record)
_HIDDEN_FACTS: Final = frozenset({"uuid", "source_address", "gateway"})
# Words of the report's own grammar: no name of a host may change them.
_GRAMMAR: Final[Mapping[type[BaseModel], frozenset[str]]] = {
    Tool: frozenset({"name", "version"}),
    HostIdentity: frozenset({"fingerprint"}),
    ProbeRun: frozenset({"probe"}),
    Metric: frozenset({"name"}),
    BenchmarkResult: frozenset({"benchmark"}),
}
_WORD: Final = re.compile(r"\w[\w.-]*")
_MOST_SEEN: Final = 20_000
# Four numbers with dots are versions there and no addresses.
_VERSIONED: Final = (Software, AcceleratorSoftware)


class Walk:
    """Replaces `own` names, the `others` and every identifier that `forms` knows.

    `seen` remembers texts without an own name from one report to the next, while `others` stand.
    """

    def __init__(
        self,
        forms: Forms,
        own: Mapping[str, str],
        others: Mapping[str, str],
        seen: dict[str, str],
        with_addresses: bool = True,
    ) -> None:
        self._forms = forms
        self._own = own
        self._others = others
        self._seen = seen
        self._with_addresses = with_addresses

    def record(self, value: Kind) -> Kind:
        """The record itself where nothing in it is to be replaced."""
        kind = type(value)
        if kind in _VERSIONED and self._with_addresses:
            return Walk(self._forms, self._own, self._others, {}, False).record(value)
        changes = {}
        for name in _text_fields(kind):
            old = getattr(value, name)
            new = self._hidden(old) if name in _HIDDEN_FACTS else self._value(old)
            if new is not old:
                changes[name] = new
        return value.model_copy(update=changes) if changes else value

    def _value(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, Samples):
            return value
        if isinstance(value, Record):
            return self.record(value)
        if isinstance(value, tuple):
            found = tuple(self._value(each) for each in value)
            return found if any(a is not b for a, b in zip(found, value, strict=True)) else value
        if isinstance(value, dict):
            told = {self._value(key): self._value(each) for key, each in value.items()}
            return told if told != value else value
        return value

    def _hidden(self, value: Any) -> Any:
        """A fact keeps its origin and loses its value; a Missing may still say why."""
        if isinstance(value, Fact) and isinstance(value.value, str):
            return value.model_copy(update={"value": self._forms.token("id", value.value)})
        return self._value(value)

    def text(self, text: str) -> str:
        """One string, the very same where nothing in it is to be replaced."""
        if any(name in text for name in self._own):
            found = self._replace(text)
        else:
            known = self._seen.get(text)
            found = self._replace(text) if known is None else known
            if len(self._seen) < _MOST_SEEN:
                self._seen[text] = found
        return text if found == text else found

    def _replace(self, text: str) -> str:
        if text.isalpha() and text.islower():
            return text  # A single word may be of the grammar, whoever is called so.
        return self._forms.replace(_WORD.sub(self._word, text), self._with_addresses)

    def _word(self, found: re.Match[str]) -> str:
        """A name, alone or before its domain, or another host of a domain that is known."""
        word = found[0].rstrip(".-")
        rest = found[0][len(word) :]
        if (token := self._name(word)) is not None:
            return token + rest
        first, _, domain = word.partition(".")
        if (token := self._name(first)) is not None:
            return token + rest
        if self._name(domain) is not None:
            return self._forms.token("peer", word) + rest
        return found[0]

    def _name(self, word: str) -> str | None:
        return self._own.get(word) or self._others.get(word)


@cache
def _text_fields(kind: type[BaseModel]) -> tuple[str, ...]:
    """The fields of a record that may hold text somebody else wrote."""
    grammar = _GRAMMAR.get(kind, frozenset())
    return tuple(
        name
        for name, field in kind.model_fields.items()
        if name not in grammar and _may_hold_text(field.annotation)
    )


def _may_hold_text(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return False
    if inner := [each for each in get_args(annotation) if each is not Ellipsis]:
        return any(_may_hold_text(each) for each in inner)
    if not isinstance(annotation, type):
        return True
    if issubclass(annotation, Unit | Enum | Samples | int | float | datetime | type(None)):
        return False
    return issubclass(annotation, str | BaseModel)
