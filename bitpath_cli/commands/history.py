"""`bitpath history`: many reports of a host in a row."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Json, Outputs

Places = Annotated[
    list[Path],
    typer.Argument(
        metavar="DIR...", help="Directories of reports, or reports.", show_default=False
    ),
]


def history(
    places: Places,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """Show how a host's figures went from report to report: trends, jumps and gaps.

    Files that cannot be read are named and left out.
    """
    from bitpath_cli.commands import _forms
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.commands._screen import colour, width
    from bitpath_cli.renderers import csv, json, markdown, table
    from bitpath_cli.workflows import history as workflow

    _forms.check(output, (".json", ".csv", ".md", ".txt"))
    with progress() as bar:
        found = workflow.history(tuple(places), bar)
    _forms.deliver(
        {
            ".json": lambda: json.render_record(found),
            ".csv": lambda: csv.render_history(found),
            ".md": lambda: markdown.render_history(found),
            ".txt": lambda: table.render_history(found, 100, colour=False),
        },
        output,
        as_json,
        lambda: table.render_history(found, width(), colour(sys.stdout)),
    )


COMMAND = Command(
    run=history,
    panel="Reports and profiles",
    examples=(
        Example("bitpath history reports/", "how every figure went, and where it jumped"),
        Example("bitpath history reports/ -o trend.csv", "a row a figure and report"),
    ),
)
