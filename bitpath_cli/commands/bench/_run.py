"""Runs named benchmarks and shows their results."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bitpath_cli.commands._options import BudgetName

if TYPE_CHECKING:
    from bitpath_cli.workflows.crew import Crew


def run(
    benchmarks: tuple[str, ...],
    budget: BudgetName,
    output: Sequence[Path] | None,
    as_json: bool,
    directory: Path = Path(),
    crew: "Crew | None" = None,
) -> None:
    """Measure, deliver, and raise NothingMeasured where a benchmark gave nothing usable."""
    from bitpath_cli.commands import _output, _verdict
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.workflows.assess import Wish, assess

    wish = Wish(
        only=benchmarks,
        budget=budget,
        directory=str(directory),
        keep=_output.check(output) if crew is None or crew.place.node == 0 else (),
        crew=crew,
    )
    with progress() as bar:
        report = assess(wish, bar)
    if crew is None or crew.place.node == 0:
        _output.deliver(report, output, as_json)
    _verdict.check_measured(report, benchmarks)
