"""The hosts of a fleet report as tables: who they are, who stands out, and their terms' sums."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.fleet import Fleet, FleetTerms
from bitpath_cli.model.reading import Reading
from bitpath_cli.model.recommendation import TERM_NAMES, TermName
from bitpath_cli.model.report import Report
from bitpath_cli.renderers._absences import find_absences
from bitpath_cli.renderers._fleet import mixtures, some
from bitpath_cli.renderers._machine import describe
from bitpath_cli.renderers._measured import measure_lines
from bitpath_cli.renderers._page import MOST_ROWS, Cell, Table, table, value_cell
from bitpath_cli.renderers._words import UNKNOWN, amount, label, reading, term_name

_HEADLINES: Final = (
    ("gemm", "float32", "gemm float32"), ("memory_bandwidth", "", "memory bandwidth"),
    ("disk", "read sequential", "disk read"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hosts:
    """The fleet's section: one row a host, and the tables of what `collect` found out."""

    title: str
    hosts: Table
    tables: tuple[Table, ...]


def fleet(report: Report) -> Hosts | None:
    """None where the report is of one host."""
    if not report.members:
        return None if report.fleet is None else _without_members(report.fleet)
    heads = ("host", "CPU", *(words for _, _, words in _HEADLINES), "missing")
    shown = report.members[:MOST_ROWS]
    return Hosts(
        title=_count(len(report.members)),
        hosts=table(
            "The hosts",
            heads,
            (_row(each) for each in shown),
            numbers=(2, 6),
            hidden_caption=True,
            left_out=len(report.members) - len(shown),
        ),
        tables=() if report.fleet is None else tuple(_tables(report.fleet)),
    )


def _without_members(found: Fleet) -> Hosts:
    """Where the hosts' own reports are left out, what the fleet still holds of each."""
    heads = ("host", "fingerprint", "hardware group", "results")
    rows = (
        (each.name, each.fingerprint[:6], str(each.group), f"{each.results:,}")
        for each in found.nodes
    )
    hosts = table("The hosts", heads, rows, numbers=(2, 4), hidden_caption=True)
    return Hosts(_count(len(found.nodes)), hosts, tuple(_tables(found)))


def _count(hosts: int) -> str:
    return "One host" if hosts == 1 else f"{hosts:,} hosts"


def _row(member: Report) -> tuple[Cell, ...]:
    cpu = dict(describe(member)).get("CPU", "?")
    state = f"fingerprint {member.host.fingerprint[:6]}"
    return (
        Cell(member.host.name, aside=state + ("" if member.complete else ", incomplete")),
        Cell(cpu), *(_headline(member, name, of) for name, of, _ in _HEADLINES),
        Cell(f"{len(find_absences(member)):,}"),
    )  # fmt: skip


def _headline(member: Report, benchmark: str, of: str) -> Cell:
    """The first line of that benchmark whose name begins so."""
    for group in measure_lines(member.results):
        for line in group.lines:
            if group.benchmark == benchmark and line.name.startswith(of):
                return Cell(line.value, aside=f"{line.mark} {line.doubts}".strip())
    return Cell("?", aside="not measured")


def _tables(found: Fleet) -> Iterator[Table]:
    if found.outliers:
        yield _outliers(found)
    yield from (_terms(each) for each in found.terms)
    if found.groups:
        yield table(
            "Groups of the same hardware", ("hardware", "hosts", "what differs all the same"),
            (
                (each.hardware, f"{len(each.nodes)}: {some(each.nodes)}",
                 "; ".join(mixtures(each)))
                for each in found.groups
            ),
            hidden_caption=True,
        )  # fmt: skip
    if found.refused:
        yield table(
            "What gave no host", ("source", "state", "why", "what to do"),
            ((each.source, each.why, each.detail, each.next_step) for each in found.refused),
            hidden_caption=True,
        )  # fmt: skip


def _outliers(found: Fleet) -> Table:
    return table(
        "Hosts that stand out", ("host", "figure", "value", "its group's median", "difference"),
        (
            (
                Cell(each.node), Cell(f"{label(each.benchmark)} {label(each.metric)}",
                aside=" · ".join(f"{name} {value}" for name, value in each.parameters.items())),
                value_cell(each.value), amount(each.median, each.unit),
                Cell(f"{each.deviation:+.0%}".replace("%", " %").replace("-", "−"),
                     aside=f"{each.distance:.1f} σ among {each.nodes}",
                     tone="poor" if each.worse else "good"),
            )
            for each in found.outliers
        ),
        numbers=(2, 5), hidden_caption=True,
    )  # fmt: skip


def _terms(found: FleetTerms) -> Table:
    """Each host doing the workload by itself, and the sums over all."""
    sums = (Cell("all together", strong=True), *_term_cells(found.sums, strong=True))
    hosts = ((Cell(each.node), *_term_cells(each.terms)) for each in found.nodes)
    return table(
        f"Five terms of {found.workload}, for {found.unit_of_account}",
        ("host", *(term_name(name) for name in TERM_NAMES)), (sums, *hosts), numbers=(1, 6),
        hidden_caption=True,
    )  # fmt: skip


def _term_cells(terms: Mapping[TermName, Reading], strong: bool = False) -> Iterator[Cell]:
    for name in TERM_NAMES:
        yield Cell(reading(terms[name]) if name in terms else UNKNOWN, strong=strong)
