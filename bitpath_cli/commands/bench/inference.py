"""`bitpath bench inference`: a model here in several forms, or placed on two hosts."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Budget, Json, Outputs

_PANEL = "Two hosts"
_Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="MODEL",
        help="mlp, resnet, transformer, recommender, FILE.onnx, FILE.pt2, or your own code: "
        "package.module:factory is imported and called.",
    ),
]  # fmt: skip
_Scenarios = Annotated[
    list[str] | None,
    typer.Option(
        "--scenario", metavar="S",
        help="single_stream, multi_stream, server or offline. May be repeated.",
    ),
]  # fmt: skip
_Precisions = Annotated[
    list[str] | None,
    typer.Option(
        "--precision", metavar="P",
        help="float32, bfloat16, int8-dynamic or int8-static, compared with float32. "
        "May be repeated.",
    ),
]  # fmt: skip
_Engine = Annotated[
    str,
    typer.Option(
        metavar="E",
        help="eager, compiled or onnxruntime. Without one: compiled where int8 is asked for.",
    ),
]
_Batches = Annotated[
    list[int] | None,
    typer.Option("--batch-size", metavar="N", min=1, help="Samples a query. May be repeated."),
]
_Prunings = Annotated[
    list[str] | None,
    typer.Option(
        "--prune", metavar="HOW:SHARE",
        help="structured:0.5 takes channels out, unstructured:0.5 sets weights to zero.",
    ),
]  # fmt: skip
_Slo = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="The limit that a server's answers keep: adds the largest such rate."
    ),
]
_Percentile = Annotated[
    float, typer.Option(metavar="P", help="The percentage of answers that keep --slo.")
]
_Threads = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Threads to compute with; all by default.")
]
_Remote = Annotated[
    str,
    typer.Option(
        metavar="http://HOST:PORT", rich_help_panel=_PANEL, help="Where bitpath serve runs."
    ),
]
_TokenFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", rich_help_panel=_PANEL, help="The service's token."),
]
_Placements = Annotated[
    list[str] | None,
    typer.Option(
        "--placement", metavar="WHERE", rich_help_panel=_PANEL,
        help="edge, cloud, split:K or cascade:F; cloud by default. May be repeated.",
    ),
]  # fmt: skip
_Rate = Annotated[
    str, typer.Option(metavar="RATE", rich_help_panel=_PANEL, help="Requests a second: 10/s.")
]
_Arrival = Annotated[
    Literal["poisson", "periodic"],
    typer.Option(metavar="poisson|periodic", rich_help_panel=_PANEL, help="How they arrive."),
]
_Small = Annotated[
    str,
    typer.Option(
        metavar="MODEL", rich_help_panel=_PANEL,
        help="A cascade's model at the edge; the same with half its channels by default.",
    ),
]  # fmt: skip


def inference(
    model: _Model = "resnet",
    scenario: _Scenarios = None,
    precision: _Precisions = None,
    engine: _Engine = "",
    batch_size: _Batches = None,
    prune: _Prunings = None,
    slo: _Slo = "",
    percentile: _Percentile = 99.0,
    threads: _Threads = None,
    budget: Budget = "standard",
    remote: _Remote = "",
    token_file: _TokenFile = None,
    placement: _Placements = None,
    rate: _Rate = "10/s",
    arrival: _Arrival = "poisson",
    small_model: _Small = "",
    output: Outputs = None,
    as_json: Json = False,
) -> None:
    """How fast a model answers, by batch, precision and pruning, or placed on two hosts."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.commands import _output, _verdict
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.commands._screen import remark
    from bitpath_cli.model.units import PER_SECOND, SECOND
    from bitpath_cli.workflows import placements
    from bitpath_cli.workflows.assess import Wish
    from bitpath_cli.workflows.infer import Asked, infer, name_code

    keep = _output.check(output)
    for line in name_code(model, small_model):
        remark(line)
    failure = None
    with progress() as bar:
        if remote or placement:
            wanted = placements.Wanted(
                model, tuple(placement or ("cloud",)), remote, token_file,
                parse(rate, PER_SECOND, "--rate"), arrival, budget, threads, small_model,
            )  # fmt: skip
            report, failure = placements.compare(wanted, bar)
        else:
            asked = Asked(
                model=model, scenarios=tuple(scenario or ()), precisions=tuple(precision or ()),
                engine=engine, batch_sizes=tuple(batch_size or ()), prunings=tuple(prune or ()),
                limit_seconds=parse(slo, SECOND, "--slo") if slo else None,
                percentile=percentile / 100, threads=threads,
            )  # fmt: skip
            report = infer(asked, Wish(budget=budget, keep=keep), bar)
    _output.deliver(report, output, as_json)
    if failure is not None:
        raise failure
    _verdict.check_measured(report, ("inference",))


COMMAND = Command(
    run=inference,
    panel="Look and measure",
    examples=(
        Example("bitpath bench inference", "a small ResNet in float32, bfloat16 and int8"),
        Example(
            "bitpath bench inference --model mlp --slo 5ms --percentile 95",
            "and the largest rate at which 95 % of the answers come within 5 ms",
        ),
        Example(
            "bitpath bench inference --model mine:build --prune structured:0.3",
            "your own model, with and without 30 % of its channels",
        ),
        Example(
            "bitpath bench inference --remote http://10.0.0.2:29471 --token-file token "
            "--placement edge --placement cloud",
            "here against there, where bitpath serve runs",
        ),
    ),
)
