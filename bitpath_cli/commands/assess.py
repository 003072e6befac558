"""`bitpath assess`: this host, looked at, measured and judged."""

from dataclasses import replace
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example, _completion
from bitpath_cli.commands._options import (
    HERE,
    Aims,
    Budget,
    Directory,
    Goal,
    Json,
    Outputs,
    Site,
)

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

Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--peer", metavar="HOST[:PORT]", rich_help_panel="The uplink",
        help="Measure to the listener there, which stands where the cloud would (repeatable).",
    ),
]  # fmt: skip
Tokens = Annotated[
    list[str] | None,
    typer.Option(
        "--token", metavar="TOKEN", rich_help_panel="The uplink",
        help="What 'bitpath bench network --listen' printed there.",
    ),
]  # fmt: skip


def assess(
    workload: Workloads = None,
    site: Site = "default",
    goal: Goal = "balanced",
    budget: Budget = "standard",
    only: Names = None,
    skip: Skipped = None,
    aim: Aims = None,
    peer: Hosts = None,
    token: Tokens = None,
    output: Outputs = None,
    as_json: Json = False,
    directory: Directory = HERE,
) -> None:
    """Say what this machine can do, what holds it back, and where to run a workload."""
    from bitpath_cli.catalogue import DEFAULT_WORKLOAD
    from bitpath_cli.commands import _output, _verdict
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.workflows.assess import Wish, assess
    from bitpath_cli.workflows.peers import meet

    # Who asks for a part with --only and names no workload wants that part alone.
    example = () if only or workload else (DEFAULT_WORKLOAD,)
    wish = Wish(
        workloads=tuple(workload or example), is_example=bool(example), site=site, goal=goal,
        budget=budget, only=tuple(only or ()), skip=tuple(skip or ()), directory=str(directory),
        keep=_output.check(output), aims=tuple(aim or ()),
    )  # fmt: skip
    with meet(peer or (), token or ()) as peers:
        with progress() as bar:
            report = assess(replace(wish, peers=peers), bar)
        _output.deliver(report, output, as_json)
        peers.check()
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
        Example("bitpath assess --peer 10.0.0.1 --token …", "with the link to another host"),
    ),
)
