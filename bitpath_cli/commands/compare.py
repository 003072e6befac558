"""`bitpath compare`: two reports side by side."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Aims, Json, Outputs

Before = Annotated[
    Path, typer.Argument(metavar="BEFORE", help="The earlier report.json.", show_default=False)
]
After = Annotated[Path, typer.Argument(metavar="AFTER", help="The later one.", show_default=False)]
Threshold = Annotated[
    str,
    typer.Option(
        "--threshold", metavar="SHARE", help="Changes within ± this much count as the same."
    ),
]
Across = Annotated[
    list[str] | None,
    typer.Option(
        "--across", metavar="PARAMETER",
        help="Compare although this parameter differs: library, threads, engine (repeatable).",
    ),
]  # fmt: skip


def compare(
    before: Before,
    after: After,
    threshold: Threshold = "5%",
    aim: Aims = None,
    across: Across = None,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """Say what became better or worse between two reports, and which aims were reached.

    Ends with 1 where something became worse or an aim was missed, with 2 where nothing can be
    compared.
    """
    from bitpath_cli import archive
    from bitpath_cli.commands import _forms
    from bitpath_cli.commands._screen import colour, width
    from bitpath_cli.errors import FINDING, OK, USAGE
    from bitpath_cli.renderers import json, markdown, table
    from bitpath_cli.workflows import compare as workflow

    _forms.check(output, (".json", ".md", ".txt"))
    manner = workflow.Manner(
        threshold=workflow.parse_threshold(threshold),
        aims=workflow.parse_aims(aim or ()),
        across=tuple(across or ()),
        sources=(str(before), str(after)),
    )
    found = workflow.compare(archive.load(before), archive.load(after), manner)
    _forms.deliver(
        {
            ".json": lambda: json.render_record(found),
            ".md": lambda: markdown.render_comparison(found),
            ".txt": lambda: table.render_comparison(found, 100, colour=False),
        },
        output,
        as_json,
        lambda: table.render_comparison(found, width(), colour(sys.stdout)),
    )
    code = FINDING if found.is_finding else OK
    raise typer.Exit(code if found.compared_anything else USAGE)


COMMAND = Command(
    run=compare,
    panel="Reports and profiles",
    examples=(
        Example("bitpath compare before.json after.json", "what changed, in words and numbers"),
        Example("bitpath compare before.json after.json -o change.md", "for a pull request"),
        Example(
            "bitpath compare old.json new.json --across library", "before and after an upgrade"
        ),
        Example("bitpath compare old.json new.json --aim cost=-20%", "was the aim reached?"),
    ),
)
