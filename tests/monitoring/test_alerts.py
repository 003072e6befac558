"""The life of alerts, with a scripted clock."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.reading import failed
from bitpath_cli.model.watch import Event
from bitpath_cli.monitoring.alerts import INACTIVE, Rule, State, Watchman, step
from tests.monitoring.ruled import rule, series

GONE = failed("it cannot be read now")
Trace = Sequence[tuple[float, float | None]]


def live(one: Rule, values: Trace) -> list[State]:
    """The state after each value."""
    state, states = INACTIVE, []
    for now, value in values:
        state = step(one, state, now, value)
        states.append(state)
    return states


def phases(one: Rule, values: Sequence[float | None]) -> list[str]:
    """A letter a second: i, p or f."""
    return [each.phase[0] for each in live(one, list(enumerate(values)))]


def test_without_waiting_it_fires_and_ends_at_once() -> None:
    assert phases(rule(), [9, 10, 11, 11, 5]) == list("iiffi")


def test_between_the_thresholds_nothing_changes() -> None:
    assert phases(rule(), [7, 11, 7, 9.9, 5.1, 5]) == list("iffffi")


def test_below_works_the_other_way_round() -> None:
    low = rule(when="below", raise_at=10.0, clear_at=15.0)
    assert phases(low, [10, 9, 12, 15]) == list("iffi")


def test_it_waits_for_as_long_as_it_is_told() -> None:
    assert phases(rule(hold_seconds=3), [11, 11, 11, 11]) == list("pppf")


def test_one_sample_can_never_have_lasted() -> None:
    assert live(rule(hold_seconds=60), [(1000.0, 99)])[-1].phase == "pending"


@pytest.mark.parametrize("between", [7, 0])
def test_what_is_pending_is_given_up_when_it_is_no_longer_raised(between: float) -> None:
    assert phases(rule(hold_seconds=2), [11, 11, between, 11, 11, 11]) == list("ppippf")


def test_it_keeps_firing_until_it_has_been_clear_for_long_enough() -> None:
    kept = rule(keep_seconds=2)
    assert phases(kept, [11, 5, 5, 5, 5]) == list("fffii")
    assert phases(kept, [11, 5, 5, 7, 5, 5, 5]) == list("ffffffi")


def test_the_peak_is_the_worst_value_since_it_was_raised() -> None:
    states = live(rule(keep_seconds=9), list(enumerate([11, 30, 12, 4])))
    assert [each.peak for each in states] == [11, 30, 30, 30]
    low = rule(when="below", raise_at=10.0, clear_at=10.0, hold_seconds=1)
    assert live(low, list(enumerate([4, 2, 8])))[-1].peak == 2


def test_a_gap_resolves_nothing_and_is_marked() -> None:
    states = live(rule(keep_seconds=1), list(enumerate([11, None, None, 5, None, 5, 5])))
    assert [each.phase[0] for each in states] == list("ffffffi")
    assert [each.is_blind for each in states] == [False, True, True, False, True, False, False]


def test_what_was_not_seen_does_not_count_as_waiting() -> None:
    assert phases(rule(hold_seconds=3), [11, 11, None, 11, 11, 11, 11]) == list("ppppppf")


def test_where_the_rule_says_so_a_gap_is_as_good_as_a_clear_value() -> None:
    quiet = rule(on_no_data="resolve", keep_seconds=1)
    assert phases(quiet, [11, None, None]) == list("ffi")
    assert phases(replace(quiet, hold_seconds=5), [11, None, 11]) == list("pip")


def test_where_the_rule_says_so_a_gap_is_an_alert_of_its_own() -> None:
    strict = rule(on_no_data="fire", hold_seconds=2)
    assert phases(strict, [0, None, None, None, 7, 5]) == list("ippffi")
    # A value that was pending says nothing about how long nothing was seen.
    assert phases(strict, [11, 11, None, None, None]) == list("ppppf")


VALUES = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 5.0, 7.0, 10.0, 11.0, 20.0])), max_size=40
)
WAITS = st.integers(min_value=0, max_value=6)


@given(VALUES, WAITS, WAITS)
def test_it_fires_exactly_after_an_unbroken_run_of_raised_values(
    values: list[float | None], hold: int, keep: int
) -> None:
    states = live(rule(hold_seconds=hold, keep_seconds=keep), list(enumerate(values)))
    before = "inactive"
    for index, state in enumerate(states):
        run = values[max(0, index - hold) : index + 1]
        unbroken = len(run) == hold + 1 and all(each is not None and each > 10 for each in run)
        if before != "firing":
            assert (state.phase == "firing") == unbroken
        before = state.phase


@given(VALUES, WAITS, WAITS)
def test_it_ends_exactly_after_an_unbroken_run_of_clear_values(
    values: list[float | None], hold: int, keep: int
) -> None:
    states = live(rule(hold_seconds=hold, keep_seconds=keep), list(enumerate(values)))
    fired_at = None
    for index, state in enumerate(states):
        if fired_at is not None:
            run = values[max(fired_at + 1, index - keep) : index + 1]
            ended = len(run) == keep + 1 and all(each is not None and each <= 5 for each in run)
            assert (state.phase != "firing") == ended
        if state.phase != "firing":
            fired_at = None
        elif fired_at is None:
            fired_at = index


@given(VALUES)
def test_no_gap_changes_whether_it_fires(values: list[float | None]) -> None:
    states = live(rule(hold_seconds=2, keep_seconds=2), list(enumerate(values)))
    for (before, after), value in zip(
        zip([INACTIVE, *states], states, strict=False), values, strict=True
    ):
        if value is None:
            assert (before.phase == "firing") == (after.phase == "firing")


def test_each_subject_has_a_life_of_its_own() -> None:
    watchman = Watchman((rule(metric="disk_busy", subject="sd*"),))
    busy = [series(value, "disk_busy", name) for name, value in (("sda", 20), ("vda", 20))]
    assert [each.subject for each in watchman.look(0, tuple(busy))] == ["sda"]
    assert [each.subject for each in watchman.alerts()] == ["sda"]


def test_a_subject_that_is_gone_is_a_gap_and_not_an_end() -> None:
    watchman = Watchman((rule(metric="disk_busy"),))
    watchman.look(0, (series(20, "disk_busy", "sda"),))
    assert watchman.look(1, ()) == ()
    assert [each.is_blind for each in watchman.alerts()] == [True]


def test_a_rule_can_insist_that_its_metric_exists() -> None:
    watchman = Watchman((rule(on_no_data="fire"), rule(name="other")))
    assert [each.rule for each in watchman.look(0, ())] == ["busy"]


def test_events_tell_when_it_fired_how_bad_it_was_and_how_long_it_lasted() -> None:
    watchman = Watchman((rule(hold_seconds=2),))
    events: list[Event] = []
    for now, value in enumerate((11, 30, 12, 14, 5)):
        events += watchman.look(now, (series(value),))
    fired, resolved = events
    assert (fired.what, fired.at_seconds, fired.lasted_seconds) == ("fired", 2, 2)
    assert (resolved.what, resolved.at_seconds, resolved.lasted_seconds) == ("resolved", 4, 4)
    assert resolved.peak is not None
    assert resolved.peak.value == 30


def test_the_worst_that_fires_stands_first() -> None:
    watchman = Watchman(
        (
            rule(name="a", severity="info"),
            rule(name="b", severity="critical", hold_seconds=9),
            rule(name="c", severity="critical"),
            rule(name="d", severity="warning"),
        )
    )
    watchman.look(0, (series(11),))
    assert [each.rule for each in watchman.alerts()] == ["c", "d", "a", "b"]


def test_a_value_that_cannot_be_read_is_a_gap() -> None:
    watchman = Watchman((rule(),))
    watchman.look(0, (series(11),))
    watchman.look(1, (series(GONE),))
    assert watchman.alerts()[0].is_blind
