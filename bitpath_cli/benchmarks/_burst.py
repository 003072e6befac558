"""How much a link lets through before its lasting rate: the burst of a token bucket.

A bucket of b bytes that fills at rate r passes bytes(t) = min(peak·t, b + r·t) from a full start
(tc-tbf(8)). So the line through the later part of a trace meets t = 0 at b.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final

Trace = Sequence[tuple[float, float]]
"""Seconds since the start and bytes received until then, both rising."""

MULTIPLE: Final = 25
"""What moves so many bursts is at most 4 % faster than the lasting rate."""

_LEAST_POINTS: Final = 8
_LATER_PART: Final = 0.5
_FASTER: Final = 1.3
_STEADY: Final = 0.15


def find_burst(traces: Sequence[Trace]) -> float:
    """The bytes of a burst that at least half of the traces show; 0 where fewer do.

    The median of those: a hiccup of the machine bends one trace either way, a bucket bends each.
    """
    told = [excess for trace in traces if (excess := _excess(trace)) is not None]
    shown = [excess for excess in told if excess > 0]
    return median(shown) if shown and 2 * len(shown) >= len(told) else 0.0


def _excess(trace: Trace) -> float | None:
    """Bytes before the lasting rate, 0 where the beginning is not clearly faster.

    None where the later half is not steady, so that there is no lasting rate. Halves are halves of
    the bytes: a bucket larger than half of what was moved cannot be seen.
    """
    if len(trace) < _LEAST_POINTS:
        return None
    end_seconds, end_bytes = trace[-1]
    later = [point for point in trace if point[1] >= _LATER_PART * end_bytes]
    begin_seconds, begin_bytes = later[0]
    if end_seconds <= begin_seconds or len(later) < _LEAST_POINTS // 2:
        return None
    rate = (end_bytes - begin_bytes) / (end_seconds - begin_seconds)
    if not _is_steady(later, rate):
        return None
    excess = begin_bytes - rate * begin_seconds
    is_faster = excess > 0 and excess >= _FASTER * rate * _seconds_at(trace, excess)
    return excess if is_faster else 0.0


def _seconds_at(trace: Trace, size_bytes: float) -> float:
    """When so many bytes had come, on straight lines between the points."""
    before_seconds = before_bytes = 0.0
    for seconds, moved in trace:
        if moved >= size_bytes:
            share = (size_bytes - before_bytes) / (moved - before_bytes)
            return before_seconds + share * (seconds - before_seconds)
        before_seconds, before_bytes = seconds, moved
    return before_seconds


def _is_steady(later: Trace, rate: float) -> bool:
    """Whether no point lies far off the straight line, measured in the part's own length."""
    begin_seconds, begin_bytes = later[0]
    room = _STEADY * (later[-1][1] - begin_bytes)
    return all(
        abs(moved - begin_bytes - rate * (seconds - begin_seconds)) <= room
        for seconds, moved in later
    )
