"""`bitpath recommend`: advice from a saved report; no hardware is touched."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example, _completion
from bitpath_cli.commands._options import Aims, Goal, Json, Outputs, Site

Reports = Annotated[
    list[Path],
    typer.Argument(
        metavar="REPORT", help="A report.json, several, a fleet report, or directories of them."
    ),
]
Workloads = Annotated[
    list[str],
    typer.Option(
        "--workload", "-w", metavar="NAME|FILE", help="What is to run.",
        autocompletion=_completion.workloads,
    ),
]  # fmt: skip
Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--lambda", metavar="TERM=X",
        help="A weight beside the goal's: compute, storage, bandwidth, hardware or energy; or "
        "decay, which holds the optimiser to what there is today.",
    ),
]  # fmt: skip
References = Annotated[
    list[str] | None,
    typer.Option(
        "--reference", metavar="TERM=X",
        help="Your own budget for a term in place of today's host: hardware=2000, compute=24h.",
    ),
]  # fmt: skip
Owned = Annotated[
    Literal["amortised", "sunk"],
    typer.Option(
        "--owned", metavar="HOW", help="Count what you own as amortised, or as sunk (paid for)."
    ),
]
MostNodes = Annotated[
    int | None,
    typer.Option("--max-nodes", metavar="N", min=1, max=1024, help="The largest cluster."),
]
Money = Annotated[
    str | None,
    typer.Option("--budget-money", metavar="X", help="What a job or a month may cost."),
]
Deadline = Annotated[
    str | None, typer.Option("--deadline", metavar="T", help="When a job must end, as in 48h.")
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if", metavar="KEY=X",
        help="Answer as if: network, latency, uplink, rtt, nodes, batch or requests were so.",
    ),
]  # fmt: skip
Measured = Annotated[
    list[str] | None,
    typer.Option(
        "--measured", metavar="DEVICE=FILE",
        help="What a device that could be had really reaches: a report of a machine with it.",
    ),
]  # fmt: skip
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Also show every number with its origin, down to the formula."),
]


def recommend(
    report: Reports,
    workload: Workloads,
    site: Site = "default",
    goal: Goal = "balanced",
    weight: Weights = None,
    reference: References = None,
    owned: Owned = "amortised",
    max_nodes: MostNodes = None,
    budget_money: Money = None,
    deadline: Deadline = None,
    what_if: WhatIf = None,
    measured: Measured = None,
    aim: Aims = None,
    explain: Explain = False,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """Say where to run a workload, from what was measured before.

    Reports of one host count together. Those of several, or a fleet report, are a fleet whose hosts
    may share the work.
    """
    from bitpath_cli.commands import _output
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.commands._verdict import exit_code
    from bitpath_cli.model.demands import Demands
    from bitpath_cli.workflows.decide import decide
    from bitpath_cli.workflows.gather import gather

    _output.check(output)
    demands = Demands(
        goal=goal, lambdas=tuple(weight or ()), references=tuple(reference or ()), owned=owned,
        largest_cluster=max_nodes, budget=budget_money, deadline=deadline,
        what_if=tuple(what_if or ()), measured=tuple(measured or ()),
    )  # fmt: skip
    with progress() as bar:
        told = gather(report, bar)
    found = decide(told, tuple(workload), site, demands, tuple(aim or ()))
    _output.deliver(found, output, as_json)
    if explain and not as_json:
        from bitpath_cli.commands._screen import colour, say, width
        from bitpath_cli.renderers.reckoning import render_reckoning

        say(render_reckoning(found, width(), colour(sys.stdout)))
    raise typer.Exit(exit_code(found))


COMMAND = Command(
    run=recommend,
    panel="Decide",
    examples=(
        Example("bitpath recommend report.json -w resnet50-training", "where to train"),
        Example("bitpath recommend fleet.json -w resnet50-training", "on the hosts there are"),
        Example("bitpath recommend report.json -w line.toml --goal cost", "a workload of your own"),
        Example(
            "bitpath recommend report.json -w resnet50-training --what-if network=10Gbit/s,nodes=8",
            "as if the network were faster",
        ),
        Example(
            "bitpath recommend report.json -w resnet50-training --deadline 48h --budget-money 50",
            "within limits",
        ),
    ),
)
