"""The metrics of a disk case: rates by what one request is there, and how long each took."""

from typing import Final

from bitpath_cli.benchmarks._disk_kinds import Kind, Pattern
from bitpath_cli.benchmarks._disk_verdict import Allowance, Verdict
from bitpath_cli.benchmarks._latency import percentile_metrics
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import Direction, Doubt, Metric, Samples, Validity, metric
from bitpath_cli.model.units import BYTE_PER_SECOND, PER_SECOND, SECOND
from bitpath_cli.stats import blocked_median_interval

_PERCENTILES: Final = (("latency_p50", 0.50), ("latency_p95", 0.95), ("latency_p99", 0.99))
_REQUESTS: Final[dict[Pattern, str]] = {
    "sequential": "iops",
    "random": "iops",
    "shuffled": "samples_per_second",
    "small_files": "files_per_second",
}


def find_metrics(
    kind: Kind, samples: Samples, source: str, verdict: Verdict, allowance: Allowance
) -> tuple[Metric, ...]:
    """Bandwidth first; a checkpoint has its time, the others requests a second and latencies."""
    doubts = (*verdict.doubts, *((Doubt.IO_LIMIT,) if allowance.is_met else ()))
    validity = verdict.validity
    if doubts and validity is Validity.VALID:
        validity = Validity.DEGRADED
    bandwidth = metric(
        "bandwidth", rate(samples, samples.work, BYTE_PER_SECOND, source), Direction.HIGHER,
        ceiling=allowance.bandwidth, reasons=doubts, validity=validity,
    )  # fmt: skip
    if kind.pattern == "checkpoint":
        time = metric(
            "time", _seconds(samples, bandwidth), Direction.LOWER, reasons=doubts, validity=validity
        )
        return bandwidth, time
    requests = metric(
        _REQUESTS[kind.pattern],
        rate(samples, samples.work / kind.block_bytes, PER_SECOND, source), Direction.HIGHER,
        ceiling=allowance.requests, reasons=doubts, validity=validity,
    )  # fmt: skip
    latencies = percentile_metrics(
        samples.evidence("latency"), source, doubts, validity, _PERCENTILES
    )
    return bandwidth, requests, *latencies


def _seconds(samples: Samples, bandwidth: Metric) -> Quantity:
    """The median time of a whole checkpoint."""
    found = blocked_median_interval(samples.seconds_by_block)
    has_level = 0 < found.level < 1
    return Quantity(
        value=found.value, unit=SECOND, origin=bandwidth.origin,
        low=found.low if has_level else None, high=found.high if has_level else None,
        level=found.level if has_level else None,
    )  # fmt: skip
