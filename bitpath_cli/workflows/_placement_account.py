"""What a placement's requests come to, each figure with its origin and per answered request."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.benchmarks._inference_drift import find_drift
from bitpath_cli.benchmarks._inference_metrics import PERCENTILES, wilson
from bitpath_cli.benchmarks._latency import percentile_metrics
from bitpath_cli.benchmarks._load import Traffic
from bitpath_cli.model.placement import PlacementResult
from bitpath_cli.model.reading import (
    Method,
    Missing,
    Origin,
    Quantity,
    Reading,
    absent,
    derived,
    failed,
    measured,
)
from bitpath_cli.model.units import BYTE, ONE, PER_SECOND, SECOND, Unit
from bitpath_cli.stats import median_interval
from bitpath_cli.workflows._drive import Done, Outcome
from bitpath_cli.workflows._edge_part import EdgePart

NOT_ASKED: Final = "no request went to the service"


@dataclass(frozen=True, slots=True)
class Account:
    """What a run's requests come to, each figure with its origin."""

    model: str
    edge: EdgePart
    traffic: Traffic
    outcome: Outcome

    @property
    def source(self) -> str:
        """What all figures were measured by."""
        return (
            f"inference, {self.model}, {self.edge.placement}, {self.traffic.arrival} arrivals at "
            f"{self.traffic.rate:g}/s"
        )

    def result(self, count: int, link: tuple[Reading, Reading]) -> PlacementResult:
        """All of it; where nothing was answered, every figure says why."""
        done, outcome = self.outcome.done, self.outcome
        latencies = self._latencies()
        agreement, error = self._drift()
        up, down = (self._per_request(each, "interface") for each in link)
        return PlacementResult(
            model=self.model, placement=str(self.edge.placement), arrival=self.traffic.arrival,
            rate=self.traffic.rate, requests=count, failed=count - len(done),
            seconds=outcome.seconds, latency_p50=latencies[0], latency_p95=latencies[1],
            latency_p99=latencies[2],
            throughput=self._figure(
                lambda: derived(len(done) / outcome.seconds, PER_SECOND, self.source)
            ),
            payload_up=self._mean(lambda each: each.payload_up, BYTE),
            payload_down=self._mean(lambda each: each.payload_down, BYTE),
            link_up=up, link_down=down,
            edge_cpu=self._share(outcome.edge_cpu_seconds, "edge, sending included"),
            cloud_cpu=self._share(outcome.cloud_cpu_seconds, "the service's own count"),
            edge_compute=self._median([each.edge_seconds for each in done]),
            cloud_compute=self._median(
                [each.cloud_seconds for each in done if each.cloud_seconds is not None]
            ),
            escalated=self._escalated(), top1_agreement=agreement, relative_error=error,
            latency_mean=self._latency_mean(),
        )  # fmt: skip

    def _figure(self, make: Callable[[], Reading]) -> Reading:
        if self.outcome.done:
            return make()
        why = self.outcome.refused[0] if self.outcome.refused else "none was sent"
        return failed(f"no request was answered: {why}", "lower --rate, or see the service")

    def _latencies(self) -> tuple[Reading, ...]:
        latencies = [each.latency for each in self.outcome.done]
        if not latencies:
            return (self._figure(lambda: absent("never")),) * len(PERCENTILES)
        made = percentile_metrics(latencies, self.source, percentiles=PERCENTILES)
        return tuple(each.reading for each in made)

    def _latency_mean(self) -> Reading:
        latencies = [each.latency for each in self.outcome.done]
        return self._figure(lambda: derived(statistics.fmean(latencies), SECOND, self.source))

    def _median(self, seconds: Sequence[float]) -> Reading:
        if not seconds:
            return absent(NOT_ASKED)
        found = median_interval(seconds)
        origin = Origin(method=Method.MEASURED, source=f"{self.source}, the model alone")
        if not 0 < found.level < 1:
            return Quantity(value=found.value, unit=SECOND, origin=origin)
        return Quantity(
            value=found.value, unit=SECOND, origin=origin, low=found.low, high=found.high,
            level=found.level,
        )  # fmt: skip

    def _mean(self, size: Callable[[Done], int], unit: Unit) -> Reading:
        done = self.outcome.done
        return self._figure(
            lambda: derived(statistics.fmean(size(each) for each in done), unit, self.source)
        )

    def _share(self, seconds: float | None, whose: str) -> Reading:
        if seconds is None:
            return absent(NOT_ASKED)
        return self._figure(
            lambda: derived(seconds / len(self.outcome.done), SECOND, f"processor time: {whose}")
        )

    def _per_request(self, total: Reading, what: str) -> Reading:
        if isinstance(total, Missing):
            return total
        return self._figure(
            lambda: derived(
                total.value / len(self.outcome.done), BYTE, f"{total.origin.source}, {what}"
            )
        )

    def _escalated(self) -> Reading:
        if self.edge.placement.kind != "cascade":
            return absent("only a cascade escalates")
        onward = sum(each.cloud_seconds is not None for each in self.outcome.done)
        return self._figure(lambda: derived(onward / len(self.outcome.done), ONE, self.source))

    def _drift(self) -> tuple[Reading, Reading]:
        done = self.outcome.done
        if not done:
            return (self._figure(lambda: absent("never")),) * 2
        drift = find_drift(
            [self.edge.reference(each.index) for each in done], [each.answer for each in done]
        )
        against = f"{self.source}, against the whole model here, random inputs"
        share, low, high = wilson(drift.agreeing, drift.decisions)
        return (
            measured(share, ONE, against, low, high),
            derived(drift.relative_error, ONE, against),
        )
