"""Which resource most of a measured step is spent on."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from bitpath_cli.model.reading import Method, Origin, Quantity
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.trial import Check, Held, ResourceName
from bitpath_cli.model.units import ONE

_STEP: Final = "step"
_BETWEEN_RANKS: Final = ("combine", "average")


def find_held(
    result: BenchmarkResult, checks: Sequence[Check], backward_alone: float | None = None
) -> Held | None:
    """From the parts of a step: waiting for data, waiting for other ranks, and the rest.

    What backward takes beyond `backward_alone`, the seconds without other ranks, is waiting for
    them: gradients are reduced during it. The rest is the processor's, or memory's where that is
    what has become slow. None where no step was measured.
    """
    step = _value(result, "step_time")
    if step is None or _STEP not in result.samples:
        return None
    samples = result.samples[_STEP]
    loading = _middle(samples.evidence("load_seconds"))
    between = sum(_middle(samples.evidence(f"{part}_seconds")) for part in _BETWEEN_RANKS)
    backward = _value(result, "backward_time")
    within = 0.0 if backward is None or backward_alone is None else backward - backward_alone
    exposed = max(_value(result, "exposed_communication_time") or 0.0, between, within)
    slow = {each.resource for each in checks if each.is_slow}
    working: ResourceName = (
        "memory_bandwidth" if "memory_bandwidth" in slow and "compute" not in slow else "compute"
    )
    spent: dict[ResourceName, float] = {
        "storage": min(loading, step), "network": min(exposed, step),
        working: max(0.0, step - loading - exposed),
    }  # fmt: skip
    first, second, *_ = sorted(spent, key=lambda name: -spent[name])
    return Held(
        resource=first, share=_share(spent[first] / step),
        runner_up=second, runner_up_share=_share(spent[second] / step),
    )  # fmt: skip


def _share(value: float) -> Quantity:
    source = "median of the part ÷ the step"
    return Quantity(value=value, unit=ONE, origin=Origin(method=Method.DERIVED, source=source))


def _middle(values: Sequence[float]) -> float:
    return median(values) if values else 0.0


def _value(result: BenchmarkResult, name: str) -> float | None:
    found = result.metric(name)
    reading = None if found is None else found.reading
    return reading.value if isinstance(reading, Quantity) else None
