"""`bitpath bench list`: the names that --only and --skip take."""

from bitpath_cli.commands import Command, Example


def list_names() -> None:
    """List the benchmarks and the probes: the names that --only and --skip take."""
    from bitpath_cli.commands._listing import Row, show
    from bitpath_cli.workflows.roster import roster

    show([Row(f"{each.kind}s", each.name, each.summary) for each in roster()])


COMMAND = Command(
    run=list_names,
    panel="Look and measure",
    examples=(Example("bitpath bench list", "every name, and what it is about"),),
)
