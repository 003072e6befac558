"""Requests followed by hand through one server, a quota, a token bucket and connections."""

from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.prediction.tandem import Lane, Processor, Way, answer_times

FREE = (Processor(), Processor())


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


def one(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def way(
    size: float = 0.0, rate: float = 1.0, burst: float = 0.0, fixed: float = 0.0,
    opening: float = 0.0, alone: float = 0.0,
) -> Way:  # fmt: skip
    none = one(0.0)
    up = Lane(one(rate), one(burst), size, one(alone))
    return Way(up, Lane(one(1.0), none, 0.0, none), one(fixed), none, none, one(opening))


def follow(
    arrivals: list[float], edge: list[float], centre: list[float] | None = None,
    through: Way | None = None, goes: list[bool] | None = None,
    processors: tuple[Processor, Processor] = FREE,
) -> list[float]:  # fmt: skip
    onward = torch.tensor(goes or [through is not None] * len(arrivals)).unsqueeze(1)
    found = answer_times(
        torch.tensor(arrivals, dtype=torch.float64), column(*edge), onward,
        column(*(centre or [0.0] * len(arrivals))), processors, through,
    )  # fmt: skip
    return found.squeeze(1).tolist()


def test_each_waits_for_those_before_it() -> None:
    assert follow([0, 0.05, 0.1, 1], [0.1] * 4) == pytest.approx([0.1, 0.15, 0.2, 0.1])


def test_a_long_run_waits_as_pollaczek_and_khinchine_say() -> None:
    """M/D/1 at ρ = 0.6: mean wait ρ·s / 2(1 − ρ) = 0.75 s of service."""
    source, at, arrivals = Random(5), 0.0, []  # noqa: S311
    for _ in range(20_000):
        at += source.expovariate(0.6)
        arrivals.append(at)
    found = follow(arrivals, [1.0] * len(arrivals))
    assert sum(found) / len(found) - 1 == pytest.approx(0.75, rel=0.1)


def test_a_quota_stops_work_until_its_next_period() -> None:
    """Half of every 100 ms: 80 ms of work are 50, a pause until 100, and 30 more."""
    half = (Processor(0.5, one(0.0)), Processor())
    assert follow([0.0], [0.08], processors=half) == pytest.approx([0.13])
    # What is left of that period, 20 ms, is enough for the second and not for the third.
    found = follow([0.0, 0.14, 0.17], [0.08, 0.02, 0.01], processors=half)
    assert found == pytest.approx([0.13, 0.02, 0.04])


def test_a_quota_of_a_tenth_takes_whole_periods() -> None:
    """10 ms of every 100: 35 ms take three pauses and 5 ms."""
    tenth = (Processor(0.1, one(0.0)), Processor())
    assert follow([0.0], [0.035], processors=tenth) == pytest.approx([0.305])


def test_a_bucket_lets_its_burst_pass_at_once_and_the_rest_at_its_rate() -> None:
    bucket = way(size=150, rate=100, burst=100)
    # 50 of 150 B wait for tokens, and the second finds none. Each has half of the rate, so the
    # first is through at 1 s, when the second still has 100 B.
    assert follow([0, 0], [0, 0], through=bucket) == pytest.approx([1.0, 2.0])
    # After 0.6 s the bucket holds 60 B again.
    assert follow([0, 1.1], [0, 0], through=bucket) == pytest.approx([0.5, 0.9])


def test_what_goes_is_served_at_both_ends_and_on_the_way() -> None:
    found = follow([0, 0], [0.1, 0.1], [0.3, 0.3], way(fixed=0.05))
    # The second leaves the edge at 0.2, and the centre is free at 0.1 + 0.05 + 0.3.
    assert found == pytest.approx([0.45, 0.75])


def test_who_stays_leaves_no_trace_on_the_way() -> None:
    bucket = way(size=100, rate=100, fixed=0.5)
    found = follow([0, 0, 0], [0, 0, 0], [1, 1, 1], bucket, [True, False, True])
    # Both share the link for 2 s, and the centre takes them one after the other.
    assert found == pytest.approx([3.5, 0.0, 4.5])


def test_a_connection_more_is_opened_when_all_are_waited_on() -> None:
    found = follow([0, 0.1, 5], [0, 0, 0], through=way(fixed=1.0, opening=0.4))
    assert found == pytest.approx([1.0, 1.4, 1.0])


def test_messages_share_the_link_from_when_they_meet() -> None:
    """100 B at 100 B/s: 0.4 s alone, then each at half: 1.2 s more for 60 B, and 0.4 s alone."""
    found = follow([0, 0.4], [0, 0], through=way(size=100, rate=100))
    assert found == pytest.approx([1.6, 1.6])


def test_replies_share_the_way_back() -> None:
    none = one(0.0)
    both = Way(
        up=Lane(one(1e9), none, 0.0, none), down=Lane(one(100), none, 100, none), fixed=none,
        edge_work=none, centre_work=none, opening=none,
    )  # fmt: skip
    assert follow([0, 0.4], [0, 0], through=both) == pytest.approx([1.6, 1.6])


def test_a_shared_link_takes_what_processor_sharing_does() -> None:
    """A mean of s / (1 - ρ) whatever the sizes' distribution (Kleinrock, 1967): 2.5 at ρ = 0.6."""
    source, at, arrivals = Random(5), 0.0, []  # noqa: S311
    for _ in range(4000):
        at += source.expovariate(0.6)
        arrivals.append(at)
    found = follow(arrivals, [0.0] * len(arrivals), through=way(size=1, rate=1))
    assert sum(found) / len(found) == pytest.approx(2.5, rel=0.1)


def test_a_message_alone_takes_no_less_than_it_was_measured_to() -> None:
    assert follow([0], [0], through=way(size=10, rate=1e9, alone=0.2)) == pytest.approx([0.2])


@given(
    gaps=st.lists(st.floats(0, 1), min_size=1, max_size=12),
    works=st.lists(st.floats(0.01, 1), min_size=12, max_size=12),
    more=st.floats(1, 3),
)
def test_slower_parts_never_answer_sooner(
    gaps: list[float], works: list[float], more: float
) -> None:
    arrivals = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    works = works[: len(gaps)]
    fast = follow(arrivals, works, works, way(size=10, rate=20, burst=5, fixed=0.1))
    slow = follow(
        arrivals, [more * each for each in works], works, way(10 * more, 20, 5, 0.1)
    )  # fmt: skip
    assert all(late >= soon - 1e-9 for late, soon in zip(slow, fast, strict=True))
