"""What of each result's power the machine draws at rest as well, once both are known."""

from collections.abc import Sequence

from bitpath_cli.model.reading import derived
from bitpath_cli.model.result import BenchmarkResult, Direction, Metric, metric
from bitpath_cli.model.units import ONE
from bitpath_cli.workflows.power import BENCHMARK, IDLE, POWER

_IDLE_SHARE = "idle_share"


def with_idle_shares(results: Sequence[BenchmarkResult]) -> tuple[BenchmarkResult, ...]:
    """The results, with `idle_share` beside every power that the same meters told."""
    idle = next((power for each in results if (power := _idle_power(each)) is not None), None)
    if idle is None:
        return tuple(results)
    return tuple(_with_share(each, idle) for each in results)


def _idle_power(result: BenchmarkResult) -> float | None:
    told = result.parameters
    if result.benchmark != BENCHMARK or told.get("load") != IDLE or told.get("meter") != "counters":
        return None
    found = result.metric(POWER)
    return None if found is None else found.value


def _with_share(result: BenchmarkResult, idle_watts: float) -> BenchmarkResult:
    power = result.metric(POWER)
    is_apart = result.parameters.get("meter", "counters") != "counters"
    if power is None or not power.value or is_apart or result.parameters.get("load") == IDLE:
        return result
    share = derived(idle_watts / power.value, ONE, "power at rest of the power under this load")
    made: Metric = metric(
        _IDLE_SHARE, share, Direction.LOWER, reasons=power.reasons, validity=power.validity
    )
    return result.model_copy(update={"metrics": (*result.metrics, made)})
