"""`bitpath bench allreduce`: the benchmark collectives, on one host or on several."""

from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._crew import (
    Here,
    JoinTime,
    Launcher,
    Node,
    Nodes,
    ProgressTime,
    RayAddress,
    Rendezvous,
    announce,
    enlist,
)
from bitpath_cli.commands._options import Budget, Json, Outputs
from bitpath_cli.commands.bench._run import run

_Ops = Annotated[
    list[str] | None,
    typer.Option(
        "--op", metavar="OP",
        help="all_reduce, all_gather, reduce_scatter, broadcast, reduce, all_to_all or send_recv. "
        "May be repeated.",
    ),
]  # fmt: skip
_Dtypes = Annotated[
    list[str] | None,
    typer.Option(
        "--dtype", metavar="TYPE",
        help="float32, float64, float16, bfloat16, int8, int32 or int64. May be repeated.",
    ),
]  # fmt: skip
_Smallest = Annotated[
    str, typer.Option("--min-size", metavar="SIZE", help="The smallest message, such as 1KiB.")
]
_Largest = Annotated[
    str, typer.Option("--max-size", metavar="SIZE", help="The largest message, such as 256MiB.")
]
_Backend = Annotated[
    Literal["auto", "gloo", "nccl"],
    typer.Option(metavar="auto|gloo|nccl", help="nccl on NVIDIA GPUs, gloo on processors."),
]


def allreduce(
    budget: Budget = "standard",
    op: _Ops = None,
    dtype: _Dtypes = None,
    min_size: _Smallest = "",
    max_size: _Largest = "",
    backend: _Backend = "auto",
    nnodes: Nodes = None,
    node_rank: Node = None,
    rendezvous: Rendezvous = "",
    nproc_per_node: Here = 1,
    join_timeout: JoinTime = "60s",
    progress_timeout: ProgressTime = "30s",
    launcher: Launcher = "auto",
    ray_address: RayAddress = "",
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast processes on this host, or on several, sum a gradient together."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.model.units import BYTE
    from bitpath_cli.workflows.sweep import find_sweep

    crew = enlist(
        launcher, nnodes, node_rank, rendezvous, nproc_per_node, join_timeout, progress_timeout,
        ray_address,
    )  # fmt: skip
    sweep = find_sweep(
        op or ("all_reduce",), dtype or ("float32",),
        parse(min_size, BYTE, "--min-size") if min_size else None,
        parse(max_size, BYTE, "--max-size") if max_size else None,
        backend, diagnose=budget != "quick",
    )  # fmt: skip
    announce(crew)
    run(("collectives",), budget, output, as_json, crew=crew, asked={"collectives": sweep})


COMMAND = Command(
    run=allreduce,
    panel="Look and measure",
    examples=(
        Example("bitpath bench allreduce", "all-reduce by message size, every sum checked"),
        Example(
            "bitpath bench allreduce --nnodes 2 --node-rank 0 --rendezvous 10.0.0.1:29400",
            "with another host, which is told what to type",
        ),
        Example(
            "bitpath bench allreduce --op all_gather --dtype bfloat16 --max-size 16MiB",
            "another collective, type and range of sizes",
        ),
        Example("torchrun --nproc-per-node 4 -m bitpath_cli bench allreduce", "under torchrun"),
    ),
)
