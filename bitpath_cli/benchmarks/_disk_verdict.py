"""Whether a disk's figures are to be believed, and the sentence that says what proves them."""

from dataclasses import dataclass
from statistics import median
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._device_counters import Counter, find_counter
from bitpath_cli.benchmarks._disk_kinds import Kind
from bitpath_cli.benchmarks._io_limits import IoLimit, find_io_limits
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.result import Ceiling, Doubt, Finding, Samples, Validity
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, PER_SECOND, Unit, human

_PROVEN: Final = 0.95
_BUSY: Final = 0.9
_ENGINE_SHARE: Final = 0.7
_DOUBTFUL_BYTES: Final = 64 << 20
_AGREEING: Final = 0.05
_AT_LIMIT: Final = 0.85


@dataclass(frozen=True, slots=True)
class Verdict:
    """What speaks against the figures, and what their source is to say."""

    doubts: tuple[Doubt, ...]
    validity: Validity
    proof: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a control group allows of a kind, as the ceiling of what it binds, and if it was met."""

    bandwidth: Ceiling | None = None
    requests: Ceiling | None = None
    is_met: bool = False


def judge(samples: Samples, kind: Kind, context: Context) -> Verdict:
    """From the bytes that a device moved, what the engine cost, and how large the file was."""
    doubts, proof = _prove(samples, kind, find_counter(context.host, context.directory))
    doubts += _doubts_about_load(samples, kind.depth, context.threads)
    doubts += (Doubt.WRONG_RESULT,) if any(samples.evidence("wrong")) else ()
    validity = Validity.VALID if not doubts else Validity.DEGRADED
    if Doubt.CACHED_IO in doubts or Doubt.WRONG_RESULT in doubts:
        validity = Validity.INVALID
    return Verdict(doubts, validity, proof)


def find_allowance(samples: Samples, kind: Kind, context: Context) -> Allowance:
    """The limit that binds this kind first, and whether that is what was measured.

    Only past the page cache is one request of ours one of the device's.
    """
    limits = find_io_limits(context.host, context.directory, kind.operation)
    bandwidth, requests = limits.bandwidth, limits.requests if kind.is_direct else None
    per_second = samples.work / median(samples.seconds_per_operation)
    if requests is not None:
        requests_bytes = requests.amount * kind.block_bytes
        if bandwidth is None or requests_bytes < bandwidth.amount:
            is_met = per_second >= _AT_LIMIT * requests_bytes
            return Allowance(requests=_ceiling(requests, PER_SECOND), is_met=is_met)
    if bandwidth is None:
        return Allowance()
    is_met = per_second >= _AT_LIMIT * bandwidth.amount
    return Allowance(bandwidth=_ceiling(bandwidth, BYTE_PER_SECOND), is_met=is_met)


def compare_engines(kind: Kind, fio: Quantity, ours: Quantity) -> Finding | None:
    """A finding where both engines' rates differ by more than noise and 5 %."""
    ratio = ours.value / fio.value
    if abs(ratio - 1) <= _AGREEING or _overlap(fio, ours):
        return None
    return Finding(
        name="engines_disagree",
        sentence=(
            f"{kind.pattern} {kind.operation} of {human(kind.block_bytes, BYTE)}, {kind.depth} "
            f"at a time: fio moves {human(fio.value, fio.unit)} and the built-in engine "
            f"{human(ours.value, ours.unit)}, which is {ratio:.2f} of it"
        ),
        next_step=(
            "run it again when the machine is quiet; where it stays, believe fio: the built-in "
            "engine, or what checks its figure, costs time of its own"
            if ratio < 1
            else "run it again when the machine is quiet; where it stays, see what a cache gives"
        ),
    )


def _overlap(one: Quantity, other: Quantity) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low <= other.high and other.low <= one.high


def _ceiling(limit: IoLimit, unit: Unit) -> Ceiling:
    return Ceiling(value=limit.amount, unit=unit, source=limit.source)


def _prove(
    samples: Samples, kind: Kind, counter: Counter | Missing
) -> tuple[tuple[Doubt, ...], str]:
    """Whether the device moved what was asked of it, and the sentence that says so."""
    moved, asked = samples.evidence("moved_bytes"), sum(samples.evidence("asked_bytes"))
    if isinstance(counter, Missing) or not moved or not asked:
        why = counter.detail if isinstance(counter, Missing) else "its counter could not be read"
        return (Doubt.UNPROVEN_IO,), f"whether a device moved the bytes is unproven ({why})"
    share = sum(moved) / asked
    # What the kernel reads ahead of a program is worth knowing; what others read is not.
    told = min(share, 1) if kind.is_direct else share
    words = f"{counter.source} counted {told:.0%} of the bytes asked for"
    if share >= _PROVEN:
        below = "; it is virtual, and its host may cache below it" if counter.is_virtual else ""
        return (), words + below
    if counter.is_own_device:
        return (Doubt.CACHED_IO,), f"{words}; a cache gave the rest"
    return (Doubt.UNPROVEN_IO,), f"{words}, and it may miss what the kernel did for the process"


def _doubts_about_load(samples: Samples, depth: int, threads: int) -> tuple[Doubt, ...]:
    """Whether the engine, rather than the disk, was the limit, and whether the file was small."""
    wall, cpu = sum(samples.evidence("wall_seconds")), sum(samples.evidence("cpu_seconds"))
    engine = max(samples.evidence("engine_seconds"), default=0.0)
    fastest = min(samples.seconds_per_operation)
    is_busy = wall > 0 and cpu / wall >= _BUSY * min(depth, threads)
    doubts = [Doubt.CPU_BOUND] if is_busy or engine >= _ENGINE_SHARE * fastest else []
    if min(samples.evidence("file_bytes"), default=0.0) < _DOUBTFUL_BYTES:
        doubts.append(Doubt.TOO_SMALL)
    return tuple(doubts)
