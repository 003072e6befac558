"""A placement's run as a result of the benchmark `inference`, for reports to hold."""

from typing import Final

from bitpath_cli.model.placement import PlacementResult
from bitpath_cli.model.reading import Method, Missing, Origin, Quantity, Reading
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Doubt,
    Metric,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE, ONE, PER_SECOND, SECOND, Unit

_NAME: Final = "inference"
_REVISION: Final = 1
_HIGHER, _LOWER = Direction.HIGHER, Direction.LOWER
_METRICS: Final[tuple[tuple[str, Unit, Direction], ...]] = (
    ("latency_p50", SECOND, _LOWER), ("latency_p95", SECOND, _LOWER),
    ("latency_p99", SECOND, _LOWER), ("throughput", PER_SECOND, _HIGHER),
    ("payload_up", BYTE, _LOWER), ("payload_down", BYTE, _LOWER),
    ("link_up", BYTE, _LOWER), ("link_down", BYTE, _LOWER),
    ("edge_cpu", SECOND, _LOWER), ("cloud_cpu", SECOND, _LOWER),
    ("edge_compute", SECOND, _LOWER), ("cloud_compute", SECOND, _LOWER),
    ("escalated", ONE, _LOWER), ("top1_agreement", ONE, _HIGHER), ("relative_error", ONE, _LOWER),
)  # fmt: skip


def as_result(found: PlacementResult, threads: int, is_local: bool) -> BenchmarkResult:
    """The same figures as metrics; failed requests and loopback are doubts about all of them."""
    doubts: tuple[Doubt, ...] = ()
    if is_local and found.placement != "edge":
        doubts += (Doubt.LOOPBACK_ONLY,)
    if found.failed:
        doubts += (Doubt.UNSTABLE,)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    if found.failed == found.requests:
        validity = Validity.INVALID
    latency = found.latency_p50
    return BenchmarkResult(
        benchmark=_NAME, revision=_REVISION,
        parameters={
            "model": found.model, "scenario": "server", "placement": found.placement,
            "arrival": found.arrival, "rate": found.rate, "batch_size": 1, "threads": threads,
            "requests": found.requests, "failed": found.failed,
        },
        validity=validity, reasons=doubts, duration_seconds=found.seconds,
        metrics=tuple(
            _metric(name, unit, direction, getattr(found, name), doubts, validity)
            for name, unit, direction in _METRICS
        ),
        missing=latency if validity is Validity.INVALID and isinstance(latency, Missing) else None,
    )  # fmt: skip


def _metric(
    name: str,
    unit: Unit,
    direction: Direction,
    reading: Reading,
    doubts: tuple[Doubt, ...],
    validity: Validity,
) -> Metric:
    if isinstance(reading, Quantity):
        return metric(name, reading, direction, reasons=doubts, validity=validity)
    origin = Origin(method=Method.MEASURED, source="bitpath bench inference --remote")
    return missing_metric(name, unit, reading, direction, origin)
