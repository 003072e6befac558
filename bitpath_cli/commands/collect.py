"""`bitpath collect`: many hosts' reports as one."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs, Site

if TYPE_CHECKING:
    from bitpath_cli.model.report import Report
    from bitpath_cli.workflows.collect import Collected
    from bitpath_cli.workflows.spool import Spool

_SUFFIXES: Final = (".json", ".csv", ".md", ".txt")
Reports = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="REPORT...", help="Reports, or directories of them.", show_default=False
    ),
]
Ray = Annotated[
    str,
    typer.Option(
        "--ray", metavar="ADDRESS", show_default=False,
        help="Assess every node of this Ray cluster instead: HOST:PORT, ray://HOST:PORT or auto.",
    ),
]  # fmt: skip
Workloads = Annotated[
    list[str] | None,
    typer.Option(
        "--workload", "-w", metavar="NAME", help="With --ray: what is to run there (repeatable)."
    ),
]
Folder = Annotated[
    str,
    typer.Option("--dir", "-d", metavar="DIR", help="With --ray: whose disk to measure there."),
]
Identifiers = Annotated[
    bool,
    typer.Option(
        "--include-identifiers", help="Keep host names, addresses, serial numbers and paths."
    ),
]
Samples = Annotated[
    bool, typer.Option("--samples/--no-samples", help="Keep the members' raw samples.")
]


def collect(
    reports: Reports = None,
    ray: Ray = "",
    workload: Workloads = None,
    site: Site = "default",
    budget: Budget = "quick",
    directory: Folder = ".",
    include_identifiers: Identifiers = False,
    samples: Samples = True,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """Put many hosts' reports into one: who is alike, who stands out, what they sum to.

    Ends with 1 where a report could not be read, with 4 where a node of a cluster failed.
    """
    from bitpath_cli.commands import _forms
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.errors import BadValue
    from bitpath_cli.workflows import collect as workflow

    _forms.check(output, _SUFFIXES)
    if bool(reports) == bool(ray):
        given = f"{len(reports)} reports and --ray" if reports else "neither reports nor --ray"
        raise BadValue("REPORT", given, "reports or directories, or --ray ADDRESS")
    wish = workflow.Wish(include_identifiers=include_identifiers, keep_samples=samples)
    with ExitStack() as stack:
        sinks = _sinks(stack, output, as_json)

        def take(member: "Report") -> None:
            for sink in sinks.values():
                sink.spool.add(sink.render(member))

        with progress() as bar:
            if ray:
                from bitpath_cli.workflows.cluster import Cluster, assess_nodes

                cluster = Cluster(ray, budget, tuple(workload or ()), site, directory)
                found = workflow.assemble(assess_nodes(cluster, bar), wish, take)
            else:
                found = workflow.collect(tuple(reports or ()), wish, bar, take)
        _deliver(found, sinks, output, as_json)
    raise typer.Exit(_exit_code(found.head))


@dataclass(frozen=True, slots=True)
class _Sink:
    """A form of which every member is a part, kept on disk until all are there."""

    spool: "Spool"
    render: Callable[["Report"], str]


def _sinks(stack: ExitStack, outputs: Sequence[Path] | None, as_json: bool) -> dict[str, _Sink]:
    from bitpath_cli.renderers import csv
    from bitpath_cli.workflows.spool import Spool

    wanted = {path.suffix for path in outputs or ()} | ({".json"} if as_json else set())
    renders: dict[str, Callable[[Report], str]] = {
        ".json": lambda member: member.model_dump_json(),
        ".csv": csv.RENDERER.render,
    }
    return {
        suffix: _Sink(stack.enter_context(Spool()), render)
        for suffix, render in renders.items()
        if suffix in wanted
    }


def _deliver(
    found: "Collected",
    sinks: dict[str, _Sink],
    outputs: Sequence[Path] | None,
    as_json: bool,
) -> None:
    """Files first, because a screen may go away; the screen, with the real names, in any case."""
    from bitpath_cli import archive
    from bitpath_cli.commands._screen import colour, say, width
    from bitpath_cli.renderers import markdown, table
    from bitpath_cli.workflows.spool import document

    told, kept = found.handed_on, found.kept
    parts: dict[str, Callable[[], Iterator[str]]] = {
        ".json": lambda: document(told, sinks[".json"].spool.texts(kept)),
        ".csv": lambda: _one_header(sinks[".csv"].spool.texts(kept)),
        ".md": lambda: iter((markdown.RENDERER.render(told),)),
        ".txt": lambda: iter((table.RENDERER.render(told),)),
    }
    try:
        for path in outputs or ():
            archive.write_parts(path, parts[path.suffix]())
    finally:
        if as_json:
            for part in parts[".json"]():
                say(part)
        else:
            say(table.render_table(found.head, width(), colour(sys.stdout)))


def _one_header(texts: Iterator[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        yield text.partition("\n")[2] if number else text


def _exit_code(head: "Report") -> int:
    from bitpath_cli.errors import FINDING, OK, PEER

    refused = () if head.fleet is None else head.fleet.refused
    why = {each.why for each in refused}
    return PEER if "failed" in why else FINDING if "unreadable" in why else OK


COMMAND = Command(
    run=collect,
    panel="Reports and profiles",
    examples=(
        Example("bitpath collect reports/ -o fleet.json", "every report in a directory as one"),
        Example("bitpath collect node-*.json -o fleet.csv", "a row a metric, for a spreadsheet"),
        Example("bitpath collect --ray auto -o fleet.json", "every node of a Ray cluster"),
    ),
)
