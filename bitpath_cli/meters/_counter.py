"""What counters grew by between two snapshots, from the snapshots alone."""

from collections import Counter
from collections.abc import Iterable

from bitpath_cli.meters import Change, MeterReading, Snapshot
from bitpath_cli.model.reading import Missing, Quantity, derived, failed

Key = tuple[str, str]


def difference(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """The change of every counter that either snapshot has, in order of name and subject.

    A counter that one snapshot lacks, that went backwards without wrapping, or that is not the same
    counter at both ends gives a Missing, never 0. Between the snapshots a counter may wrap once;
    whoever takes them must take them oftener than it wraps. Gauges have no change and are left out.
    Raises ValueError where `after` was taken before `before`.
    """
    if after.at_seconds < before.at_seconds:
        raise ValueError(f"snapshots in the wrong order: {before.at_seconds} {after.at_seconds}")
    began, ended = _counters(before.readings), _counters(after.readings)
    repeated = _repeated(before.readings) | _repeated(after.readings)
    changes = []
    for key in sorted(began.keys() | ended.keys()):
        if key in repeated:
            reading: Quantity | Missing = failed(f"{_words(key)}: two counters have that name")
        else:
            reading = _change(key, began.get(key), ended.get(key))
        changes.append(Change(*key, reading))
    return tuple(changes)


def _change(key: Key, began: MeterReading | None, ended: MeterReading | None) -> Quantity | Missing:
    if began is None:
        return failed(f"{_words(key)} could not be read at the beginning")
    if ended is None:
        return failed(f"{_words(key)} could not be read at the end")
    first, last = began.quantity, ended.quantity
    if first.unit != last.unit or began.wraps_at != ended.wraps_at:
        return failed(f"{_words(key)} is not the same counter at the beginning and at the end")
    span = began.wraps_at
    if span is not None and not (0 <= first.value <= span and 0 <= last.value <= span):
        return failed(f"{_words(key)} lies outside the range of {span:g} that it is said to have")
    grown = last.value - first.value
    if grown < 0:
        if span is None:
            return failed(
                f"{_words(key)} went backwards, from {first.value:g} to {last.value:g} {last.unit}",
                "the device or its driver was reset meanwhile",
            )
        grown += span
    return derived(grown, last.unit, f"change of {last.origin.source}")


def _counters(readings: Iterable[MeterReading]) -> dict[Key, MeterReading]:
    return {(each.name, each.subject): each for each in readings if each.form == "counter"}


def _repeated(readings: Iterable[MeterReading]) -> set[Key]:
    counted = Counter((each.name, each.subject) for each in readings if each.form == "counter")
    return {key for key, times in counted.items() if times > 1}


def _words(key: Key) -> str:
    name, subject = key
    return f"{name} of {subject}"
