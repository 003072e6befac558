"""The latest tick as Prometheus metric families, by prometheus_client.

What is unknown has no series, since a scraper would take 0 for a value and NaN for a number;
`bitpath_probe_success` tells which meters could be read.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from bitpath_cli import __version__
from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.watch import Observation
from bitpath_cli.monitoring import Sourced, Tick
from bitpath_cli.monitoring.names import PREFIX, family, label

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

_POWERS: Final = ("energy", "power", "part_", "machine_", "gpu_energy", "gpu_power")


class Exposition:
    """Holds the latest tick, and gives it to whoever scrapes; a tick is replaced as a whole."""

    def __init__(self, stale_seconds: float) -> None:
        """A tick that is older than `stale_seconds` is no longer what the machine does now."""
        from prometheus_client.registry import CollectorRegistry

        self._tick: Tick | None = None
        self._taken_at = 0.0
        self._stale_seconds = stale_seconds
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    @property
    def registry(self) -> "CollectorRegistry":
        """For prometheus_client's encoders."""
        return self._registry

    def take(self, tick: Tick) -> None:
        """The tick to show from now on."""
        self._tick, self._taken_at = tick, monotonic()

    def text(self) -> bytes:
        """The text format that node_exporter reads."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)

    def collect(self) -> Iterator["Metric"]:
        """Every family once; the build's alone where there is no recent tick."""
        from prometheus_client.core import GaugeMetricFamily

        build = GaugeMetricFamily(
            f"{PREFIX}build_info", "The version of bitpath; always 1.", labels=("version",)
        )
        build.add_metric((__version__,), 1)
        yield build
        tick = self._tick
        if tick is None or monotonic() - self._taken_at > self._stale_seconds:
            return
        yield from _readings(tick.readings)
        yield from _drift(tick.observation)
        yield from _state(tick.observation)


def _readings(readings: tuple[Sourced, ...]) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    families: dict[str, Metric] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for each in readings:
        reading = each.reading
        name = family(reading.name, reading.quantity.unit)
        labels, values = _labels(each)
        # Two sensors of one name would make the whole scrape invalid.
        if (name, values) in seen:
            continue
        seen.add((name, values))
        if name not in families:
            kind = CounterMetricFamily if reading.form == "counter" else GaugeMetricFamily
            words = reading.name.replace("_", " ")
            families[name] = kind(name, f"{words} (meter {each.source}).", labels=labels)
        families[name].add_metric(values, reading.quantity.value)  # type: ignore[attr-defined]
    yield from families.values()


def _labels(each: Sourced) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The subject; power and energy tell their source and how the value came to be as well."""
    reading = each.reading
    if not reading.name.startswith(_POWERS):
        return (label(reading.name),), (reading.subject,)
    method = reading.quantity.origin.method.value
    return (label(reading.name), "source", "method"), (reading.subject, each.source, method)


def _drift(observation: Observation) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    families: dict[str, GaugeMetricFamily] = {}
    for each in observation.series:
        if each.group != "drift" or not isinstance(each.reading, Quantity):
            continue
        name = family(each.name, each.reading.unit)
        if name not in families:
            words = f"{each.name.replace('_', ' ')} against the assessed machine."
            families[name] = GaugeMetricFamily(name, words, labels=(label(each.name),))
        families[name].add_metric((each.subject,), each.reading.value)
    yield from families.values()


def _state(observation: Observation) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    success = GaugeMetricFamily(
        f"{PREFIX}probe_success", "1 where a meter gave a reading.", labels=("probe",)
    )
    for source in observation.sources:
        success.add_metric((source.name,), 0 if source.trouble else 1)
    yield success
    alerts = GaugeMetricFamily(
        f"{PREFIX}alert_firing", "1 while a rule of bitpath's own fires.",
        labels=("rule", "subject", "severity"),
    )  # fmt: skip
    for alert in observation.alerts:
        if alert.state == "firing":
            alerts.add_metric((alert.rule, alert.subject, alert.severity), 1)
    yield alerts
    at = GaugeMetricFamily(
        f"{PREFIX}sample_timestamp_seconds", "When the values were read, since 1970."
    )
    at.add_metric((), observation.time.timestamp())
    yield at
    cost = observation.cost
    own = CounterMetricFamily(f"{PREFIX}own_cpu_seconds", "CPU time that the monitor used.")
    own.add_metric((), cost.cpu_seconds)
    yield own
    if cost.resident_bytes:
        memory = GaugeMetricFamily(f"{PREFIX}own_resident_bytes", "Memory of the monitor.")
        memory.add_metric((), cost.resident_bytes)
        yield memory
    missed = CounterMetricFamily(f"{PREFIX}own_missed_ticks", "Ticks that came too late.")
    missed.add_metric((), cost.missed)
    yield missed
