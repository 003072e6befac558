"""Other tools' results in a report: read by whichever reader knows the file, and fitted as ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bitpath_cli import discover, readers
from bitpath_cli.benchmarks._alpha_beta import fit_curve
from bitpath_cli.benchmarks._operations import OPERATIONS, bus_factor, find_operation
from bitpath_cli.errors import UnreadableEvidence
from bitpath_cli.model.reading import Missing, Quantity, derived
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Direction, Metric, metric
from bitpath_cli.model.units import SECOND, Unit
from bitpath_cli.readers import Reader

SIZE_LIMIT: Final = 64 << 20
_SECOND_PER_BYTE: Final = Unit("s/B")


def add_evidence(report: Report, files: Sequence[Path]) -> Report:
    """The report with the results of other tools' files after its own.

    Raises UnreadableEvidence for a file that no reader knows, or that it refuses.
    """
    found = tuple(each for file in files for each in read_file(file))
    return report.model_copy(update={"results": (*report.results, *map(_fitted, found))})


def read_file(path: Path) -> tuple[BenchmarkResult, ...]:
    """The results in a file of at most 64 MiB."""
    text = _text(path)
    for name in discover.names(readers):
        reader = discover.member(readers, name, "READER", Reader)
        if reader.recognises(text):
            return reader.read(text, path.name)
    raise UnreadableEvidence(str(path), "", "no reader knows whose it is")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        problem = error.strerror or str(error)
        raise UnreadableEvidence(str(path), "", problem) from error
    if len(content) > SIZE_LIMIT:
        raise UnreadableEvidence(str(path), "", "it is larger than 64 MiB")
    return content.decode("utf-8", "replace")


def _fitted(result: BenchmarkResult) -> BenchmarkResult:
    """A collective with α and β through its times, as our own have them, where a line fits."""
    name, ranks = str(result.parameters.get("op")), result.parameters.get("world_size")
    if result.benchmark != "collectives" or name not in OPERATIONS or not isinstance(ranks, int):
        return result
    factor = bus_factor(name, ranks)
    points = result.points
    curve = fit_curve(
        [float(each.size_bytes) for each in points], [each.time.value for each in points]
    )
    if isinstance(factor, Missing) or curve is None:
        return result
    steps = find_operation(name).steps(ranks)
    source = f"lines over {len(points)} sizes: {points[0].time.origin.source}"
    first, last = curve.lines[0], curve.lines[-1]
    figures = (
        ("alpha", first.intercept / steps, SECOND),
        ("beta", last.slope / factor, _SECOND_PER_BYTE),
    )
    added = tuple(
        _metric(name, derived(value, unit, source), result)
        for name, value, unit in figures
        if value > 0
    )
    return result.model_copy(update={"metrics": (*result.metrics, *added)})


def _metric(name: str, value: Quantity, result: BenchmarkResult) -> Metric:
    return metric(name, value, Direction.LOWER, reasons=result.reasons, validity=result.validity)
