"""What the samples of a training say: step time, its parts, bytes, and what was learnt."""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.benchmarks import Case, Conclusion, Context
from bitpath_cli.model.reading import Method, Origin, Quantity
from bitpath_cli.model.result import Direction, Doubt, Metric, Samples, Validity, metric
from bitpath_cli.model.units import BYTE, ONE, PER_SECOND, SECOND, Unit
from bitpath_cli.stats import Interval, blocked_median_interval, median_interval

_STEP: Final = "step"
_ALONE: Final = "alone"
_PARTS: Final = {
    "load_time": ("load",),
    "forward_time": ("forward",),
    "backward_time": ("backward",),
    "optimiser_time": ("optimise",),
    "explicit_synchronisation_time": ("combine", "average"),
}
# Below so many steps the loss may still wander.
_LEAST_STEPS: Final = 60


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The metrics of one way of training."""
    told = case.parameters
    taken = samples[_STEP]
    batch = int(told["batch_size"])
    steps = round(taken.work / batch)
    simulated = ", simulated accelerator that sleeps" if "simulated_rate" in told else ""
    source = f"train_step, {told['model']}, {told['sync']}, batch {batch}{simulated}"
    seconds = _scaled(blocked_median_interval(taken.seconds_by_block), 1 / steps)
    found = [
        _metric("step_time", seconds, SECOND, Direction.LOWER, source),
        _metric(
            "samples_per_second", _inverse(seconds, batch), PER_SECOND, Direction.HIGHER, source
        ),
        *_parts(taken, source),
        *_bytes(taken, source),
        *_loss(taken, source),
    ]
    if _ALONE in samples:
        alone = blocked_median_interval(samples[_ALONE].seconds_by_block)
        found += _beside(seconds, alone, source)
    doubts: tuple[Doubt, ...] = ()
    if context.ranks is not None and len(set(context.ranks.addresses)) == 1:
        doubts += (Doubt.LOOPBACK_ONLY,)
    if taken.evidence("direct") and not all(taken.evidence("direct")):
        doubts += (Doubt.CACHED_IO,)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    if not _has_learnt(taken):
        doubts, validity = (*doubts, Doubt.WRONG_RESULT), Validity.INVALID
    return Conclusion(
        tuple(each.model_copy(update={"validity": validity, "reasons": doubts}) for each in found),
        validity=validity,
        reasons=doubts,
    )


def _parts(taken: Samples, source: str) -> list[Metric]:
    """The medians of rank 0's parts of a step; they are those of this rank, not of the slowest."""
    found = []
    for name, parts in _PARTS.items():
        each = [taken.evidence(f"{part}_seconds") for part in parts]
        sums = [sum(values) for values in zip(*each, strict=True)]
        if sums:
            told = f"{source}, rank 0"
            found.append(_metric(name, median_interval(sums), SECOND, Direction.LOWER, told))
    return found


def _beside(step: Interval, alone: Interval, source: str) -> list[Metric]:
    """What synchronising adds to a step, and what share of the speed it leaves."""
    level = min(step.level, alone.level)
    exposed = Interval(
        step.value - alone.value, step.low - alone.high, step.high - alone.low, level
    )
    share = Interval(alone.value / step.value, alone.low / step.high, alone.high / step.low, level)
    beside = f"{source}, beside the same step without synchronisation"
    return [
        _metric("compute_time", alone, SECOND, Direction.LOWER, beside),
        _metric("exposed_communication_time", exposed, SECOND, Direction.LOWER, beside),
        _metric("scaling_efficiency", share, ONE, Direction.HIGHER, beside),
    ]


def _bytes(taken: Samples, source: str) -> list[Metric]:
    """What the interface sent in a step, and what the formula expects."""
    found = []
    sent = taken.evidence("sent_bytes_per_step")
    if sent:
        counted = f"{source}, the interface's counter, headers included"
        found.append(_metric("sent_bytes", median_interval(sent), BYTE, Direction.LOWER, counted))
    expected = taken.evidence("expected_bytes_per_step")
    if expected and expected[0] > 0:
        origin = Origin(method=Method.DERIVED, source="2(N−1)/N · bytes reduced, a rank and step")
        reading = Quantity(value=expected[0], unit=BYTE, origin=origin)
        found.append(metric("expected_bytes", reading, Direction.LOWER))
    return found


def _loss(taken: Samples, source: str) -> list[Metric]:
    """The first process's loss on held-out samples before and after."""
    curve = taken.blocks[0].evidence.get("curve_loss", ())
    seen = taken.blocks[0].evidence.get("curve_samples", ())
    if len(curve) < 2:
        return []
    source = f"{source}, mean over held-out samples"
    return [
        _plain("loss_before", curve[0], source),
        _plain("loss_after", curve[-1], f"{source}, after {seen[-1]:.0f} samples"),
    ]


def _has_learnt(taken: Samples) -> bool:
    """Whether every process that trained long enough has seen a smaller loss than its first.

    Not whether it ended with one: a small model that trains on for thousands of steps learns its
    few records by heart, and its loss on others rises again.
    """
    for block in taken.blocks:
        curve = block.evidence.get("curve_loss", ())
        trained = sum(block.evidence.get("steps", ()))
        if trained >= _LEAST_STEPS and (len(curve) < 2 or min(curve[1:]) >= curve[0]):
            return False
    return True


def _plain(name: str, value: float, source: str) -> Metric:
    origin = Origin(method=Method.MEASURED, source=source)
    return metric(name, Quantity(value=value, unit=ONE, origin=origin), Direction.LOWER)


def _metric(name: str, found: Interval, unit: Unit, direction: Direction, source: str) -> Metric:
    has_interval = 0 < found.level < 1
    reading = Quantity(
        value=found.value, unit=unit, origin=Origin(method=Method.MEASURED, source=source),
        low=found.low if has_interval else None, high=found.high if has_interval else None,
        level=found.level if has_interval else None,
    )  # fmt: skip
    return metric(name, reading, direction)


def _scaled(found: Interval, factor: float) -> Interval:
    return Interval(found.value * factor, found.low * factor, found.high * factor, found.level)


def _inverse(found: Interval, work: float) -> Interval:
    return Interval(work / found.value, work / found.high, work / found.low, found.level)
