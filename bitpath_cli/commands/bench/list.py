"""`bitpath bench list`: the names that --only and --skip take."""

from bitpath_cli.commands import Command, Example


def list_names() -> None:
    """List the benchmarks and the probes: the names that --only and --skip take."""
    from bitpath_cli.commands._listing import Row, show
    from bitpath_cli.workflows import inspect, measure

    show(
        [
            *(Row("benchmarks", name, words) for name, words in measure.summaries()),
            *(Row("probes", name, words) for name, words in inspect.summaries()),
        ]
    )


COMMAND = Command(
    run=list_names,
    panel="Look and measure",
    examples=(Example("bitpath bench list", "every name, and what it is about"),),
)
