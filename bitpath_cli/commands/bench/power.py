"""`bitpath bench power`: the benchmark energy, or what a person read from a meter."""

from typing import TYPE_CHECKING, Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs, Repeat
from bitpath_cli.commands.bench._run import run

if TYPE_CHECKING:
    from bitpath_cli.model.report import Report

_Calibrate = Annotated[
    bool,
    typer.Option(
        "--calibrate", help="Keep the result for this host's later estimates of energy and cost."
    ),
]
_Wall = Annotated[
    str,
    typer.Option(
        "--wall-watts", metavar="IDLE:LOAD", show_default=False,
        help="What a meter at the wall shows at rest and at full load, such as 85W:310W.",
    ),
]  # fmt: skip


def power(
    budget: Budget = "standard",
    wall_watts: _Wall = "",
    calibrate: _Calibrate = False,
    repeat: Repeat = 1,
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """What this machine draws at rest and at full load, and what a FLOP costs in joules."""
    from bitpath_cli.workflows.power import read_wall, results

    known = results(read_wall(wall_watts)) if wall_watts else ()
    report = run(("energy",), budget, output, as_json, repeat=repeat, known=known)
    if calibrate:
        _keep(report)


def _keep(report: "Report") -> None:
    from bitpath_cli.commands._screen import remark
    from bitpath_cli.workflows.power import find_calibration, keep

    path = keep(find_calibration(report))
    remark(f"Kept for this host in {path}; bitpath assess uses it from now on.")


COMMAND = Command(
    run=power,
    panel="Look and measure",
    examples=(
        Example("bitpath bench power", "by this machine's own counters, where they can be read"),
        Example("bitpath bench power --calibrate", "the same, kept for later estimates"),
        Example("bitpath bench power --wall-watts 85W:310W --calibrate", "from a meter of yours"),
    ),
)
