"""Runs named benchmarks and shows their results."""

from collections.abc import Sequence
from pathlib import Path

from bitpath_cli.commands._options import BudgetName


def run(
    benchmarks: tuple[str, ...],
    budget: BudgetName,
    output: Sequence[Path] | None,
    as_json: bool,
    directory: Path = Path(),
) -> None:
    """Measure, deliver, and raise NothingMeasured where a benchmark gave nothing usable."""
    from bitpath_cli.commands import _output, _verdict
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.workflows.assess import Wish, assess

    wish = Wish(
        only=benchmarks, budget=budget, directory=str(directory), keep=_output.check(output)
    )
    with progress() as bar:
        report = assess(wish, bar)
    _output.deliver(report, output, as_json)
    _verdict.check_measured(report, benchmarks)
