"""`bitpath report`: a saved report on the screen or in another form."""

from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Json, Outputs, ReportFile


def report(
    file: ReportFile,
    add: Annotated[
        list[Path] | None,
        typer.Option(
            "--add",
            metavar="FILE",
            help="Add what fio, iperf3 or nccl-tests measured on that host (repeatable).",
        ),
    ] = None,
    output: Outputs = None,
    include_identifiers: Annotated[
        bool,
        typer.Option(
            "--include-identifiers", help="Keep host names, addresses, serial numbers and paths."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show a saved report, or write it in another form; identifiers are taken out."""
    from bitpath_cli import archive
    from bitpath_cli.commands import _output
    from bitpath_cli.redaction import redact

    _output.check(output)
    found = archive.load(file)
    if add:
        from bitpath_cli.workflows.evidence_files import add_evidence

        found = add_evidence(found, add)
    if not include_identifiers:
        found = redact(found)
    if output:
        _output.write(found, output, include_identifiers=True)
    if as_json or not output:
        _output.show(found, as_json)


COMMAND = Command(
    run=report,
    panel="Reports and profiles",
    examples=(
        Example("bitpath report report.json", "on the screen again"),
        Example("bitpath report report.json -o report.html", "one page to look at and hand on"),
        Example("bitpath report report.json -o report.md -o report.csv", "a ticket; a sheet"),
        Example("bitpath report report.json --add fio.json -o both.json", "evidence you have"),
    ),
)
