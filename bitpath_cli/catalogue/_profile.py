"""The state of reading one profile: where its keys stand, its sources, its figures, its faults."""

import datetime
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bitpath_cli.catalogue._lines import Path, lines_of
from bitpath_cli.errors import BadProfile
from bitpath_cli.model.reading import Quantity


@dataclass(frozen=True, slots=True)
class Source:
    """What a key under [sources] stands for; `date` is the source's own, in its own words."""

    reference: str
    date: str
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it was typed and as it was understood."""

    field: str
    typed: str
    reading: Quantity
    status: str
    sources: tuple[str, ...]
    note: str
    is_price: bool
    date: datetime.date | None
    region: str


@dataclass(slots=True)
class Profile:
    """One file while it is read. `currency` is None where any may be typed."""

    name: str
    file: str
    text: str
    currency: str | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)
    faults: list[BadProfile] = field(default_factory=list)
    _lines: dict[Path, int] | None = None

    def fault(self, path: Path, problem: str, allowed: str = "") -> BadProfile:
        """The error for the key at `path`, with its line or that of the nearest table around it."""
        if self._lines is None:
            self._lines = lines_of(self.text)
        lengths = range(len(path), 0, -1)
        line = next((self._lines[path[:n]] for n in lengths if path[:n] in self._lines), None)
        return BadProfile(self.file, line, dotted(path), problem, allowed)

    def read_sources(self, raw: object) -> None:
        """Take in the table [sources]."""
        if not isinstance(raw, dict):
            self.faults.append(self.fault(("sources",), "this must be a table", "[sources.KEY]"))
            return
        for key, content in raw.items():
            try:
                self.sources[key] = self._read_source(("sources", key), content)
            except BadProfile as fault:
                self.faults.append(fault)

    def _read_source(self, path: Path, raw: object) -> Source:
        if not isinstance(raw, dict):
            raise self.fault(
                path, "a source is a table", 'reference = "…", date = "…", licence = "…"'
            )
        self.check_keys(path, raw, ("reference", "date", "licence"))
        for key in ("reference", "date"):
            if key not in raw:
                raise self.fault(path, f"the key '{key}' is missing", "reference and date")
        words = {key: str(raw[key]) for key in raw if isinstance(raw[key], str | datetime.date)}
        for key in raw:
            if not words.get(key, "").strip():
                raise self.fault((*path, key), "this must be text", "a few words in quotes")
        return Source(**words)

    def check_keys(self, path: Path, table: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Raise the error for the first key that is not allowed, naming the nearest that is."""
        for key in table:
            if key not in allowed:
                raise self.unknown_key((*path, key), allowed)

    def unknown_key(self, path: Path, allowed: Iterable[str]) -> BadProfile:
        """The error for a key that does not exist at this place."""
        near = difflib.get_close_matches(str(path[-1]), list(allowed), n=1)
        guess = f", perhaps '{near[0]}' is meant" if near else ""
        return self.fault(path, f"there is no such key{guess}", ", ".join(allowed))


def dotted(path: Path) -> str:
    """A path as people write it: `cloud.offers[2].spot`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)[1:]
