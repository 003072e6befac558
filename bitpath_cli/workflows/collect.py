"""Many hosts' reports as one: read one after the other, so that a thousand need no more memory."""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from bitpath_cli import __version__, archive
from bitpath_cli.errors import UnreadableReport
from bitpath_cli.model.fleet import Fleet, FleetNode, Refused
from bitpath_cli.model.report import HostIdentity, Note, Report, Tool
from bitpath_cli.redaction import Redactor, rename_nodes
from bitpath_cli.workflows._fleet_terms import Told, sum_terms, todays_terms
from bitpath_cli.workflows._hardware import Hardware, describe_hardware, group_nodes
from bitpath_cli.workflows._outliers import Figures, find_outliers, usable_figures
from bitpath_cli.workflows._sources import Found, find_files, read, without_collector

FLEET: Final = "fleet"
_SAMPLES_LIMIT: Final = archive.SIZE_LIMIT // 2
_HEAD_BYTES: Final = 4096
_NAME: Final = re.compile(rb'"host"\s*:\s*\{\s*"name"\s*:\s*"([^"\\]{1,255})"')
_REDACTED: Final = re.compile(r"host-[0-9a-f]{6}(?:-\d+)?")


class Progress(Protocol):
    """Who is told how far it is."""

    def stage(self, words: str) -> None:
        """What runs now."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What of the members is handed on: identifiers, and the raw samples unless they are many."""

    include_identifiers: bool = False
    keep_samples: bool = True


@dataclass(slots=True)
class _Node:
    """What is kept of a member: all that the fleet's own figures need."""

    source: str
    host: HostIdentity
    handed_on: HostIdentity
    created: datetime
    complete: bool
    results: int
    hardware: Hardware
    figures: Figures
    terms: Told


def collect(
    paths: Sequence[Path], wish: Wish, progress: Progress, take: Callable[[Report], None]
) -> "Collected":
    """What the members say together; `take` is called with one member after the other.

    Raises UnreadableReport where no file can be read at all.
    """
    files = find_files(paths)
    size_bytes = sum(each.stat().st_size for each in files if each.is_file())
    keep = wish.keep_samples and size_bytes <= _SAMPLES_LIMIT
    wish = Wish(wish.include_identifiers, keep)
    names = () if wish.include_identifiers else _names(files)
    with without_collector():
        found = _read_all(files, progress)
        return assemble(found, wish, take, names, samples_left_out=not keep)


def assemble(
    found: Iterable[Found | Refused],
    wish: Wish,
    take: Callable[[Report], None],
    names: Iterable[str] = (),
    samples_left_out: bool = False,
) -> "Collected":
    """See `collect`, for members wherever they come from."""
    roll = _Roll(wish, Redactor(names), take)
    for each in found:
        roll.hear(each)
    if not roll.nodes:
        raise _nothing(roll.refused)
    kept = tuple(roll.kept.values())
    nodes = [roll.nodes[at] for at in kept]
    labels = _labels([each.host for each in nodes])
    tokens = _labels([each.handed_on for each in nodes])
    head = _fleet_report(nodes, labels, roll.refused, wish, samples_left_out)
    names = dict(zip(labels, tokens, strict=True))
    return Collected(head, head if wish.include_identifiers else hand_on(head, names), kept)


@dataclass(frozen=True, slots=True)
class Collected:
    """The fleet report without its members: for the screen, and as it is handed on.

    A later report may replace an earlier one of the same host: `kept` are the numbers of those
    members that stand, in the order in which they were taken.
    """

    head: Report
    handed_on: Report
    kept: tuple[int, ...]


class _Roll:
    """The members so far; the younger of two reports of one host stands."""

    def __init__(self, wish: Wish, redactor: Redactor, take: Callable[[Report], None]) -> None:
        self._wish = wish
        self._redactor = redactor
        self._take = take
        self.nodes: list[_Node] = []
        self.refused: list[Refused] = []
        self.kept: dict[tuple[str, str, str], int] = {}

    def hear(self, found: Found | Refused) -> None:
        """Whatever a source gave."""
        if isinstance(found, Refused):
            self.refused.append(found)
        else:
            self.enter(found)

    def enter(self, found: Found) -> None:
        """Take a member in, or say why not."""
        report = found.report
        # Equal machines have the same name once they are redacted.
        redacted = _REDACTED.fullmatch(report.host.name) is not None
        identity = found.identity or (report.created.isoformat() if redacted else "")
        key = (report.host.name, report.host.fingerprint, identity)
        rival = None if key not in self.kept else self.nodes[self.kept[key]]
        if rival is not None and rival.created >= report.created:
            same = rival.created == report.created
            self._refuse("duplicate" if same else "superseded", found.source, rival.source)
            return
        if rival is not None:
            self._refuse("superseded", rival.source, found.source)
        member = report if self._wish.include_identifiers else self._redactor.redact(report)
        if not self._wish.keep_samples:
            member = _without_samples(member)
        self.kept[key] = len(self.nodes)
        self.nodes.append(
            _Node(
                found.source, report.host, member.host, report.created, report.complete,
                len(report.results), describe_hardware(report), usable_figures(report),
                todays_terms(report),
            )
        )  # fmt: skip
        self._take(member)

    def _refuse(self, why: str, source: str, by: str) -> None:
        detail = f"the same report as {by}" if why == "duplicate" else f"{by} is younger"
        self.refused.append(Refused.model_validate(
            {"source": source, "why": why, "detail": detail}
        ))  # fmt: skip


