import random

import pytest

from bitpath_cli.benchmarks._burst import find_burst

MIB = 1 << 20


def bucket(
    rate: float, burst: float, peak: float, total: float, seed: int = 0
) -> list[tuple[float, float]]:
    """A token bucket that passes pieces of about 64 KiB: bytes and seconds by its own clock."""
    pieces = random.Random(seed)  # noqa: S311
    seconds = moved = 0.0
    tokens = burst
    trace = []
    while moved < total:
        size = 65536 * pieces.uniform(0.5, 1.5)
        taken = size / peak
        tokens = min(burst, tokens + rate * taken) - size
        taken += max(0.0, -tokens) / rate
        tokens = max(0.0, tokens)
        seconds, moved = seconds + taken, moved + size
        trace.append((seconds, moved))
    return trace


@pytest.mark.parametrize(
    ("rate", "burst", "total"),
    [(25e6, 128 << 10, 8 * MIB), (25e6, 128 << 10, 2 * MIB), (1.25e9, MIB, 300 * MIB),
     (125e6, 4 * MIB, 40 * MIB)],
)  # fmt: skip
def test_the_bucket_of_a_shaper_is_found(rate: float, burst: float, total: float) -> None:
    traces = [bucket(rate, burst, 2e9, total, seed) for seed in range(4)]
    assert find_burst(traces) == pytest.approx(burst, rel=0.05)


def test_a_link_without_a_bucket_has_none() -> None:
    assert find_burst([bucket(25e6, 0, 2e9, 8 * MIB, seed) for seed in range(4)]) == 0


def test_one_hiccup_is_no_bucket() -> None:
    """One trace that begins at ten times the rate, beside three that do not."""
    straight = [bucket(25e6, 0, 2e9, 8 * MIB, seed) for seed in range(3)]
    assert find_burst([bucket(25e6, 2 * MIB, 2e9, 8 * MIB), *straight]) == 0


def test_one_trace_that_was_disturbed_does_not_move_the_bucket() -> None:
    """Beside three of 128 KiB, one that a pause in its later half makes look three times as big."""
    traces = [bucket(25e6, 128 << 10, 2e9, 8 * MIB, seed) for seed in range(3)]
    assert find_burst([*traces, bucket(25e6, 384 << 10, 2e9, 8 * MIB)]) == pytest.approx(
        128 << 10, rel=0.05
    )


def test_a_rate_that_never_settles_tells_nothing() -> None:
    """Twice as fast in the first half of the later bytes as in the second: no lasting rate."""
    fast = [(n * 1e-3, n * 1e5) for n in range(1, 76)]
    slow = [(75e-3 + n * 10e-3, 7.5e6 + n * 1e5) for n in range(1, 26)]
    assert find_burst([[*fast, *slow]] * 4) == 0


def test_a_slow_start_is_no_burst() -> None:
    trace = [(0.1 + n * 1e-3, n * 25e3) for n in range(1, 200)]
    assert find_burst([trace] * 4) == 0


@pytest.mark.parametrize("traces", [[], [[]], [[(1.0, 5.0)]]])
def test_without_points_there_is_no_burst(traces: list[list[tuple[float, float]]]) -> None:
    assert find_burst(traces) == 0
