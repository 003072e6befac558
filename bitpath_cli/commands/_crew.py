"""The options by which hosts measure together, under one name each in every command that can."""

import sys
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

if TYPE_CHECKING:
    from bitpath_cli.workflows.crew import Crew

_PANEL: Final = "Several hosts"

LauncherName = Literal["auto", "local", "env", "ray"]

Nodes = Annotated[
    int | None,
    typer.Option("--nnodes", metavar="N", help="How many hosts.", rich_help_panel=_PANEL),
]
Node = Annotated[
    int | None,
    typer.Option(
        "--node-rank", metavar="R", rich_help_panel=_PANEL,
        help="This host's number, from 0; another on every host.",
    ),
]  # fmt: skip
Rendezvous = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT", rich_help_panel=_PANEL,
        help="Host 0's address, where all meet; the same on every host.",
    ),
]  # fmt: skip
Here = Annotated[
    int,
    typer.Option("--nproc-per-node", metavar="K", help="Ranks on each.", rich_help_panel=_PANEL),
]
JoinTime = Annotated[
    str,
    typer.Option(metavar="TIME", help="How long to wait for others.", rich_help_panel=_PANEL),
]
ProgressTime = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="How long nothing may move before it ends.", rich_help_panel=_PANEL
    ),
]
Launcher = Annotated[
    LauncherName,
    typer.Option(
        metavar="auto|local|env|ray", rich_help_panel=_PANEL,
        help="Who starts the ranks: env takes them from torchrun, srun, mpirun or Kubernetes; ray "
        "starts one on each node of a cluster.",
    ),
]  # fmt: skip
RayAddress = Annotated[
    str,
    typer.Option(
        "--ray-address", metavar="HOST:PORT", rich_help_panel=_PANEL,
        help="The head of the Ray cluster whose nodes take part.",
    ),
]  # fmt: skip


def enlist(
    launcher: LauncherName,
    nnodes: int | None,
    node_rank: int | None,
    rendezvous: str,
    nproc_per_node: int,
    join_timeout: str,
    progress_timeout: str,
    ray_address: str,
) -> "Crew | None":
    """Who measures together, as these options say; None for this host alone."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.model.units import SECOND
    from bitpath_cli.workflows.crew import find_crew

    return find_crew(
        launcher, nnodes, node_rank, rendezvous, nproc_per_node,
        parse(join_timeout, SECOND, "--join-timeout"),
        parse(progress_timeout, SECOND, "--progress-timeout"), ray_address, sys.argv[1:],
    )  # fmt: skip


def announce(crew: "Crew | None") -> None:
    """What the first host says before it waits: the line to type on the others."""
    from bitpath_cli.commands._screen import remark

    for line in () if crew is None else crew.remarks:
        remark(line)
