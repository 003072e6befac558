"""`bitpath monitor`: this machine from second to second, with alerts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import HERE, Directory

if TYPE_CHECKING:
    from bitpath_cli.workflows.watch import Watch

Interval = Annotated[
    str, typer.Option("--interval", "-i", metavar="TIME", help="Time between two samples.")
]
Duration = Annotated[
    str | None,
    typer.Option(
        "--duration", metavar="TIME",
        help="End after this long: with 1 if a warning or worse fired, else with 0.",
    ),
]  # fmt: skip
Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules", metavar="FILE", help="Alert rules in TOML.", show_default="the shipped ones"
    ),
]
ExportRules = Annotated[
    Path | None,
    typer.Option(
        "--export-rules", metavar="FILE",
        help="Only write the rules as a Prometheus rules file, - for stdout, and end.",
    ),
]  # fmt: skip
Against = Annotated[
    Path | None,
    typer.Option(
        "--against", metavar="REPORT",
        help="Say what differs from the machine that this report assessed.",
    ),
]  # fmt: skip
Prometheus = Annotated[
    str | None,
    typer.Option(
        "--prometheus", metavar="HOST:PORT",
        help="Serve metrics to Prometheus; a port alone serves this host only.",
    ),
]  # fmt: skip
Certificate = Annotated[
    Path | None,
    typer.Option("--prometheus-cert", metavar="FILE", help="Serve TLS with this PEM certificate."),
]
Key = Annotated[
    Path | None, typer.Option("--prometheus-key", metavar="FILE", help="The certificate's key.")
]
Token = Annotated[
    Path | None,
    typer.Option("--prometheus-token", metavar="FILE", help="Ask for the bearer token in a file."),
]
Password = Annotated[
    Path | None,
    typer.Option(
        "--prometheus-password", metavar="FILE", help="Ask for the USER:PASSWORD in a file."
    ),
]
Textfile = Annotated[
    Path | None,
    typer.Option(
        "--textfile", metavar="FILE.prom", help="Write metrics for node_exporter's collector."
    ),
]
Tensorboard = Annotated[
    Path | None,
    typer.Option("--tensorboard", metavar="DIR", help="Write event files into a directory."),
]
Log = Annotated[
    Path | None, typer.Option("--log", metavar="FILE.jsonl", help="Append JSON lines to a file.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON lines also where stdout is a terminal.")
]


def monitor(
    interval: Interval = "1s",
    duration: Duration = None,
    rules: Rules = None,
    export_rules: ExportRules = None,
    against: Against = None,
    prometheus: Prometheus = None,
    certificate: Certificate = None,
    key: Key = None,
    token: Token = None,
    password: Password = None,
    textfile: Textfile = None,
    tensorboard: Tensorboard = None,
    log: Log = None,
    directory: Directory = HERE,
    as_json: Json = False,
) -> None:
    """Watch this machine: a live screen, or JSON lines where stdout is no terminal.

    Ends with Ctrl-C, or after --duration with a code for scripts. It needs no root.
    """
    from bitpath_cli.commands._screen import remark
    from bitpath_cli.workflows.watch import Watch, Wish, destinations

    if export_rules is not None:
        _export(rules, export_rules)
        return
    wish = Wish(
        interval=interval, duration=duration, rules=rules, against=against,
        directory=str(directory),
        outputs=destinations(
            prometheus, (certificate, key), token, password,
            textfile=textfile, tensorboard=tensorboard, log=log,
        ),
    )  # fmt: skip
    with Watch(wish) as watch:
        for note in watch.notes:
            remark(note)
        _show(watch, as_json)
    raise typer.Exit(watch.exit_code())


def _show(watch: "Watch", as_json: bool) -> None:
    """Every observation on the screen or as lines, and at the end what there is to say."""
    from bitpath_cli.commands import _live
    from bitpath_cli.commands._screen import colour, say, width
    from bitpath_cli.renderers.table import render_summary, watch_screen

    if as_json or not _live.is_screen():
        say(watch.first_line())
        try:
            for seen in watch:
                say(watch.lines(seen))
        finally:
            say(watch.last_line())
        return
    top = f"bitpath monitor · {watch.host_name} · every {watch.interval_seconds:g} s"
    draw = watch_screen(top, " · ".join(watch.notes), colour(sys.stdout))
    try:
        with _live.live_screen() as put:
            for seen in watch:
                put(draw(seen, _live.size()))
    finally:
        say(render_summary(watch.summary(), width()))


def _export(rules: Path | None, target: Path) -> None:
    from bitpath_cli import archive
    from bitpath_cli.commands._screen import say
    from bitpath_cli.workflows.watch import export_rules

    text = export_rules(rules)
    if str(target) == "-":
        say(text)
    else:
        archive.write(target, text)


COMMAND = Command(
    run=monitor,
    panel="Look and measure",
    examples=(
        Example("bitpath monitor", "the live screen"),
        Example("bitpath monitor --duration 5min", "for scripts: 1 if something fired"),
        Example("bitpath monitor --prometheus 9400 --log watch.jsonl", "for others to look at"),
        Example("bitpath monitor --against report.json", "is it still the machine I assessed?"),
        Example("bitpath monitor --export-rules bitpath.rules.yml", "the rules for Prometheus"),
    ),
)
