"""`bitpath trial`: runs the candidates in small and tells what the recommendation was worth."""

from pathlib import Path
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
from bitpath_cli.commands._options import HERE, Directory, Json, Outputs, Site

_Report = Annotated[
    Path,
    typer.Argument(metavar="REPORT", help="A report.json of this host; read on host 0 alone."),
]
_Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="MODEL", help="mlp, resnet, transformer or recommender, in small."
    ),
]
_Syncs = Annotated[
    list[str] | None,
    typer.Option(
        "--sync", metavar="SYNC", help="ddp or local-sgd; both unless given. May be repeated."
    ),
]
_Every = Annotated[int, typer.Option(metavar="H", help="Steps between averages of local-sgd.")]
_Batch = Annotated[
    int,
    typer.Option(metavar="N", help="Samples a step, over all nodes; 0 is the model's usual."),
]
_Cap = Annotated[str, typer.Option(metavar="TIME", help="How long the measuring may take.")]
_Rate = Annotated[
    str,
    typer.Option(
        metavar="FLOP/s",
        help="Sleep as long as a device of this speed would compute; the all-reduce stays real.",
    ),
]


def trial(
    report: _Report,
    model: _Model = "resnet",
    site: Site = "default",
    sync: _Syncs = None,
    every: _Every = 8,
    batch_size: _Batch = 0,
    cap: _Cap = "2min",
    simulated_rate: _Rate = "",
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Keep what was learnt in REPORT itself.")
    ] = False,
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
    """Run the candidates briefly: predicted beside measured, and what the advice cost."""
    from bitpath_cli import archive
    from bitpath_cli.amounts import parse
    from bitpath_cli.commands import _output
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.model.units import FLOP_PER_SECOND, SECOND
    from bitpath_cli.workflows.lessons import models, syncs
    from bitpath_cli.workflows.trial import TrialWish, try_out

    crew = enlist(
        launcher, nnodes, node_rank, rendezvous, nproc_per_node, join_timeout, progress_timeout,
        ray_address,
    )  # fmt: skip
    is_first = crew is None or crew.place.node == 0
    known = archive.load(report) if is_first else None
    kept = _output.check(output) if is_first else ()
    wish = TrialWish(
        model=models([model])[0], site=site, syncs=syncs(sync or ["ddp", "local-sgd"]), every=every,
        batch=batch_size, cap_seconds=parse(cap, SECOND, "--cap"), directory=str(directory),
        hosts=nproc_per_node if crew is None else crew.place.nodes * crew.ranks_here, crew=crew,
        keep=kept,
        simulated_rate=parse(simulated_rate, FLOP_PER_SECOND, "--simulated-rate")
        if simulated_rate
        else None,
    )  # fmt: skip
    announce(crew)
    with progress() as bar:
        found = try_out(wish, known, bar)
    if found.report is not None:
        if calibrate:
            archive.save(found.report, report)
        _output.deliver(found.report, output, as_json)
    if found.failure is not None:
        raise found.failure
    if found.is_interrupted:
        raise KeyboardInterrupt


COMMAND = Command(
    run=trial,
    panel="Decide",
    examples=(
        Example("bitpath trial report.json --nproc-per-node 2", "two ranks of this host"),
        Example(
            "bitpath trial report.json --nnodes 2 --node-rank 0 --rendezvous 10.0.0.1:29400",
            "with another host, which is told what to type",
        ),
        Example("bitpath trial report.json --model mlp --cap 5min", "another model, and longer"),
    ),
)
