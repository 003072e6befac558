"""What a benchmark yields: raw samples, metrics with interval and ceiling, and their validity."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from bitpath_cli.model.reading import Fact, Missing, Origin, Quantity, Reading, absent
from bitpath_cli.model.record import Record
from bitpath_cli.model.units import Unit

Scalar = bool | int | float | str
Parameters = dict[str, Scalar]
"""What identifies a run of a benchmark: two results are comparable only where these agree."""


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Validity(StrEnum):
    """Whether to believe a number: as it stands, with its reasons in mind, or not at all."""

    VALID = "valid"
    DEGRADED = "degraded"
    INVALID = "invalid"


class Doubt(StrEnum):
    """Machine-readable reasons why a result is not simply valid."""

    CACHED_IO = "cached_io"
    UNPROVEN_IO = "unproven_io"
    THROTTLED = "throttled"
    CPU_QUOTA = "cpu_quota"
    IO_LIMIT = "io_limit"
    STEAL = "steal"
    CONTENDED = "contended"
    TOO_SMALL = "too_small"
    TOO_FEW = "too_few_samples"
    UNSTABLE = "unstable"
    LOOPBACK_ONLY = "loopback_only"
    WRONG_INTERFACE = "wrong_interface"
    CPU_BOUND = "cpu_bound"
    TIMER_RESOLUTION = "timer_resolution"
    WRONG_RESULT = "wrong_result"
    IMPLAUSIBLE = "implausible"
    INTERRUPTED = "interrupted"
    PEER_FAILED = "peer_failed"
    UNCHECKED = "unchecked"


class Ceiling(Record):
    """The limit a metric is compared with, and where that limit comes from."""

    value: FiniteFloat = Field(gt=0)
    unit: Unit
    source: str


class Block(Record):
    """The timed samples of one fresh process: each is the seconds that `loops` operations took.

    `calibration` is how `loops` was found, as pairs of operations and seconds. `evidence` is what
    else the trial saw meanwhile: latencies of single requests, bytes that the device moved, wrong
    elements.
    """

    loops: int = Field(gt=0)
    seconds: tuple[FiniteFloat, ...]
    warmup_seconds: tuple[FiniteFloat, ...] = ()
    calibration: tuple[tuple[int, FiniteFloat], ...] = ()
    evidence: dict[str, tuple[FiniteFloat, ...]] = {}

    @property
    def operations(self) -> int:
        """Every operation that the process did, calibration and warm-up included."""
        samples = len(self.seconds) + len(self.warmup_seconds)
        return self.loops * samples + sum(count for count, _ in self.calibration)


class Samples(Record):
    """All raw times of one timed loop; `work` of `unit` is done per operation."""

    work: FiniteFloat = Field(gt=0)
    unit: Unit
    blocks: tuple[Block, ...]
    stopped: Literal["precise", "budget", "interrupted"]

    @property
    def seconds_per_operation(self) -> tuple[float, ...]:
        """Seconds per operation, sample by sample, over all blocks."""
        return tuple(seconds for block in self.seconds_by_block for seconds in block)

    @property
    def seconds_by_block(self) -> tuple[tuple[float, ...], ...]:
        """Seconds per operation of every fresh process, as the intervals of stats.py take them."""
        return tuple(tuple(s / block.loops for s in block.seconds) for block in self.blocks)

    def evidence(self, name: str) -> tuple[float, ...]:
        """Everything of that name that the trials saw, over all blocks; empty where nothing."""
        return tuple(each for block in self.blocks for each in block.evidence.get(name, ()))


class Metric(Record):
    """One figure of a result. `value` is null exactly where `missing` says why."""

    kind: Literal["quantity", "missing"] = "quantity"
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    value: FiniteFloat | None
    unit: Unit
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    level: float | None = None
    direction: Direction
    origin: Origin
    ceiling: Ceiling | None = None
    fraction_of_ceiling: FiniteFloat | None = None
    validity: Validity = Validity.VALID
    reasons: tuple[Doubt, ...] = ()
    missing: Missing | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        is_missing = self.kind == "missing"
        if is_missing != (self.value is None) or is_missing != (self.missing is not None):
            raise ValueError("a metric has either a value or the reason why it is missing")
        return self

    @property
    def reading(self) -> Quantity | Missing:
        """The same as a reading."""
        if self.missing is not None:
            return self.missing
        assert self.value is not None  # noqa: S101  (the validator guarantees it)
        return Quantity(
            value=self.value, unit=self.unit, origin=self.origin,
            low=self.low, high=self.high, level=self.level,
        )  # fmt: skip


def metric(
    name: str,
    reading: Quantity,
    direction: Direction,
    *,
    ceiling: Ceiling | None = None,
    reasons: tuple[Doubt, ...] = (),
    validity: Validity = Validity.VALID,
) -> Metric:
    """A metric from a quantity; raises ValueError where the ceiling has another unit."""
    if ceiling is not None and ceiling.unit != reading.unit:
        raise ValueError(f"{name}: {reading.unit} cannot be compared with {ceiling.unit}")
    return Metric(
        name=name, value=reading.value, unit=reading.unit, low=reading.low, high=reading.high,
        level=reading.level, direction=direction, origin=reading.origin, ceiling=ceiling,
        fraction_of_ceiling=None if ceiling is None else reading.value / ceiling.value,
        validity=validity, reasons=reasons,
    )  # fmt: skip


def missing_metric(
    name: str, unit: Unit, missing: Missing, direction: Direction, origin: Origin
) -> Metric:
    """A metric that could not be had: busbw of one rank, joules where no meter exists."""
    return Metric(
        kind="missing", name=name, value=None, unit=unit, direction=direction, origin=origin,
        missing=missing,
    )  # fmt: skip


class CollectivePoint(Record):
    """One message size of a collective; rates follow the conventions of nccl-tests.

    `time` and its 95th percentile `time_p95` are the slowest rank's, `mean_time` is over all ranks.
    """

    size_bytes: int
    time: Quantity
    time_p95: Reading = absent("fewer than 20 operations have no 95th percentile")
    algbw: Quantity
    busbw: Annotated[Quantity | Missing, Field(discriminator="kind")]
    mean_time: Quantity
    wrong: int
    ceiling: Ceiling | None = None


class CostSegment(Record):
    """A range of message sizes with its own α (seconds a message) and β (seconds a byte).

    `largest_error` is the largest relative error that its line leaves at a measured size.
    """

    from_bytes: int
    to_bytes: int
    alpha: Reading
    beta: Reading
    largest_error: FiniteFloat


class PairLink(Record):
    """What two ranks reach alone: half a round trip, and bytes a second both ways at once."""

    rank_a: int
    rank_b: int
    latency: Reading
    bandwidth: Reading


class RankTiming(Record):
    """One rank's part: how long after the first rank it arrives, and its time in the transfer.

    `last_share` is the share of iterations in which it arrived as the last.
    """

    rank: int
    source_address: Fact
    lateness: Reading
    transfer: Reading
    last_share: Reading


class Finding(Record):
    """What a benchmark found: a name and the ranks meant for programs, a sentence for people."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sentence: str
    next_step: str = ""
    ranks: tuple[int, ...] = ()


