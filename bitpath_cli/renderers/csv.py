"""Every metric as a row, in base units and with all digits, for spreadsheets and data frames."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from bitpath_cli.model.history import History
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, CollectivePoint, Metric, Scalar
from bitpath_cli.model.visible import visible
from bitpath_cli.renderers import Renderer

Cell = str | int | float | None
_HEADS: Final = (
    "host", "benchmark", "parameters", "name", "value", "unit", "low", "high", "level", "origin",
    "source", "ceiling", "ceiling_source", "validity", "reasons", "missing",
)  # fmt: skip
_HISTORY_HEADS: Final = (
    "host", "fingerprint", "created", "benchmark", "parameters", "name", "unit", "value", "low",
    "high", "gap", "file",
)  # fmt: skip
# A spreadsheet takes a text that begins so for a formula, and runs it (OWASP, CSV injection).
_STARTS_A_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")


def render(report: Report) -> str:
    """One header, then the metrics and the collectives' points of the host, or of all members."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HEADS)
    for each in (report, *report.members):
        for result in each.results:
            for row in _rows(result):
                writer.writerow(_harmless(cell) for cell in (each.host.name, *row))
    return file.getvalue()


def render_history(found: History) -> str:
    """A row for every figure in every report of a history; a gap has no value and says why."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_HISTORY_HEADS)
    for host in found.hosts:
        for series in host.series:
            about = (series.benchmark, _parameters(series.parameters), series.metric, series.unit)
            for each in series.points:
                row = (host.host.name, host.host.fingerprint, each.created.isoformat(), *about,
                       each.value, each.low, each.high, each.gap, each.source)  # fmt: skip
                writer.writerow(_harmless(cell) for cell in row)
    return file.getvalue()


def _rows(result: BenchmarkResult) -> Iterator[tuple[Cell, ...]]:
    about = (result.benchmark, _parameters(result.parameters))
    if result.missing is not None and not result.metrics:
        doubts = " ".join(result.reasons)
        yield (*about, "", *_figure(result.missing), None, "", result.validity, doubts,
               result.missing.detail)  # fmt: skip
    for one in result.metrics:
        yield (*about, *_metric_row(result, one))
    for point in result.points:
        size = {**result.parameters, "size_bytes": point.size_bytes}
        yield from ((result.benchmark, _parameters(size), *row) for row in _point(result, point))


def _metric_row(result: BenchmarkResult, one: Metric) -> tuple[Cell, ...]:
    ceiling = (None, "") if one.ceiling is None else (one.ceiling.value, one.ceiling.source)
    reasons = " ".join(dict.fromkeys((*result.reasons, *one.reasons)))
    figure = _figure(one.reading)
    if one.missing is not None:
        figure = (None, one.unit, *figure[2:])
    detail = "" if one.missing is None else one.missing.detail
    return (one.name, *figure, *ceiling, one.validity, reasons, detail)


def _point(result: BenchmarkResult, point: CollectivePoint) -> Iterator[tuple[Cell, ...]]:
    figures = (("time", point.time), ("algbw", point.algbw), ("busbw", point.busbw))
    for name, value in figures:
        ceiling: tuple[Cell, Cell] = (None, "")
        if name == "busbw" and point.ceiling is not None:
            ceiling = (point.ceiling.value, point.ceiling.source)
        detail = value.detail if isinstance(value, Missing) else ""
        doubts = " ".join(result.reasons)
        yield (name, *_figure(value), *ceiling, result.validity, doubts, detail)


def _figure(value: Quantity | Missing) -> tuple[Cell, ...]:
    """Value, unit, interval, level, origin and source; empty cells where there is no value."""
    if isinstance(value, Missing):
        return (None, "", None, None, None, "missing", "")
    origin = value.origin
    return (
        value.value,
        value.unit,
        value.low,
        value.high,
        value.level,
        origin.method,
        origin.source,
    )


def _parameters(told: dict[str, Scalar]) -> str:
    return "; ".join(f"{name}={value}" for name, value in told.items())


def _harmless(cell: Cell) -> Cell:
    """A text that would be run gets an apostrophe in front; a negative number is a number."""
    if not isinstance(cell, str):
        return cell
    text = visible(str(cell))
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS_A_FORMULA) else text


RENDERER = Renderer(summary="a row a metric, for spreadsheets", suffix=".csv", render=render)
