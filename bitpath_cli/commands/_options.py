"""The options that several commands share, each under one name and with one meaning."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from bitpath_cli.commands import _completion

HERE: Final = Path()

BudgetName = Literal["quick", "standard", "thorough"]
GoalName = Literal["balanced", "cost", "speed", "energy"]

Budget = Annotated[
    BudgetName,
    typer.Option(
        "--budget", "-b", metavar="BUDGET",
        help="Time for everything: quick (20 s), standard (90 s) or thorough (10 min).",
    ),
]  # fmt: skip
Goal = Annotated[
    GoalName,
    typer.Option(
        "--goal", "-g", metavar="GOAL",
        help="What weighs most in the choice: balanced, cost, speed or energy.",
    ),
]  # fmt: skip
Site = Annotated[
    str,
    typer.Option(
        "--site", "-s", metavar="NAME|FILE", help="The place, its links and prices.",
        autocompletion=_completion.sites,
    ),
]  # fmt: skip
Directory = Annotated[
    Path,
    typer.Option(
        "--dir", "-d", metavar="DIR", help="The directory whose disk is looked at and measured."
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", metavar="FILE",
        help="Also write a file; .json, .html, .md, .csv or .txt names the form (repeatable).",
    ),
]  # fmt: skip
Repeat = Annotated[
    int,
    typer.Option(
        "--repeat", metavar="N", min=1, show_default=False,
        help="Measure it all N times, and show how far the runs lie apart.",
    ),
]  # fmt: skip
ReportFile = Annotated[
    Path, typer.Argument(metavar="REPORT", help="A report.json that bitpath wrote.")
]
Aims = Annotated[
    list[str] | None,
    typer.Option(
        "--aim", metavar="NAME=CHANGE",
        help="A change to reach, judged by bitpath compare: cost=-20%, energy=-10%, "
        "gemm.throughput=+10% (repeatable).",
    ),
]  # fmt: skip
