"""Assembles the command line from the files of this room; loads nothing that --help can do without.

Commands import their workflow, pydantic's models and whatever draws inside the verb.
"""

from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, Final

import typer

from bitpath_cli import __version__, commands, discover
from bitpath_cli.commands import Command, Example, Group

_SETTINGS: Final[dict[Any, Any]] = {"help_option_names": ["-h", "--help"]}
_SUMMARY: Final = """\
What your machines can really do for AI, what holds them back, and where to run a workload.

Measures compute, memory, storage, network and all-reduce, compares each with its ceiling, \
and recommends edge, cloud-native, hybrid or distributed, with the reasons."""
_EXAMPLES: Final = (
    Example("bitpath assess", "this machine, measured and judged"),
    Example("bitpath assess --budget quick --output report.json", "the same in half a minute"),
    Example("bitpath probe --explain", "what cannot be read here, and what would reveal it"),
)


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        help=_SUMMARY,
        epilog=_teach(_EXAMPLES),
        no_args_is_help=True,
        rich_markup_mode="rich",
        context_settings=_SETTINGS,
        pretty_exceptions_enable=False,
    )
    app.callback()(_before)
    _fill(app, commands)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from bitpath_cli.commands._screen import say

        say(f"bitpath {__version__}\n")
        raise typer.Exit


def _before(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """What stands before the command's name; the callback has done it all."""


def _fill(app: typer.Typer, room: ModuleType) -> None:
    for name in discover.names(room):
        module = import_module(f"{room.__name__}.{name}")
        if hasattr(module, "GROUP"):
            group: Group = module.GROUP
            folder = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
            _fill(folder, module)
            app.add_typer(
                folder, name=name, help=group.summary, epilog=_teach(group.examples),
                rich_help_panel=group.panel, context_settings=_SETTINGS,
            )  # fmt: skip
            continue
        command: Command = module.COMMAND
        app.command(
            name, epilog=_teach(command.examples), rich_help_panel=command.panel,
            no_args_is_help=False, context_settings=_SETTINGS,
        )(command.run)  # fmt: skip


def _teach(examples: tuple[Example, ...]) -> str:
    """Examples as an epilog: what to type, and below it what that does."""
    lines = [f"  [bold]$ {each.line}[/bold]\n    [dim]{each.does}[/dim]" for each in examples]
    return "\n".join(["[yellow]Examples[/yellow]", *lines])
