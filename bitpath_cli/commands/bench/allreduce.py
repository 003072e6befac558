"""`bitpath bench allreduce`: the benchmark collectives, on one host or on several."""

from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs
from bitpath_cli.commands.bench._run import run

_PANEL = "Several hosts"
_Nodes = Annotated[
    int | None,
    typer.Option("--nnodes", metavar="N", help="How many hosts.", rich_help_panel=_PANEL),
]
_Node = Annotated[
    int | None,
    typer.Option(
        "--node-rank", metavar="R", rich_help_panel=_PANEL,
        help="This host's number, from 0; another on every host.",
    ),
]  # fmt: skip
_Rendezvous = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT", rich_help_panel=_PANEL,
        help="Host 0's address, where all meet; the same on every host.",
    ),
]  # fmt: skip
_Here = Annotated[
    int,
    typer.Option("--nproc-per-node", metavar="K", help="Ranks on each.", rich_help_panel=_PANEL),
]
_Join = Annotated[
    str,
    typer.Option(metavar="TIME", help="How long to wait for others.", rich_help_panel=_PANEL),
]
_Progress = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="How long nothing may move before it ends.", rich_help_panel=_PANEL
    ),
]
_Launcher = Annotated[
    Literal["auto", "local", "env"],
    typer.Option(
        metavar="auto|local|env", rich_help_panel=_PANEL,
        help="Who starts the ranks: env takes them from torchrun, srun, mpirun or Kubernetes.",
    ),
]  # fmt: skip


def allreduce(
    budget: Budget = "standard",
    nnodes: _Nodes = None,
    node_rank: _Node = None,
    rendezvous: _Rendezvous = "",
    nproc_per_node: _Here = 1,
    join_timeout: _Join = "60s",
    progress_timeout: _Progress = "30s",
    launcher: _Launcher = "auto",
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast processes on this host, or on several, sum a gradient together."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.commands._screen import remark
    from bitpath_cli.model.units import SECOND
    from bitpath_cli.workflows.crew import find_crew

    crew = find_crew(
        launcher, nnodes, node_rank, rendezvous, nproc_per_node,
        parse(join_timeout, SECOND, "--join-timeout"),
        parse(progress_timeout, SECOND, "--progress-timeout"),
    )  # fmt: skip
    for line in crew.remarks if crew is not None else ():
        remark(line)
    run(("collectives",), budget, output, as_json, crew=crew)


COMMAND = Command(
    run=allreduce,
    panel="Look and measure",
    examples=(
        Example("bitpath bench allreduce", "all-reduce by message size, every sum checked"),
        Example(
            "bitpath bench allreduce --nnodes 2 --node-rank 0 --rendezvous 10.0.0.1:29400",
            "with another host, which is told what to type",
        ),
        Example("torchrun --nproc-per-node 4 -m bitpath_cli bench allreduce", "under torchrun"),
    ),
)
