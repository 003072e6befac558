"""`bitpath profiles new`: a workload's profile from the user's own model, counted."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bitpath_cli.commands import Command, Example

_Model = Annotated[
    str,
    typer.Option(
        "--model", "-m", metavar="PACKAGE.MODULE:FACTORY", show_default=False,
        help="A function of yours that returns the model, or the model and its example inputs. "
        "It is run.",
    ),
]  # fmt: skip
_Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="SHAPE[:TYPE]",
        help="One sample's shape, as in 3x224x224 or 128:int64; once for each input.",
    ),
]  # fmt: skip
_Task = Annotated[
    Literal["training", "serving"],
    typer.Option("--task", metavar="TASK", help="What is to be done with it: training or serving."),
]
_Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="What only you know: training.epochs=90 (repeatable)."
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE.toml", show_default=False,
        help="Where the profile goes; without it, to the screen.",
    ),
]  # fmt: skip
_Force = Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")]


def new(
    model: _Model,
    inputs: _Input = None,
    task: _Task = "training",
    stated: _Set = None,
    output: _Output = None,
    force: _Force = False,
) -> None:
    """Count your own model and write a profile of it; what cannot be counted is marked with ?.

    Counted are parameters, FLOP and matrix operations of a forward pass, what it keeps for the
    backward pass, and what its other operations move.
    """
    from bitpath_cli import archive
    from bitpath_cli.commands._screen import say
    from bitpath_cli.workflows.count import Order, profile_of
    from bitpath_cli.workflows.day import today

    if output is not None:
        _check(output, force)
    order = Order(model, tuple(inputs or ()), task, tuple(stated or ()))
    text = profile_of(order, today())
    if output is None:
        say(text)
        return
    archive.write(output, text)
    _tell(output)


def _check(output: Path, force: bool) -> None:
    from bitpath_cli.errors import BadValue

    if output.suffix != ".toml":
        raise BadValue("--output", str(output), "a name that ends in .toml")
    if output.exists() and not force:
        raise BadValue("--output", str(output), "a file that is not there yet, or --force")


def _path(output: Path) -> str:
    """With a slash in it, so that it is not taken for a name."""
    return str(output) if "/" in str(output) else f"./{output}"


def _tell(output: Path) -> None:
    """What is left to do with the file."""
    from bitpath_cli import catalogue
    from bitpath_cli.commands._screen import remark, say

    faults = catalogue.faults("workload", output)
    for each in faults:
        remark(f"{each.what} {each.why}".rstrip())
    if not faults:
        say(f"{output} can be used: bitpath recommend report.json --workload {_path(output)}\n")
        return
    say(
        f"{output} is written. State what is left, {len(faults)} fields, then: "
        f"bitpath profiles validate {output}\n"
    )


COMMAND = Command(
    run=new,
    panel="Reports and profiles",
    examples=(
        Example(
            "bitpath profiles new --model mine.models:build --input 3x224x224 -o mine.toml",
            "a training job with your own model",
        ),
        Example(
            "bitpath profiles new -m mine:chat -i 128:int64 --task serving "
            "--set 'serving.latency=200 ms' -o chat.toml",
            "a service, with its limit stated at once",
        ),
    ),
)
