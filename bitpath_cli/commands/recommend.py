"""`bitpath recommend`: advice from a saved report; no hardware is touched."""

from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example, _completion
from bitpath_cli.commands._options import Goal, Json, Outputs, ReportFile, Site


def recommend(
    report: ReportFile,
    workload: Annotated[
        list[str],
        typer.Option(
            "--workload",
            "-w",
            metavar="NAME|FILE",
            help="What is to run (repeatable).",
            autocompletion=_completion.workloads,
        ),
    ],
    site: Site = "default",
    goal: Goal = "balanced",
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """Say where to run a workload, from what was measured before."""
    from bitpath_cli import archive
    from bitpath_cli.commands import _output
    from bitpath_cli.commands._verdict import exit_code
    from bitpath_cli.workflows.decide import decide

    _output.check(output)
    found = decide(archive.load(report), tuple(workload), site, goal)
    _output.deliver(found, output, as_json)
    raise typer.Exit(exit_code(found))


COMMAND = Command(
    run=recommend,
    panel="Decide",
    examples=(
        Example("bitpath recommend report.json -w resnet50-training", "where to train"),
        Example("bitpath recommend report.json -w line.toml --goal cost", "a workload of your own"),
    ),
)
