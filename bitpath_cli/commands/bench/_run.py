"""Runs named benchmarks and shows their results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bitpath_cli.commands._options import BudgetName

if TYPE_CHECKING:
    from bitpath_cli.model.report import Report
    from bitpath_cli.model.result import BenchmarkResult, Parameters
    from bitpath_cli.workflows.crew import Crew
    from bitpath_cli.workflows.peers import Peers


def run(
    benchmarks: tuple[str, ...],
    budget: BudgetName,
    output: Sequence[Path] | None,
    as_json: bool,
    directory: Path = Path(),
    crew: "Crew | None" = None,
    asked: "Mapping[str, tuple[Parameters, ...]] | None" = None,
    repeat: int = 1,
    peers: "Peers | None" = None,
    known: "tuple[BenchmarkResult, ...]" = (),
) -> "Report":
    """Measure, deliver, and raise NothingMeasured where a benchmark gave nothing usable.

    A peer or a rank that failed is PeerFailed, once what was measured is delivered.
    """
    from bitpath_cli.commands import _output, _verdict
    from bitpath_cli.commands._progress import progress
    from bitpath_cli.errors import PeerFailed
    from bitpath_cli.workflows.assess import CutShort, Wish, assess
    from bitpath_cli.workflows.repeat import measure_repeatedly

    is_first = crew is None or crew.place.node == 0
    keep = _output.check(output)
    wish = Wish(
        only=benchmarks,
        budget=budget,
        directory=str(directory),
        keep=keep if is_first else (),
        crew=crew,
        asked=asked or {},
        peers=peers,
        known=known,
    )
    try:
        with progress() as bar:
            report = assess(wish, bar) if repeat == 1 else measure_repeatedly(wish, repeat, bar)
    except CutShort as cut:
        if is_first and any(each.samples for each in cut.report.results):
            _output.deliver(cut.report, output, as_json)
        else:
            _output.write(cut.report, output)
        raise PeerFailed(cut.what, cut.why, cut.next_step) from cut
    if is_first:
        _output.deliver(report, output, as_json)
    if peers is not None:
        peers.check()
    _verdict.check_measured(report, benchmarks)
    return report
