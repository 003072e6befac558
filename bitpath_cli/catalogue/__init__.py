"""Finds and validates workload, device and site profiles: shipped, the user's own, or at a path.

A profile is a TOML file whose name is the profile's name. Every figure in it becomes an assumed
Quantity that says where it comes from and how far it can be believed.
"""

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from bitpath_cli.catalogue._checks import find_faults
from bitpath_cli.catalogue._draft import draft, quoted, typed_value
from bitpath_cli.catalogue._files import parse_toml, read_text
from bitpath_cli.catalogue._places import (
    KINDS,
    Kind,
    files,
    find,
    folders,
    is_shipped,
    kind_by_folder,
    names,
    users_folder,
)
from bitpath_cli.catalogue._profile import Figure, Profile
from bitpath_cli.catalogue._reader import read_profile
from bitpath_cli.catalogue._schema import schema
from bitpath_cli.errors import BadProfile
from bitpath_cli.model.device import Device
from bitpath_cli.model.record import Record
from bitpath_cli.model.site import Site
from bitpath_cli.model.workload import Workload

__all__ = [
    "DEFAULT_SITE", "DEFAULT_WORKLOAD", "KINDS", "Entry", "Figure", "Kind", "device", "draft",
    "entries", "faults", "figures", "find", "kind_of", "names", "notes", "old_prices", "quoted",
    "schema", "site", "text", "typed_value", "users_folder", "workload",
]  # fmt: skip

DEFAULT_WORKLOAD: Final = "resnet50-training"
DEFAULT_SITE: Final = "default"

R = TypeVar("R", bound=Record)

_PRICES_KEEP: Final = datetime.timedelta(days=366)
_TELLING_KEYS: Final[dict[Kind, str]] = {"workload": "work", "device": "rates", "site": "uplink"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of `bitpath profiles list`; `problem` says why a summary could not be read."""

    kind: Kind
    name: str
    path: Path
    is_shipped: bool
    is_shadowed: bool
    summary: str
    problem: str = ""


def workload(name_or_path: str) -> Workload:
    """The workload; UnknownName for a name that does not exist, BadProfile for what is wrong."""
    return _noun(Workload, "workload", name_or_path)


def device(name_or_path: str) -> Device:
    """The device; errors as for a workload."""
    return _noun(Device, "device", name_or_path)


def site(name_or_path: str) -> Site:
    """The site, whose devices exist and whose purchases have prices in its currency."""
    return _noun(Site, "site", name_or_path)


def entries(kind: Kind) -> tuple[Entry, ...]:
    """All profiles of a kind by name; of two with one name the first is used."""
    found: list[Entry] = []
    for folder in folders(kind):
        for path in files(folder):
            used = any(each.name == path.stem for each in found)
            summary, problem = _summary(path)
            found.append(
                Entry(kind, path.stem, path, is_shipped(kind, path), used, summary, problem)
            )
    return tuple(sorted(found, key=lambda each: each.name))


def text(kind: Kind, name_or_path: str) -> str:
    """The profile as it was written."""
    return read_text(find(kind, name_or_path))


def figures(kind: Kind, name_or_path: str) -> tuple[Figure, ...]:
    """Every figure of a profile: as typed, as understood, and where it comes from."""
    return tuple(_load(kind, find(kind, name_or_path))[1].figures)


def notes(kind: Kind, name_or_path: str, today: datetime.date) -> tuple[str, ...]:
    """What a user should know of a valid profile: that prices are more than a year old."""
    told = "; ".join(old_prices(kind, name_or_path, today))
    if not told:
        return ()
    return (
        f"Prices more than a year old: {told}. Before you rely on the costs, look them up and "
        "write them into copies of these profiles of your own.",
    )


def old_prices(kind: Kind, name_or_path: str, today: datetime.date) -> tuple[str, ...]:
    """Every old price with its profile, date and region, the oldest first.

    A site answers for the devices that could be bought there as well.
    """
    noun, profile = _load(kind, find(kind, name_or_path))
    read = [(kind, profile)]
    if isinstance(noun, Site):
        read += [("device", _load("device", find("device", name))[1]) for name in noun.purchases]
    aged = sorted(
        (each.date, f"{of} {told.name}: {each.field} ({_when(each)})")
        for of, told in read
        for each in told.figures
        if each.is_price and each.date is not None and today - each.date > _PRICES_KEEP
    )
    return tuple(words for _, words in aged)


def _when(figure: Figure) -> str:
    """Such as `2025-01-31, us-central1`."""
    return ", ".join(part for part in (str(figure.date), figure.region) if part)


def kind_of(path: Path) -> Kind:
    """The kind of a profile by its tables or its folder; BadProfile where neither tells."""
    document = parse_toml(path, read_text(path))
    told = [kind for kind, key in _TELLING_KEYS.items() if key in document]
    by_folder = kind_by_folder(path)
    if len(told) == 1:
        return told[0]
    if by_folder is None:
        keys = ", ".join(f"a {kind} has [{key}]" for kind, key in _TELLING_KEYS.items())
        raise BadProfile(str(path), None, "", "it does not tell what kind of profile it is", keys)
    return by_folder


def faults(kind: Kind, path: Path) -> tuple[BadProfile, ...]:
    """Everything that is wrong with a file; nothing where it can be used."""
    try:
        return tuple(_read(kind, path)[1].faults)
    except BadProfile as fault:
        return (fault,)


def _noun(record: type[R], kind: Kind, name_or_path: str) -> R:
    noun = _load(kind, find(kind, name_or_path))[0]
    if not isinstance(noun, record):
        raise TypeError(f"a {kind} was read as a {type(noun).__name__}")
    return noun


def _load(kind: Kind, path: Path) -> tuple[Record, Profile]:
    noun, profile = _read(kind, path)
    if noun is None or profile.faults:
        raise profile.faults[0]
    return noun, profile


def _read(kind: Kind, path: Path) -> tuple[Record | None, Profile]:
    noun, profile = read_profile(kind, path, read_text(path))
    if noun is not None:
        profile.faults.extend(find_faults(noun, profile))
    return noun, profile


def _summary(path: Path) -> tuple[str, str]:
    try:
        summary = tomllib.loads(read_text(path)).get("summary", "")
    except (BadProfile, ValueError, RecursionError) as error:
        return "", str(error)
    return (summary, "") if isinstance(summary, str) else ("", "its summary is not text")
