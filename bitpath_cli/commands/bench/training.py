"""`bitpath bench training`: the benchmark train_step, on one host or on several."""

from typing import Annotated

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
from bitpath_cli.commands._options import HERE, Budget, Directory, Json, Outputs
from bitpath_cli.commands.bench._run import run

_Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", "-m", metavar="MODEL",
        help="mlp, resnet, transformer or recommender, each in small. May be repeated.",
    ),
]  # fmt: skip
_Syncs = Annotated[
    list[str] | None,
    typer.Option(
        "--sync", metavar="SYNC",
        help="single, ddp, local-sgd, post-local-sgd, momentum, parameter-server, powersgd or "
        "fp16-compress. May be repeated: then they are compared.",
    ),
]  # fmt: skip
_Every = Annotated[
    int,
    typer.Option(metavar="H", help="Steps between averages for the syncs that average models."),
]
_Batch = Annotated[
    int,
    typer.Option(metavar="N", help="Samples a step, over all ranks; 0 is the model's usual."),
]
_Rate = Annotated[
    str,
    typer.Option(
        metavar="FLOP/s",
        help="Sleep as long as a device of this speed would compute; the all-reduce stays real.",
    ),
]


def training(
    model: _Models = None,
    sync: _Syncs = None,
    every: _Every = 8,
    batch_size: _Batch = 0,
    simulated_rate: _Rate = "",
    budget: Budget = "standard",
    directory: Directory = HERE,
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
    """How fast small models really train here, alone or over hosts, and what they learn."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.model.units import FLOP_PER_SECOND
    from bitpath_cli.workflows.lessons import Lesson, models, syncs

    crew = enlist(
        launcher, nnodes, node_rank, rendezvous, nproc_per_node, join_timeout, progress_timeout,
        ray_address,
    )  # fmt: skip
    rate = parse(simulated_rate, FLOP_PER_SECOND, "--simulated-rate") if simulated_rate else None
    lesson = Lesson(
        models(model or ["resnet"]), syncs(sync or ()), every, batch_size, nproc_per_node, rate
    )
    cases = lesson.cases(crew)
    announce(crew)
    run(
        ("train_step",), budget, output, as_json, directory, crew=crew,
        asked={"train_step": cases},
    )  # fmt: skip


COMMAND = Command(
    run=training,
    panel="Look and measure",
    examples=(
        Example("bitpath bench training", "a small ResNet on this host, step by step"),
        Example(
            "bitpath bench training --nproc-per-node 2 --sync ddp --sync local-sgd --model mlp",
            "two ranks here, and what each way of synchronising learns in equal time",
        ),
        Example(
            "bitpath bench training --nnodes 2 --node-rank 0 --rendezvous 10.0.0.1:29400",
            "with another host, which is told what to type",
        ),
    ),
)
