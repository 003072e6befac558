"""`bitpath plan`: a recommendation made runnable, and its forecast measured again."""

from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example, _completion
from bitpath_cli.commands._options import Json

_MAKE = "Make a plan"
_VERIFY = "Measure its forecast again"

_Report = Annotated[
    Path | None,
    typer.Argument(
        metavar="REPORT",
        help="A report.json with advice; with --verify one with what was measured.",
    ),
]
_Program = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- PROGRAM", help="What is to run: your own program."),
]
_Workload = Annotated[
    str | None,
    typer.Option(
        "--workload", "-w", metavar="NAME", help="Whose advice, where the report has several.",
        rich_help_panel=_MAKE,
    ),
]  # fmt: skip
_Strategy = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", rich_help_panel=_MAKE, autocompletion=_completion.strategies,
        help="The best feasible configuration of this strategy, not the recommended one.",
    ),
]  # fmt: skip
_Target = Annotated[
    str | None,
    typer.Option(
        "--target", "-t", metavar="NAME", rich_help_panel=_MAKE,
        autocompletion=_completion.targets,
        help="What is to run it: torchrun, slurm, kubernetes, ray or systemd.",
    ),
]  # fmt: skip
_Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="Where the plan's files go.", rich_help_panel=_MAKE
    ),
]
_Force = Annotated[
    bool, typer.Option("--force", help="Overwrite files that are there.", rich_help_panel=_MAKE)
]
_Identifiers = Annotated[
    bool,
    typer.Option("--include-identifiers", help="Keep the host's name.", rich_help_panel=_MAKE),
]
_Image = Annotated[
    str,
    typer.Option(
        metavar="IMAGE", help="kubernetes: the container image that holds your program.",
        rich_help_panel=_MAKE,
    ),
]  # fmt: skip
_Port = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, max=65535, help="The port on which your service listens.",
        rich_help_panel=_MAKE,
    ),
]  # fmt: skip
_Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--host", metavar="[USER@]HOST", rich_help_panel=_MAKE,
        help="torchrun, ray: a node's address, the first for node 0 (repeatable).",
    ),
]  # fmt: skip
_Verify = Annotated[
    Path | None,
    typer.Option("--verify", metavar="DIR", help="The plan's directory.", rich_help_panel=_VERIFY),
]
_Measured = Annotated[
    list[str] | None,
    typer.Option(
        "--measured", metavar="NAME=VALUE", rich_help_panel=_VERIFY,
        help="What your own program reached: step_time=210ms (repeatable).",
    ),
]  # fmt: skip
_Node = Annotated[
    int | None,
    typer.Option(
        "--node", metavar="N", min=0, help="The node that was measured, from 0.",
        rich_help_panel=_VERIFY,
    ),
]  # fmt: skip


def plan(
    report: _Report = None,
    program: _Program = None,
    workload: _Workload = None,
    strategy: _Strategy = None,
    target: _Target = None,
    output: _Output = None,
    force: _Force = False,
    include_identifiers: _Identifiers = False,
    image: _Image = "",
    port: _Port = 8080,
    host: _Hosts = None,
    verify: _Verify = None,
    measured: _Measured = None,
    node: _Node = None,
    as_json: Json = False,
) -> None:
    """Make a recommendation runnable, or hold its forecast against what was measured.

    Writes files and runs none of them.
    """
    from bitpath_cli.commands import _plans
    from bitpath_cli.model.plan import Program

    if verify is not None:
        raise typer.Exit(_plans.verify(verify, report, tuple(measured or ()), node, as_json))
    told = Program(words=tuple(program or ()), image=image, port=port, hosts=tuple(host or ()))
    _plans.make(
        _plans.required(report, "REPORT", "a report.json with advice, or --verify DIR"),
        workload, strategy,
        _plans.required(target, "--target", ", ".join(_plans.targets())),
        _plans.required(output, "--output", "a directory, such as plan"),
        told, force=force, include_identifiers=include_identifiers, as_json=as_json,
    )  # fmt: skip


COMMAND = Command(
    run=plan,
    panel="Decide",
    examples=(
        Example("bitpath plan report.json -t torchrun -o plan", "scripts for the nodes"),
        Example(
            "bitpath plan report.json -t slurm -o plan -- python3 train.py --epochs 90",
            "your own program",
        ),
        Example(
            "bitpath plan report.json -w cameras -t kubernetes -o plan --image lab/cameras:3",
            "a service",
        ),
        Example("bitpath plan result.json --verify plan", "the forecast beside what was measured"),
    ),
)
