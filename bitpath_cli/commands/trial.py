"""`bitpath trial`: runs the candidates in small and tells what the recommendation was worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from bitpath_cli.commands._service_trial import (
    ArrivalName,
    Placements,
    Rate,
    ServeOn,
    Slo,
    Small,
    Threads,
    TokenFile,
    Workload,
    is_service,
    wish_of,
)

if TYPE_CHECKING:
    from bitpath_cli.workflows.trial_report import TriedOut

_Report = Annotated[
    Path,
    typer.Argument(metavar="REPORT", help="A report.json of this host; read on host 0 alone."),
]
_Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="MODEL", show_default="resnet",
        help="mlp, resnet, transformer or recommender, in small; a service's as bench inference's.",
    ),
]  # fmt: skip
_Syncs = Annotated[
    list[str] | None,
    typer.Option(
        "--sync",
        metavar="SYNC",
        help="ddp, local-sgd, momentum, parameter-server, fp16-compress or powersgd; the first two "
        "unless given. May be repeated.",
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
    model: _Model = "",
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
    workload: Workload = "",
    serve_on: ServeOn = "",
    token_file: TokenFile = None,
    placement: Placements = None,
    rate: Rate = "",
    arrival: ArrivalName = "",
    slo: Slo = "",
    small_model: Small = "",
    threads: Threads = None,
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

    if is_service(workload, serve_on, placement, rate, arrival, slo):
        from bitpath_cli.errors import BadValue
        from bitpath_cli.workflows.serving_trial import try_service

        if nnodes is not None or rendezvous:
            raise BadValue(
                "--nnodes", f"{nnodes or rendezvous}",
                "for a job; a service's trial is typed at the edge alone, with --serve-on",
            )  # fmt: skip
        here = archive.load(report)
        service = wish_of(
            model, site, cap, workload, serve_on, token_file, placement, rate, arrival, slo,
            small_model, threads, _output.check(output),
        )  # fmt: skip
        with progress() as bar:
            tried = try_service(service, here, bar)
        _conclude(tried, report, output, as_json, calibrate)
        return
    crew = enlist(
        launcher, nnodes, node_rank, rendezvous, nproc_per_node, join_timeout, progress_timeout,
        ray_address,
    )  # fmt: skip
    is_first = crew is None or crew.place.node == 0
    known = archive.load(report) if is_first else None
    kept = _output.check(output) if is_first else ()
    wish = TrialWish(
        model=models([model or "resnet"])[0], site=site,
        syncs=syncs(sync or ["ddp", "local-sgd"]), every=every, batch=batch_size,
        cap_seconds=parse(cap, SECOND, "--cap"), directory=str(directory),
        hosts=nproc_per_node if crew is None else crew.place.nodes * crew.ranks_here, crew=crew,
        keep=kept,
        simulated_rate=parse(simulated_rate, FLOP_PER_SECOND, "--simulated-rate")
        if simulated_rate
        else None,
    )  # fmt: skip
    announce(crew)
    with progress() as bar:
        found = try_out(wish, known, bar)
    _conclude(found, report, output, as_json, calibrate)


def _conclude(
    found: "TriedOut", report: Path, output: list[Path] | None, as_json: bool, calibrate: bool
) -> None:
    """Keep and show what there is, then say what ended it early."""
    from bitpath_cli import archive
    from bitpath_cli.commands import _output

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
        Example(
            "bitpath trial report.json --rate 10/s",
            "a service instead: the small ResNet at the edge, split, in a cascade and away",
        ),
        Example(
            "bitpath trial report.json -w manufacturing-inspection --serve-on 10.0.0.2:29471 "
            "--token-file token",
            "a workload's service in small, with bitpath serve -w on the other host",
        ),
    ),
)
