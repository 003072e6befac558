"""`bitpath assess`: this host, looked at, measured and judged."""

from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example, _completion
from bitpath_cli.commands._options import HERE, Budget, Directory, Goal, Json, Outputs, Site

Names = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="NAME", help="Run only this probe or benchmark (repeatable).",
        autocompletion=_completion.members,
    ),
]  # fmt: skip
Skipped = Annotated[
    list[str] | None,
    typer.Option(
        "--skip", metavar="NAME", help="Leave this probe or benchmark out (repeatable).",
        autocompletion=_completion.members,
    ),
]  # fmt: skip
Workloads = Annotated[
    list[str] | None,
    typer.Option(
        "--workload", "-w", metavar="NAME|FILE", help="What is to run here (repeatable).",
        autocompletion=_completion.workloads,
        show_default="resnet50-training, an example",
    ),
]  # fmt: skip


def assess(
    workload: Workloads = None,
    site: Site = "default",
    goal: Goal = "balanced",
    budget: Budget = "standard",
    only: Names = None,
    skip: Skipped = None,
    output: Outputs = None,
    as_json: Json = False,
    directory: Directory = HERE,
) -> None:
    """Say what this machine can do, what holds it back, and where to run a workload."""
    from bitpath_cli.catalogue import DEFAULT_WORKLOAD
    from bitpath_cli.commands import _output, _verdict
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.workflows.assess import Wish, assess

    # Who asks for a part with --only and names no workload wants that part alone.
    example = () if only or workload else (DEFAULT_WORKLOAD,)
    wish = Wish(
        workloads=tuple(workload or example), is_example=bool(example), site=site, goal=goal,
        budget=budget, only=tuple(only or ()), skip=tuple(skip or ()), directory=str(directory),
        keep=_output.check(output),
    )  # fmt: skip
    with progress() as bar:
        report = assess(wish, bar)
    _output.deliver(report, output, as_json)
    _verdict.check_measured(report, tuple(only or ()))
    raise typer.Exit(_verdict.exit_code(report))


COMMAND = Command(
    run=assess,
    panel="Look and measure",
    examples=(
        Example("bitpath assess", "this host, for an example workload"),
        Example("bitpath assess -w manufacturing-inspection -b quick", "a service, in less time"),
        Example("bitpath assess --only gemm --only cpu --json", "one benchmark, for a program"),
        Example("bitpath assess -d /data -o report.json -o report.md", "another disk; two files"),
    ),
)
