"""The cases as they are committed: more are added by adding lines to cases.toml, or a file."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from pydantic import BaseModel

SHIPPED = Path(__file__).with_name("cases.toml")


@dataclass(frozen=True, slots=True)
class Case:
    """One trial: a model on so many hosts behind such links."""

    model: str
    link: str
    hosts: int
    quota: tuple[float, ...] = ()
    simulated_rate: str = ""
    cap: str = "55s"

    @property
    def name(self) -> str:
        """In words."""
        parts = [self.model, self.link, f"{self.hosts} hosts"]
        if self.quota:
            parts.append(f"quotas {' and '.join(f'{each:g}' for each in self.quota)} cores")
        if self.simulated_rate:
            parts.append(f"simulated at {self.simulated_rate}")
        return ", ".join(parts)


def read(path: Path = SHIPPED) -> tuple[Case, ...]:
    """Every combination, those that share a lab next to each other."""
    told = _File.model_validate(tomllib.loads(path.read_text()))
    found = [case for entry in told.trials for case in _expand(entry)]
    return tuple(sorted(found, key=lambda case: (case.hosts, case.quota, case.link)))


class _Entry(BaseModel, extra="forbid"):
    models: list[str]
    links: list[str]
    hosts: list[int]
    quota: tuple[float, ...] = ()
    simulated_rate: str = ""
    cap: str = "55s"


class _File(BaseModel, extra="forbid"):
    trials: list[_Entry]


def _expand(entry: _Entry) -> Iterator[Case]:
    for model, link, hosts in product(entry.models, entry.links, entry.hosts):
        yield Case(model, link, hosts, entry.quota, entry.simulated_rate, entry.cap)
