"""The options that several commands share, each under one name and with one meaning."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

HERE: Final = Path()

BudgetName = Literal["quick", "standard", "thorough"]
GoalName = Literal["balanced", "cost", "speed", "energy"]

Budget = Annotated[
    BudgetName,
    typer.Option(
        "--budget", "-b", help="How long to measure: about 20 s, 90 s or 10 min for everything."
    ),
]
Goal = Annotated[GoalName, typer.Option("--goal", "-g", help="What weighs most in the choice.")]
Site = Annotated[
    str, typer.Option("--site", "-s", metavar="NAME|FILE", help="The place, its links and prices.")
]
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
        help="Also write a file; .json, .md or .txt names the form. May be repeated.",
    ),
]  # fmt: skip
ReportFile = Annotated[
    Path, typer.Argument(metavar="REPORT", help="A report.json that bitpath wrote.")
]