class BenchmarkResult(Record):
    """One run of one benchmark, or why there is none.

    `conditions` is what the machine did meanwhile: shares of stolen, foreign and throttled time,
    clock and temperature.
    """

    benchmark: str
    revision: int
    parameters: Parameters = {}
    validity: Validity
    reasons: tuple[Doubt, ...] = ()
    duration_seconds: FiniteFloat
    metrics: tuple[Metric, ...] = ()
    points: tuple[CollectivePoint, ...] = ()
    segments: tuple[CostSegment, ...] = ()
    ranks: tuple[RankTiming, ...] = ()
    pairs: tuple[PairLink, ...] = ()
    findings: tuple[Finding, ...] = ()
    samples: dict[str, Samples] = {}
    conditions: dict[str, Reading] = {}
    missing: Missing | None = None

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, or None."""
        return next((each for each in self.metrics if each.name == name), None)

    @property
    def is_usable(self) -> bool:
        """Whether it was measured, and what was measured can be relied on."""
        return self.missing is None and self.validity is not Validity.INVALID

    def figure(self, name: str) -> Quantity | None:
        """The metric's quantity, or None where it is missing, invalid or not positive."""
        found = self.metric(name)
        if found is None or found.validity is Validity.INVALID:
            return None
        reading = found.reading
        return reading if isinstance(reading, Quantity) and reading.value > 0 else None
