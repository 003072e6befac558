"""The options by which `bitpath trial` tries a service instead of a job."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bitpath_cli.commands import _completion

if TYPE_CHECKING:
    from bitpath_cli.workflows.serving_trial import ServingWish

_PANEL = "A service"

Workload = Annotated[
    str,
    typer.Option(
        "--workload", "-w", metavar="NAME|FILE", rich_help_panel=_PANEL,
        help="A service's profile, tried in small.", autocompletion=_completion.workloads,
    ),
]  # fmt: skip
ServeOn = Annotated[
    str,
    typer.Option(
        metavar="HOST:PORT", rich_help_panel=_PANEL,
        help="Where bitpath serve runs with the same model; without it a process of this host.",
    ),
]  # fmt: skip
TokenFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", rich_help_panel=_PANEL, help="The service's token."),
]
Placements = Annotated[
    list[str] | None,
    typer.Option(
        "--placement", metavar="WHERE", rich_help_panel=_PANEL,
        help="edge, cloud, split:K or cascade:F; each that can be unless given. May be repeated.",
    ),
]  # fmt: skip
Rate = Annotated[
    str, typer.Option(metavar="RATE", rich_help_panel=_PANEL, help="Requests a second: 10/s.")
]
ArrivalName = Annotated[
    Literal["", "poisson", "periodic"],
    typer.Option(
        "--arrival", metavar="poisson|periodic", rich_help_panel=_PANEL, help="How they arrive."
    ),
]
Slo = Annotated[
    str,
    typer.Option(
        metavar="TIME", rich_help_panel=_PANEL, help="What the 95th percentile may not exceed."
    ),
]
Small = Annotated[
    str,
    typer.Option(
        metavar="MODEL", rich_help_panel=_PANEL,
        help="A cascade's model at the edge; the same with half its channels by default.",
    ),
]  # fmt: skip
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, rich_help_panel=_PANEL,
        help="Threads to compute with; all by default, half of them without --serve-on.",
    ),
]  # fmt: skip

_MODEL = "resnet"
_JUDGED = 0.95


def is_service(
    workload: str, serve_on: str, placement: list[str] | None, rate: str, arrival: str, slo: str
) -> bool:
    """Whether any option was given that only a service has."""
    return bool(workload or serve_on or placement or rate or arrival or slo)


def wish_of(
    model: str | None, site: str, cap: str, workload: str, serve_on: str, token_file: Path | None,
    placement: list[str] | None, rate: str, arrival: Literal["", "poisson", "periodic"], slo: str,
    small_model: str, threads: int | None, keep: tuple[Path, ...],
) -> "ServingWish":  # fmt: skip
    """What these options ask for; what a workload says gives way to what was typed."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.model.units import PER_SECOND, SECOND
    from bitpath_cli.workflows.serving_trial import ServingWish
    from bitpath_cli.workflows.small_service import small_service

    asked = small_service(workload) if workload else None
    wish = ServingWish(
        model=model or _MODEL, placements=tuple(placement or ()), serve_on=serve_on,
        token_file=token_file, small=small_model, site=site, threads=threads,
        cap_seconds=parse(cap, SECOND, "--cap"), keep=keep,
    )  # fmt: skip
    if asked is not None:
        wish = replace(
            wish, name=asked.name, model=model or asked.model, rate=asked.rate,
            arrival=asked.arrival, limit_seconds=asked.limit_seconds, percentile=asked.percentile,
            stays=asked.stays, words="" if model else asked.words,
        )  # fmt: skip
    if slo:
        wish = replace(wish, limit_seconds=parse(slo, SECOND, "--slo"), percentile=_JUDGED)
    return replace(
        wish,
        rate=parse(rate, PER_SECOND, "--rate") if rate else wish.rate,
        arrival=arrival or wish.arrival,
    )