def _fleet_report(
    nodes: Sequence[_Node],
    labels: Sequence[str],
    refused: Sequence[Refused],
    wish: Wish,
    samples_left_out: bool,
) -> Report:
    numbers, groups = group_nodes(
        [(label, each.hardware) for label, each in zip(labels, nodes, strict=True)]
    )
    told = list(zip(labels, numbers, nodes, strict=True))
    fleet = Fleet(
        nodes=tuple(
            FleetNode(
                name=label, fingerprint=each.host.fingerprint, created=each.created,
                complete=each.complete, group=number, results=each.results,
            )
            for label, number, each in told
        ),
        groups=groups,
        outliers=find_outliers([(label, number, each.figures) for label, number, each in told]),
        terms=sum_terms([(label, each.terms) for label, _, each in told]),
        refused=tuple(refused),
        has_samples=wish.keep_samples,
    )  # fmt: skip
    return Report(
        tool=Tool(name="bitpath", version=__version__),
        created=datetime.now(UTC),
        host=HostIdentity(name=FLEET, fingerprint=_fingerprint(nodes)),
        complete=all(each.complete for each in nodes)
        and not any(each.why in ("unreadable", "failed") for each in refused),
        fleet=fleet,
        notes=tuple(_notes(nodes, groups, samples_left_out)),
    )


def _notes(nodes: Sequence[_Node], groups: Sequence[object], left_out: bool) -> Iterator[Note]:
    if left_out:
        yield Note(
            level="info",
            text="The members' raw samples were left out: with them the file would be too large "
            "to be read again. Their medians and intervals are there.",
        )
    names: dict[str, int] = {}
    for each in nodes:
        names[each.host.name] = names.get(each.host.name, 0) + 1
    for name, count in names.items():
        if count > 1:
            yield Note(
                level="warning",
                text=f"{count} reports of different machines, or of one before and after a change, "
                f"call their host {name}: all are kept.",
            )
    if len(groups) == len(nodes) > 1:
        yield Note(
            level="info",
            text="No two nodes have the same hardware, so none can stand out among its like.",
        )


def hand_on(head: Report, names: Mapping[str, str]) -> Report:
    """The fleet report with tokens for its nodes' names, and for the names of files too."""
    if head.fleet is None:
        return head
    redactor = Redactor(names)
    return head.model_copy(
        update={
            "fleet": rename_nodes(head.fleet, names, redactor.text),
            "notes": tuple(
                each.model_copy(update={"text": redactor.text(each.text)}) for each in head.notes
            ),
        }
    )


def _labels(hosts: Sequence[HostIdentity]) -> list[str]:
    """The nodes' names, told apart by fingerprint and number where they are the same."""
    labels: list[str] = []
    taken: set[str] = set()
    for each in hosts:
        label, number = each.name, 1
        while label in taken:
            number += 1
            label = f"{each.name} ({each.fingerprint[:6]}, {number})"
        taken.add(label)
        labels.append(label)
    return labels


def _fingerprint(nodes: Sequence[_Node]) -> str:
    """A hash of the members', so that the same fleet is known again."""
    lines = sorted(each.host.fingerprint for each in nodes)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _without_samples(report: Report) -> Report:
    bare = tuple(each.model_copy(update={"samples": {}}) for each in report.results)
    return report.model_copy(update={"results": bare})


def _read_all(files: Sequence[Path], progress: Progress) -> Iterator[Found | Refused]:
    for number, file in enumerate(files):
        if number % 20 == 0:
            progress.stage(f"reading report {number + 1:,} of {len(files):,}")
        yield from read(file)


def _names(files: Iterable[Path]) -> Iterator[str]:
    """The hosts' names from the beginning of each file: any may mention any other."""
    for file in files:
        with contextlib.suppress(OSError), file.open("rb") as opened:
            found = _NAME.search(opened.read(_HEAD_BYTES))
            if found is not None:
                yield found[1].decode(errors="replace")


def _nothing(refused: Sequence[Refused]) -> UnreadableReport:
    if not refused:
        return UnreadableReport(
            "What was named", "there is no file that ends in .json in it",
            "Make a report: bitpath assess --output report.json",
        )  # fmt: skip
    first = refused[0]
    return UnreadableReport(
        first.source,
        f"{first.detail}" + (f" ({len(refused) - 1} more were refused)" if refused[1:] else ""),
        first.next_step,
    )
