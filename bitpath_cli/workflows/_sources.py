"""Reads many reports one after the other: files, directories, and fleet reports' members."""

import contextlib
import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bitpath_cli import archive
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.fleet import Refused
from bitpath_cli.model.report import Report

MOST_FILES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """A report of one host, and the file it was in.

    `identity` tells hosts apart whose names do not, such as the nodes of a cluster.
    """

    source: str
    report: Report
    identity: str = ""


def find_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Every file as it was named, and what ends in .json below every directory, in order.

    Raises UnreadableReport for what is not there, and where there are more than 100,000.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise UnreadableReport(str(path), "No such file or directory", "See: ls")
        if not path.is_dir():
            found.append(path)
            continue
        for file in sorted(path.rglob("*.json")):
            if file.is_file():
                found.append(file)
            if len(found) > MOST_FILES:
                raise UnreadableReport(
                    str(path), f"it holds more than {MOST_FILES:,} files", "Name a part of it."
                )
    return tuple(dict.fromkeys(found))


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Reports hold no cycles, and looking for some takes a quarter of the time of reading many."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read(file: Path) -> Iterator[Found | Refused]:
    """The report in a file, or the members of a fleet report, or why there is none."""
    try:
        report = archive.load(file)
    except UnreadableReport as error:
        yield Refused(
            source=str(file), why="unreadable", detail=error.problem, next_step=error.next_step
        )
        return
    if not report.members:
        yield Found(str(file), report)
        return
    for member in report.members:
        yield Found(f"{file} ({member.host.name})", member)
