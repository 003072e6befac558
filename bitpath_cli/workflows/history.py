"""How a host's figures went over many reports, of which only the figures are kept."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Protocol

from bitpath_cli import __version__
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.fleet import Refused
from bitpath_cli.model.history import (
    History,
    HostHistory,
    Jump,
    MachineEvent,
    Point,
    Series,
)
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.report import HostIdentity, Report, Tool
from bitpath_cli.model.result import Direction, Validity
from bitpath_cli.model.units import Unit
from bitpath_cli.workflows._jumps import find_jumps
from bitpath_cli.workflows._machine_changes import machine_changes
from bitpath_cli.workflows._pairing import figures
from bitpath_cli.workflows._sources import Found, find_files, read, without_collector


class Progress(Protocol):
    """Who is told how far it is."""

    def stage(self, words: str) -> None:
        """What runs now."""
        ...


@dataclass(frozen=True, slots=True)
class _Key:
    """What makes two figures the same one: how and what was measured, and in which unit."""

    benchmark: str
    revision: int
    parameters: str
    metric: str
    size_bytes: int
    unit: str
    method: str
    direction: Direction


@dataclass(slots=True)
class _Host:
    """The figures of one host, by report."""

    identity: HostIdentity
    machine: Report
    reports: list[tuple[datetime, str]] = field(default_factory=list)
    figures: dict[_Key, dict[tuple[datetime, str], Point]] = field(default_factory=dict)
    gaps: dict[tuple[datetime, str], dict[tuple[str, str, str, int], str]] = field(
        default_factory=dict
    )


def history(paths: Sequence[Path], progress: Progress) -> History:
    """Every host's series, sorted by when the reports were made; broken files are named.

    Raises UnreadableReport where no file can be read at all.
    """
    refused: list[Refused] = []
    hosts: dict[tuple[str, str], _Host] = {}
    files = find_files(paths)
    with without_collector():
        for number, file in enumerate(files):
            if number % 20 == 0:
                progress.stage(f"reading report {number + 1:,} of {len(files):,}")
            for found in read(file):
                if isinstance(found, Refused):
                    refused.append(found)
                elif not _enter(hosts, found):
                    refused.append(
                        Refused(source=found.source, why="duplicate", detail="it is there already")
                    )
    if not hosts:
        detail = refused[0].detail if refused else "there is no file that ends in .json in it"
        raise UnreadableReport(
            refused[0].source if refused else str(paths[0]), detail,
            "Make a report: bitpath assess --output report.json",
        )  # fmt: skip
    return History(
        tool=Tool(name="bitpath", version=__version__),
        hosts=tuple(_host_history(each) for each in hosts.values()),
        events=_events(hosts.values()),
        refused=tuple(refused),
    )


def _events(hosts: Iterable[_Host]) -> dict[str, tuple[MachineEvent, ...]]:
    """By host's name what changed where its fingerprint did."""
    machines = list(hosts)
    found: dict[str, tuple[MachineEvent, ...]] = {}
    for name in dict.fromkeys(each.identity.name for each in machines):
        told = tuple(_changes([each for each in machines if each.identity.name == name]))
        if told:
            found[name] = told
    return found


def _changes(hosts: Sequence[_Host]) -> Iterator[MachineEvent]:
    """From one report to the next; a fingerprint's first report speaks for the others with it."""
    places = sorted((created, at) for at, each in enumerate(hosts) for created, _ in each.reports)
    for (_, before), (created, after) in pairwise(places):
        if before != after:
            changes = machine_changes(hosts[before].machine, hosts[after].machine)
            if changes:
                yield MachineEvent(created=created, changes=changes)


def _enter(hosts: dict[tuple[str, str], _Host], found: Found) -> bool:
    """Keep a report's figures; False where the same report was there before."""
    report = found.report
    identity = (report.host.name, report.host.fingerprint)
    if identity not in hosts:
        bare = {"results": (), "recommendations": (), "recommendation": None, "members": ()}
        hosts[identity] = _Host(report.host, report.model_copy(update=bare))
    host = hosts[identity]
    if any(created == report.created for created, _ in host.reports):
        return False
    place = (report.created, found.source)
    host.reports.append(place)
    gaps = host.gaps.setdefault(place, {})
    for result in report.results:
        parameters = json.dumps(result.parameters, sort_keys=True)
        for (metric, size_bytes), each in figures(result).items():
            value = each.reading
            if isinstance(value, Missing) or each.validity is Validity.INVALID:
                why = value.detail if isinstance(value, Missing) else "not usable"
                gaps[result.benchmark, parameters, metric, size_bytes] = why
                continue
            key = _Key(
                result.benchmark, result.revision, parameters, metric, size_bytes,
                str(value.unit), value.origin.method.value, each.direction,
            )  # fmt: skip
            host.figures.setdefault(key, {})[place] = _point(place, value)
    return True


def _point(place: tuple[datetime, str], value: Quantity) -> Point:
    created, source = place
    return Point(created=created, source=source, value=value.value, low=value.low, high=value.high)


def _host_history(host: _Host) -> HostHistory:
    places = sorted(host.reports)
    return HostHistory(
        host=host.identity,
        reports=tuple(created for created, _ in places),
        series=tuple(_series(host, key, told, places) for key, told in host.figures.items()),
    )


def _series(
    host: _Host,
    key: _Key,
    told: dict[tuple[datetime, str], Point],
    places: Sequence[tuple[datetime, str]],
) -> Series:
    points = tuple(told.get(place) or _gap(host, key, place) for place in places)
    known = [each for each in points if each.value is not None]
    values = [each.value for each in known if each.value is not None]
    parameters = json.loads(key.parameters)
    if key.size_bytes:
        parameters["size_bytes"] = key.size_bytes
    return Series(
        benchmark=key.benchmark, revision=key.revision, parameters=parameters, metric=key.metric,
        unit=Unit(key.unit), method=key.method, direction=key.direction, points=points,
        first=values[0], last=values[-1],
        best=max(values) if key.direction is Direction.HIGHER else min(values),
        jumps=tuple(_jumps(known, values, key.direction)),
    )  # fmt: skip


def _gap(host: _Host, key: _Key, place: tuple[datetime, str]) -> Point:
    created, source = place
    told = host.gaps.get(place, {})
    why = told.get((key.benchmark, key.parameters, key.metric, key.size_bytes))
    return Point(created=created, source=source, value=None, gap=why or "not measured")


def _jumps(known: Sequence[Point], values: Sequence[float], direction: Direction) -> Iterator[Jump]:
    places = (0, *find_jumps(values), len(values))
    for (begin, at), (_, end) in pairwise(pairwise(places)):
        before, after = median(values[begin:at]), median(values[at:end])
        yield Jump(
            created=known[at].created, before=before, after=after, change=after / before - 1,
            worse=(after < before) == (direction is Direction.HIGHER),
        )  # fmt: skip
