"""A report or a fleet as pandas frames: its nodes, its figures and its terms, in base units."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from bitpath_cli.model.reading import Missing
from bitpath_cli.model.recommendation import TERM_NAMES
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Metric

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]


class Row(NamedTuple):
    """A figure in base units; `value` is None exactly where `missing` says why.

    `parameters` are `name=value`, sorted, with semicolons between them; `size_bytes` is 0 but for a
    point of a collective's sweep.
    """

    host: str
    fingerprint: str
    created: str
    benchmark: str
    revision: int
    parameters: str
    metric: str
    size_bytes: int
    value: float | None
    unit: str
    low: float | None
    high: float | None
    level: float | None
    direction: str
    validity: str
    reasons: str
    method: str
    source: str
    missing: str


class Frames(NamedTuple):
    """One row a node, one row a figure, one row a node's term of a candidate."""

    nodes: "pd.DataFrame"
    metrics: "pd.DataFrame"
    terms: "pd.DataFrame"


def frames(report: Report) -> Frames:
    """The frames of a fleet's members, or of the one host of a plain report.

    Missing values are NaN, as pandas has it; the column `missing` says why.
    """
    import pandas as pd

    hosts = report.members or (report,)
    groups = {} if report.fleet is None else dict(enumerate(report.fleet.nodes))
    nodes = [
        {
            "host": each.host.name, "fingerprint": each.host.fingerprint, "created": each.created,
            "complete": each.complete, "results": len(each.results),
            "group": groups[at].group if at in groups else 1,
        }
        for at, each in enumerate(hosts)
    ]  # fmt: skip
    return Frames(
        nodes=pd.DataFrame(nodes),
        metrics=pd.DataFrame(
            [row for each in hosts for row in metric_rows(each)], columns=list(Row._fields)
        ),
        terms=pd.DataFrame([row for each in hosts for row in _term_rows(each)]),
    )


def _term_rows(report: Report) -> Iterator[dict[str, object]]:
    for advice in report.recommendations:
        for candidate in advice.candidates:
            for name in TERM_NAMES:
                found = candidate.terms.by_name(name).reading
                told: dict[str, object] = (
                    {"value": None, "unit": "", "low": None, "high": None, "missing": found.detail}
                    if isinstance(found, Missing)
                    else {"value": found.value, "unit": str(found.unit), "low": found.low,
                          "high": found.high, "missing": ""}
                )  # fmt: skip
                yield {
                    "host": report.host.name, "workload": advice.workload, "site": advice.site,
                    "strategy": candidate.strategy,
                    "configuration": candidate.configuration.label,
                    "is_winner": candidate.configuration == advice.winner, "term": name, **told,
                }  # fmt: skip


def metric_rows(report: Report) -> Iterator[Row]:
    """Every figure of a report, and of its members."""
    for result in report.results:
        if result.missing is not None and not result.metrics:
            yield _missing_row(report, result)
        yield from (_metric_row(report, result, each) for each in result.metrics)
        yield from _point_rows(report, result)
    for member in report.members:
        yield from metric_rows(member)


def describe_parameters(result: BenchmarkResult) -> str:
    """`dtype=float32;m=1024`: what identifies a result, in an order that does not vary."""
    return ";".join(f"{name}={value}" for name, value in sorted(result.parameters.items()))


def _row(report: Report, result: BenchmarkResult, **told: object) -> Row:
    plain: dict[str, object] = {
        "host": report.host.name, "fingerprint": report.host.fingerprint,
        "created": report.created.isoformat(), "benchmark": result.benchmark,
        "revision": result.revision, "parameters": describe_parameters(result), "metric": "",
        "size_bytes": 0, "value": None, "unit": "", "low": None, "high": None, "level": None,
        "direction": "", "validity": result.validity.value,
        "reasons": ";".join(result.reasons), "method": "", "source": "", "missing": "",
    }  # fmt: skip
    return Row(**{**plain, **told})  # type: ignore[arg-type]


def _metric_row(report: Report, result: BenchmarkResult, one: Metric) -> Row:
    reasons = dict.fromkeys((*result.reasons, *one.reasons))
    return _row(
        report, result, metric=one.name, value=one.value, unit=str(one.unit), low=one.low,
        high=one.high, level=one.level, direction=one.direction.value, validity=one.validity.value,
        reasons=";".join(reasons), method=one.origin.method.value, source=one.origin.source,
        missing="" if one.missing is None else one.missing.detail,
    )  # fmt: skip


def _point_rows(report: Report, result: BenchmarkResult) -> Iterator[Row]:
    for point in result.points:
        for name, found, direction in (
            ("time", point.time, "lower"), ("busbw", point.busbw, "higher"),
        ):  # fmt: skip
            if found.kind == "missing":
                yield _row(report, result, metric=name, size_bytes=point.size_bytes,
                           direction=direction, missing=found.detail)  # fmt: skip
                continue
            yield _row(
                report, result, metric=name, size_bytes=point.size_bytes, value=found.value,
                unit=str(found.unit), low=found.low, high=found.high, level=found.level,
                direction=direction, method=found.origin.method.value, source=found.origin.source,
                validity="invalid" if point.wrong else result.validity.value,
            )  # fmt: skip


def _missing_row(report: Report, result: BenchmarkResult) -> Row:
    assert result.missing is not None  # noqa: S101  (the caller asked)
    return _row(report, result, missing=result.missing.detail)
