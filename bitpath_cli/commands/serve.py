"""`bitpath serve`: a model answered over HTTP, for placements measured between two hosts."""

from pathlib import Path
from typing import Annotated

import typer

from bitpath_cli.commands import Command, Example, _completion

_Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="MODEL",
        help="mlp, resnet, transformer, recommender, FILE.onnx, FILE.pt2, or your own code: "
        "package.module:factory is imported and called.",
    ),
]  # fmt: skip
_Workload = Annotated[
    str,
    typer.Option(
        "--workload", "-w", metavar="NAME|FILE", autocompletion=_completion.workloads,
        help="A service's profile: the network that bitpath trial -w takes for it, in small.",
    ),
]  # fmt: skip
_Listen = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Where to listen; loopback unless told otherwise.")
]
_TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="The token that a caller must have; made where there is no such file."
    ),
]
_Precision = Annotated[
    str, typer.Option(metavar="P", help="float32, bfloat16, int8-dynamic or int8-static.")
]
_Engine = Annotated[str, typer.Option(metavar="E", help="eager, compiled or onnxruntime.")]
_Threads = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Threads to compute with; all by default.")
]
_Queue = Annotated[
    int, typer.Option(metavar="N", min=1, help="Requests that may wait; beyond, the answer is 503.")
]
_Timeout = Annotated[str, typer.Option(metavar="TIME", help="How long a request may take.")]
_Body = Annotated[str, typer.Option(metavar="SIZE", help="How large a request may be.")]


def serve(
    model: _Model = "resnet",
    workload: _Workload = "",
    listen: _Listen = "127.0.0.1:29471",
    token_file: _TokenFile = None,
    precision: _Precision = "float32",
    engine: _Engine = "eager",
    threads: _Threads = None,
    queue: _Queue = 32,
    request_timeout: _Timeout = "30s",
    max_body: _Body = "64MiB",
) -> None:
    """Answer with a model over HTTP until you stop it, so that another host can measure it."""
    from bitpath_cli.amounts import parse
    from bitpath_cli.commands._screen import remark
    from bitpath_cli.model.units import BYTE, SECOND
    from bitpath_cli.workflows.serve import Offer, offer

    if workload:
        from bitpath_cli.workflows.small_service import small_service

        model = small_service(workload).model
    offer(
        Offer(
            model=model, place=listen, token_file=token_file, precision=precision, engine=engine,
            threads=threads, most_waiting=queue,
            request_seconds=parse(request_timeout, SECOND, "--request-timeout"),
            body_bytes=round(parse(max_body, BYTE, "--max-body")),
        ),
        remark,
    )  # fmt: skip


COMMAND = Command(
    run=serve,
    panel="Look and measure",
    examples=(
        Example("bitpath serve", "the small ResNet on loopback, with a token that is said once"),
        Example(
            "bitpath serve --listen 10.0.0.2:29471 --token-file token",
            "for another host, which bench inference --remote or trial --serve-on then measures",
        ),
    ),
)
