"""What was measured as the parts of a page: bars against ceilings, and every figure behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Metric
from bitpath_cli.renderers._charts import Chart
from bitpath_cli.renderers._charts_collective import draw_collective
from bitpath_cli.renderers._charts_pairs import draw_pairs
from bitpath_cli.renderers._charts_roofline import draw_roofline
from bitpath_cli.renderers._doubts import MEANINGS, Meaning, words
from bitpath_cli.renderers._measured import Group, Line, doubts, measure_lines
from bitpath_cli.renderers._page import Cell, Table, table, value_cell
from bitpath_cli.renderers._words import amount, label, share

_MOST_CURVES: Final = 6
_MOST_RESULTS: Final = 400
_MOST_FINDINGS: Final = 12


@dataclass(frozen=True, slots=True)
class Measured:
    """The benchmarks' section."""

    charts: tuple[Chart, ...]
    lines: Table
    findings: tuple[str, ...]
    doubts: tuple[Meaning, ...]
    every_figure: Table
    left_out: int


def measured(report: Report) -> Measured | None:
    """None where no benchmark ran."""
    results = report.results[:_MOST_RESULTS]
    groups = measure_lines(results)
    if not groups:
        return None
    return Measured(
        charts=tuple(_charts(report)),
        lines=_lines(groups),
        findings=tuple(
            f"{found.sentence} {found.next_step}".rstrip()
            for each in results
            for found in each.findings[:_MOST_FINDINGS]
        ),
        doubts=tuple(MEANINGS[each] for each in doubts(results)),
        every_figure=_every_figure(results),
        left_out=len(report.results) - len(results),
    )


def _charts(report: Report) -> Iterator[Chart]:
    roofline = draw_roofline(report)
    if roofline is not None:
        yield roofline
    curves = [each for each in report.results if each.points][:_MOST_CURVES]
    for number, each in enumerate(curves, 1):
        curve = draw_collective(f"collective-{number}", each)
        if curve is not None:
            yield curve
    for number, each in enumerate(
        [each for each in report.results if each.pairs][:_MOST_CURVES], 1
    ):
        heat_map = draw_pairs(f"pairs-{number}", each)
        if heat_map is not None:
            yield heat_map


def _lines(groups: Sequence[Group]) -> Table:
    rows = [_line(group.benchmark, line) for group in groups for line in group.lines]
    return table(
        "The best of each benchmark, as a share of its ceiling where one is known",
        ("benchmark", "measured", "of its ceiling", "verdict"), rows, numbers=(1, 2),
        hidden_caption=True,
    )  # fmt: skip


def _line(benchmark: str, line: Line) -> tuple[Cell, ...]:
    name = f"{label(benchmark)} {line.name}".strip()
    told = Cell("") if line.share is None else Cell(
        share(line.share), aside=line.ceiling, share=line.share, tone=line.tone
    )  # fmt: skip
    verdict = f"{line.mark} {line.verdict or line.doubts}".strip()
    remark = line.doubts if line.verdict and line.mark != "?" else ""
    return (
        Cell(name, aside=line.aside), Cell(line.value, aside=line.bounds), told,
        Cell(verdict, aside=remark, tone=line.tone),
    )  # fmt: skip


def _every_figure(results: Sequence[BenchmarkResult]) -> Table:
    rows = [
        _figure(result, one) for result in results for one in result.metrics
    ] + [
        (Cell(label(result.benchmark), aside=_parameters(result)), Cell(""),
         value_cell(result.missing), Cell(""), Cell(str(result.validity)))
        for result in results if result.missing is not None
    ]  # fmt: skip
    return table(
        "Every figure", ("benchmark", "figure", "value", "ceiling", "validity"), rows,
        numbers=(2, 4),
    )  # fmt: skip


def _figure(result: BenchmarkResult, one: Metric) -> tuple[Cell, ...]:
    ceiling = Cell("") if one.ceiling is None else Cell(
        amount(one.ceiling.value, one.ceiling.unit), aside=one.ceiling.source
    )  # fmt: skip
    reasons = tuple(dict.fromkeys((*result.reasons, *one.reasons)))
    return (
        Cell(label(result.benchmark), aside=_parameters(result)), Cell(label(one.name)),
        value_cell(one.reading), ceiling, Cell(str(one.validity), aside=words(reasons)),
    )  # fmt: skip


def _parameters(result: BenchmarkResult) -> str:
    return " · ".join(f"{label(name)} {_told(value)}" for name, value in result.parameters.items())


def _told(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:,}"
