"""`bitpath bench list`: the names that --only and --skip take."""

from bitpath_cli.commands import Command, Example
from bitpath_cli.commands._options import Json


def list_names(as_json: Json = False) -> None:
    """List benchmarks and probes by name: what each needs, how long it takes, what it writes.

    The times are each benchmark's share where all are measured, by budget; alone it has it all.
    """
    import json
    from dataclasses import asdict

    from bitpath_cli.commands._listing import Row, show
    from bitpath_cli.commands._screen import say
    from bitpath_cli.workflows.roster import roster

    if as_json:
        say(json.dumps([asdict(each) for each in roster()], indent=2) + "\n")
        return
    show([Row(f"{each.kind}s", each.name, each.sentence) for each in roster()])


COMMAND = Command(
    run=list_names,
    panel="Look and measure",
    examples=(
        Example("bitpath bench list", "every name, and what it is about"),
        Example("bitpath bench list --json", "for programs"),
    ),
)
