"""This host as its report measured it beside what a trial finds: what has become slower, and why.

The same cases are measured again, so that nothing but the machine can differ.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.component import Component
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Fact, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Doubt, Parameters
from bitpath_cli.model.trial import Check, ResourceName
from bitpath_cli.workflows._relative_change import ratio

SLOW: Final = 0.75
"""A resource with less than this share of what the report measured is slow."""

_WORDS: Final[dict[ResourceName, str]] = {
    "compute": "computing", "memory_bandwidth": "memory", "storage": "the disk",
    "network": "the all-reduce",
}  # fmt: skip
_LEAST_EDGE: Final = 1024
_UNEXPLAINED: Final = (
    "no limit that can be read explains it, so something else uses it: see bitpath monitor"
)
_IO_LIMIT: Final = "a control group limits what it may read"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A resource, and the metric of one case that stands for it."""

    resource: ResourceName
    metric: str
    result: BenchmarkResult


def find_gauges(report: Report) -> tuple[Gauge, ...]:
    """The case of each resource of this host that is measured again; none where it was not."""
    products = _usable(report, "gemm", dtype="float32", device="cpu")
    squares = [
        each
        for each in products
        if each.parameters["m"] == each.parameters["n"] == each.parameters["k"]
        and "shape" not in each.parameters
    ]
    streams = _usable(report, "memory_bandwidth", device="cpu")
    reads = _usable(report, "disk", operation="read", pattern="random", depth=1)
    kernels = [each for each in streams if each.metric("triad")]
    found = (
        _gauge("compute", "throughput", max(squares, key=_threads_and_smallness, default=None)),
        _gauge("memory_bandwidth", "triad", max(kernels, key=_threads, default=None)),
        _gauge("storage", "iops", next(iter(reads), None)),
    )
    return tuple(each for each in found if each is not None)


def _gauge(resource: ResourceName, metric: str, result: BenchmarkResult | None) -> Gauge | None:
    if result is None or result.figure(metric) is None:
        return None
    return Gauge(resource, metric, result)


def cases_of(gauges: Iterable[Gauge]) -> dict[str, tuple[Parameters, ...]]:
    """What to measure, by benchmark."""
    return {each.result.benchmark: (each.result.parameters,) for each in gauges}


def judge_checks(
    report: Report,
    gauges: Sequence[Gauge],
    again: Sequence[BenchmarkResult],
    link: BenchmarkResult | None,
    components: Iterable[Component],
) -> tuple[Check, ...]:
    """Every gauge that was measured again, and the all-reduce where the report knows one."""
    by_name = {each.benchmark: each for each in again}
    pairs = [
        (each.resource, each.result.figure(each.metric), now.figure(each.metric))
        for each in gauges
        if (now := by_name.get(each.result.benchmark)) is not None
    ]
    if link is not None and (known := _known_link(report, link)) is not None:
        pairs.append(("network", *_at_the_same_size(known, link)))
    shares = {
        resource: found.value / reported.value
        for resource, reported, found in pairs
        if reported is not None and found is not None
    }
    causes: dict[ResourceName, str] = {
        "compute": _fewer_processors(report.components, components),
        "storage": _IO_LIMIT if any(Doubt.IO_LIMIT in each.reasons for each in again) else "",
    }
    return tuple(
        _check(resource, reported, found, _is_slow(resource, shares), causes.get(resource, ""))
        for resource, reported, found in pairs
        if reported is not None and found is not None
    )


def sentence(check: Check) -> str:
    """What a slow resource is told as."""
    share = check.found.value / check.reported.value
    return (
        f"{_WORDS[check.resource]} on this host runs at {share:.0%} of what its report measured: "
        f"{check.cause}"
    )


def _check(
    resource: ResourceName, reported: Quantity, found: Quantity, is_slow: bool, known_cause: str
) -> Check:
    return Check(
        resource=resource, reported=reported, found=found, share=ratio(reported, found),
        is_slow=is_slow, cause=known_cause or _UNEXPLAINED if is_slow else "",
    )  # fmt: skip


def _is_slow(resource: ResourceName, shares: dict[ResourceName, float]) -> bool:
    """All others need the processor: where that is slow, nothing is said of them."""
    if resource != "compute" and shares.get("compute", 1.0) < SLOW:
        return False
    return shares[resource] < SLOW


def _fewer_processors(before: Iterable[Component], now: Iterable[Component]) -> str:
    """The processors that may be used, where they have become fewer."""
    then, today = (
        next((each for each in components if isinstance(each, Limits)), None)
        for components in (before, now)
    )
    if then is None or today is None:
        return ""
    had, has = then.effective_cpus, today.effective_cpus
    if not isinstance(had, Quantity) or not isinstance(has, Quantity) or has.value >= had.value:
        return ""
    source = today.cpu_limit_source
    named = f" ({source.value})" if isinstance(source, Fact) else ""
    return (
        f"it may use {has.value:g} processors{named}, and {had.value:g} at the time of the report"
    )


def _known_link(report: Report, link: BenchmarkResult) -> BenchmarkResult | None:
    """The latest result of the report with the same operation between as many ranks."""
    told = link.parameters
    same = _usable(report, "collectives", op=told["op"], world_size=told["world_size"])
    return same[-1] if same else None


def _at_the_same_size(
    known: BenchmarkResult, link: BenchmarkResult
) -> tuple[Quantity | None, Quantity | None]:
    """Bus bandwidths at the largest size that both have: a slow link has no time for larger ones.

    Their peaks where there is none.
    """
    then, now = (
        {each.size_bytes: each.busbw for each in result.points if isinstance(each.busbw, Quantity)}
        for result in (known, link)
    )
    both = then.keys() & now.keys()
    if not both:
        return known.figure("busbw_peak"), link.figure("busbw_peak")
    return then[max(both)], now[max(both)]


def _usable(report: Report, benchmark: str, **wanted: str | float) -> list[BenchmarkResult]:
    return [
        each
        for each in report.results
        if each.benchmark == benchmark
        and each.is_usable
        and all(each.parameters.get(name) == value for name, value in wanted.items())
    ]


def _threads(result: BenchmarkResult) -> int:
    return int(result.parameters.get("threads", 1))


def _threads_and_smallness(result: BenchmarkResult) -> tuple[int, bool, int]:
    """Most threads; of those at least 1024 wide the smallest, which takes least time."""
    edge = int(result.parameters["m"])
    return _threads(result), edge >= _LEAST_EDGE, -edge
