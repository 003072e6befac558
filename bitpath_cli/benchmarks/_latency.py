"""Percentiles of single operations' times, with distribution-free intervals."""

import math
from collections.abc import Sequence
from random import Random
from typing import Final

from bitpath_cli.model.reading import MEASURED_LEVEL, Method, Origin, Quantity, measured
from bitpath_cli.model.result import Direction, Doubt, Metric, Validity, metric
from bitpath_cli.model.units import SECOND
from bitpath_cli.stats import normal_z, quantile

KEPT: Final = 1000
_PERCENTILES: Final = (("latency_p50", 0.50), ("latency_p99", 0.99))


def thin(latencies: Sequence[float]) -> tuple[float, ...]:
    """At most `KEPT` of them, drawn at random and in whole nanoseconds: a report stays small."""
    drawn = latencies
    if len(latencies) > KEPT:
        drawn = Random(len(latencies)).sample(latencies, KEPT)  # noqa: S311
    return tuple(round(each, 9) for each in drawn)


def percentile_metrics(
    latencies: Sequence[float],
    source: str,
    reasons: tuple[Doubt, ...] = (),
    validity: Validity = Validity.VALID,
    percentiles: Sequence[tuple[str, float]] = _PERCENTILES,
) -> tuple[Metric, ...]:
    """`latency_p50` and `latency_p99`, or others; one that too few operations support says so."""
    made = []
    for name, share in percentiles:
        figure, is_supported = _percentile(latencies, share, source)
        doubts, worth = reasons, validity
        if not is_supported:
            doubts = (*reasons, Doubt.TOO_FEW)
            worth = Validity.DEGRADED if validity is Validity.VALID else validity
        made.append(metric(name, figure, Direction.LOWER, reasons=doubts, validity=worth))
    return tuple(made)


def _percentile(latencies: Sequence[float], share: float, source: str) -> tuple[Quantity, bool]:
    """The percentile, and whether 95 % of confidence has values on both sides of it.

    The interval's ends are the order statistics count·q ± z·√(count·q·(1−q)) (Conover, §3.2).
    Without a value above, nothing bounds a percentile: then it is given without an interval.
    """
    count = len(latencies)
    value = quantile(latencies, share)
    margin = normal_z(MEASURED_LEVEL) * math.sqrt(count * share * (1 - share))
    below = math.floor(count * share - margin)
    above = math.ceil(count * share + margin)
    if below < 1 or above > count:
        origin = Origin(method=Method.MEASURED, source=source)
        return Quantity(value=value, unit=SECOND, origin=origin), False
    ordered = sorted(latencies)
    low, high = ordered[below - 1], ordered[above - 1]
    return measured(value, SECOND, source, min(low, value), max(high, value)), True
