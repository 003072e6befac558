"""What the samples of a scenario come to: percentiles, throughput, the rate within a limit, drift.

Percentiles are order statistics with their distribution-free intervals; shares have Wilson's.
"""

import math
from collections.abc import Mapping
from typing import Final

from bitpath_cli.benchmarks._latency import percentile_metrics
from bitpath_cli.benchmarks._load_search import Episode, find_rate
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.reading import (
    MEASURED_LEVEL,
    Method,
    Origin,
    derived,
    measured,
    unsupported,
)
from bitpath_cli.model.result import (
    Direction,
    Doubt,
    Metric,
    Samples,
    Scalar,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE, ONE, PER_SECOND, SECOND, human
from bitpath_cli.stats import normal_z

PERCENTILES: Final = (("latency_p50", 0.50), ("latency_p95", 0.95), ("latency_p99", 0.99))
_FEWEST_EPISODES: Final = 6


def closed_metrics(told: Mapping[str, Scalar], samples: Samples, source: str) -> tuple[Metric, ...]:
    """Throughput first where all samples are at hand, and latencies first where each is awaited."""
    throughput = metric(
        "throughput", rate(samples, samples.work, PER_SECOND, source), Direction.HIGHER
    )
    latencies = percentile_metrics(samples.evidence("latency"), source, percentiles=PERCENTILES)
    if told["scenario"] == "offline":
        return (throughput, *latencies)
    return (*latencies, throughput)


def server_metrics(told: Mapping[str, Scalar], samples: Samples, source: str) -> tuple[Metric, ...]:
    """The largest rate of Poisson arrivals that keeps the limit, and the latencies just below."""
    limit_seconds, percentile = float(told["limit"]), float(told["percentile"])
    kept = f"p{100 * percentile:g} within {human(limit_seconds, SECOND)}"
    names = (samples.evidence(name) for name in ("rate", "requests", "late"))
    episodes = [Episode(at, int(n), int(late)) for at, n, late in zip(*names, strict=True)]
    capacity = max(samples.evidence("capacity"))
    found = find_rate(episodes, 1 - percentile, capacity)
    if found is None:
        why = unsupported(
            f"no rate of Poisson arrivals kept {kept}: even the slowest that was tried, "
            f"{min(each.rate for each in episodes):.3g}/s, did not",
            "allow more with --slo, or make the model faster",
        )
        origin = Origin(method=Method.MEASURED, source=source)
        return (missing_metric("throughput", PER_SECOND, why, Direction.HIGHER, origin),)
    batch = float(told["batch_size"])
    doubts = (Doubt.TOO_FEW,) if len(episodes) < _FEWEST_EPISODES else ()
    figure = measured(
        batch * found.value, PER_SECOND, f"{source}, {kept}, {len(episodes)} episodes",
        batch * found.low, batch * found.high,
    )  # fmt: skip
    throughput = metric(
        "throughput", figure, Direction.HIGHER, reasons=doubts,
        validity=Validity.DEGRADED if doubts else Validity.VALID,
    )  # fmt: skip
    latencies = samples.evidence("latency")
    if not latencies:
        return (throughput,)
    rates = [each for each in samples.evidence("latency_rate") if each > 0]
    at = f"{source}, from the arrival on, at up to {max(rates):.3g}/s"
    return (throughput, *percentile_metrics(latencies, at, percentiles=PERCENTILES))


def drift_metrics(told: Mapping[str, Scalar], samples: Samples, source: str) -> tuple[Metric, ...]:
    """How far narrowing or pruning moved the answers; nothing where neither was done."""
    made = []
    if told["precision"] != "float32" or told["pruning"] != "none":
        agreeing, decisions = sum(samples.evidence("agreeing")), sum(samples.evidence("decisions"))
        errors = samples.evidence("relative_error")
        against = f"{source}, against unpruned float32, random inputs"
        share, low, high = wilson(agreeing, decisions)
        made = [
            metric("top1_agreement", measured(share, ONE, against, low, high), Direction.HIGHER),
            metric("relative_error", derived(max(errors), ONE, against), Direction.LOWER),
        ]
    sizes = samples.evidence("weight_bytes")
    if sizes:
        made.append(metric("weight_bytes", derived(sizes[0], BYTE, source), Direction.LOWER))
    return tuple(made)


def wilson(successes: float, trials: float) -> tuple[float, float, float]:
    """A share with its 95 % interval (Wilson, Probable Inference, 1927)."""
    share, z = successes / trials, normal_z(MEASURED_LEVEL)
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    spread = share * (1 - share) / trials + z * z / (4 * trials**2)
    margin = z * math.sqrt(spread) / (1 + z * z / trials)
    return share, max(0.0, min(centre - margin, share)), min(1.0, max(centre + margin, share))
