"""A fleet's hosts as kinds of machine: alike in hardware, in what was measured, and in their links.

A kind is as fast as the slowest of its hosts, since nodes that work together wait for it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from bitpath_cli.errors import UnmeasuredHost
from bitpath_cli.model.reading import Method, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.site import Site
from bitpath_cli.model.units import significant
from bitpath_cli.model.workload import Precision
from bitpath_cli.strategies import PRECISIONS, Machine
from bitpath_cli.workflows._fleet_links import Link, find_links
from bitpath_cli.workflows._hardware import describe_hardware
from bitpath_cli.workflows._todays_host import todays_machine

ALIKE: Final = 1.15
"""Hosts of the same hardware are alike where every figure lies within × ÷ 1.15 of the median."""

_MOST_KINDS: Final = 32
_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Host:
    """One member: its name in the fleet, what it is made of, and what was measured of it."""

    name: str
    hardware: tuple[object, ...]
    machine: Machine


@dataclass(frozen=True, slots=True)
class Fleet:
    """The kinds, most hosts first, the links within and between them, and what to say of it all."""

    machines: tuple[Machine, ...]
    links: Mapping[tuple[int, int], Link]
    notes: tuple[str, ...]


def labels(report: Report) -> tuple[str, ...]:
    """The members' names, told apart where they are the same."""
    if report.fleet is not None and len(report.fleet.nodes) == len(report.members):
        return tuple(each.name for each in report.fleet.nodes)
    return tuple(each.host.name for each in report.members)


def fleet_of(report: Report, site: Site) -> Fleet:
    """The members as kinds of machine; UnmeasuredHost where not one of them was measured."""
    hosts, left_out = _measured_hosts(report, site)
    links = find_links(report, labels(report))
    by_name = {each.name: each for each in hosts}
    kinds = [
        [by_name[name] for name in names]
        for group in _alike(hosts)
        for names in links.divide([each.name for each in group])
    ]
    kinds.sort(key=lambda kind: (-len(kind), -_might(kind[0].machine)))
    kept = kinds[:_MOST_KINDS]
    machines = tuple(_kind(each) for each in kept)
    notes = [*left_out, *_stragglers(machines), *links.notes]
    if len(kinds) > len(kept):
        lost = sum(len(each) for each in kinds[_MOST_KINDS:])
        notes.append(
            f"{lost} hosts of {len(kinds) - len(kept)} more kinds were left out: "
            f"{_MOST_KINDS} kinds are weighed at most"
        )
    return Fleet(machines, links.among([each.hosts for each in machines]), tuple(notes))


def in_words(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _measured_hosts(report: Report, site: Site) -> tuple[list[Host], list[str]]:
    hosts: list[Host] = []
    lacking: dict[str, list[str]] = {}
    refusal: UnmeasuredHost | None = None
    for name, member in zip(labels(report), report.members, strict=True):
        try:
            machine = todays_machine(member, site)
        except UnmeasuredHost as error:
            refusal = error
            lacking.setdefault(error.missing, []).append(name)
            continue
        hosts.append(Host(name, describe_hardware(member).key, machine))
    if not hosts and refusal is not None:
        raise refusal
    return hosts, [
        f"left out, for want of a valid {what}: {in_words(names)}; measure there: bitpath assess"
        for what, names in lacking.items()
    ]


def _alike(hosts: Sequence[Host]) -> list[list[Host]]:
    """By hardware first, then by how far each figure lies from the median of that hardware."""
    by_hardware: dict[tuple[object, ...], list[Host]] = {}
    for each in hosts:
        by_hardware.setdefault(each.hardware, []).append(each)
    found: list[list[Host]] = []
    for same in by_hardware.values():
        told = [_figures(each.machine) for each in same]
        names = dict.fromkeys(name for each in told for name in each)
        middle = {name: median(each[name] for each in told if name in each) for name in names}
        parts: dict[tuple[object, ...], list[Host]] = {}
        for each, figures in zip(same, told, strict=True):
            key = (tuple(each.machine.rates), *(_class(figures, middle, name) for name in names))
            parts.setdefault(key, []).append(each)
        found += parts.values()
    return found


def _figures(machine: Machine) -> dict[str, float]:
    """What was measured of a host; what was assumed tells nothing apart."""
    told: dict[str, Quantity] = {str(name): rate for name, rate in machine.rates.items()}
    for name in ("memory_bandwidth", "storage_rate", "memory"):
        told[name] = getattr(machine, name)
    return {
        name: each.value
        for name, each in told.items()
        if each.origin.method is not Method.ASSUMED and each.value > 0
    }


def _class(figures: Mapping[str, float], middle: Mapping[str, float], name: str) -> int:
    """0 near the median, or where it was not measured; ±1, ±2, … in steps of × ÷ 1.15²."""
    if name not in figures:
        return 0
    return round(math.log(figures[name] / middle[name]) / (2 * math.log(ALIKE)))


def _kind(hosts: Sequence[Host]) -> Machine:
    """One machine for all of them, with the slowest figure of each sort."""
    names = tuple(each.name for each in hosts)
    name = names[0] if len(names) == 1 else f"host like {names[0]}"
    told = [each.machine for each in hosts]
    rates: dict[Precision, Quantity] = {
        precision: _slowest([(each.name, each.machine.rates[precision]) for each in hosts])
        for precision in PRECISIONS
        if precision in told[0].rates
    }
    return replace(
        told[0], name=name, hardware=name, hosts=names, rates=rates,
        memory_bandwidth=_slowest([(each.name, each.machine.memory_bandwidth) for each in hosts]),
        memory=_slowest([(each.name, each.machine.memory) for each in hosts]),
        storage_rate=_slowest([(each.name, each.machine.storage_rate) for each in hosts]),
        prices={"owned": told[0].prices["owned"]},
    )  # fmt: skip


def _slowest(figures: Sequence[tuple[str, Quantity]]) -> Quantity:
    """The least of those that were measured, with the name of its host; else the assumption."""
    known = [each for each in figures if each[1].origin.method is not Method.ASSUMED]
    name, least = min(known or figures, key=lambda each: each[1].value)
    if len(figures) == 1:
        return least
    source = f"{least.origin.source}; {name}, the slowest of {len(figures)} alike"
    return least.model_copy(update={"origin": least.origin.model_copy(update={"source": source})})


def _might(machine: Machine) -> float:
    return max(each.value for each in machine.rates.values())


def _stragglers(kinds: Sequence[Machine]) -> list[str]:
    """What holds a set of hosts up when it takes in slower ones, against the kind of the most."""
    notes = []
    usual = kinds[0]
    for each in kinds[1:]:
        shared = [name for name in usual.rates if name in each.rates]
        spoken = [name for name in shared if name == "float32"] or shared[:1]
        shares = {str(name): each.rates[name].value / usual.rates[name].value for name in spoken}
        shares["memory"] = each.memory_bandwidth.value / usual.memory_bandwidth.value
        slow = [
            f"{significant(100 * share, 2)} % of the {what} rate"
            for what, share in shares.items()
            if share < 1 / ALIKE
        ]
        if slow:
            notes.append(
                f"slower than {in_words(usual.hosts)}: {in_words(each.hosts)}, with "
                f"{' and '.join(slow)}; together with the others each is given a share of the "
                "batch by its speed"
            )
    return notes
