import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.meters import Change, MeterReading, Snapshot
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.reading import Method, Missing, Quantity, Reason, reported
from bitpath_cli.model.units import BYTE, JOULE, Unit


def counter(
    value: float, wraps_at: float | None = None, unit: Unit = JOULE, subject: str = "package-0"
) -> MeterReading:
    return MeterReading("energy", subject, "counter", reported(value, unit, "rapl"), wraps_at)


def gauge(value: float) -> MeterReading:
    return MeterReading("power", "package-0", "gauge", reported(value, Unit("W"), "hwmon"))


def change(before: MeterReading, after: MeterReading) -> Quantity | Missing:
    (found,) = difference(Snapshot(1.0, (before,)), Snapshot(3.0, (after,)))
    assert (found.name, found.subject) == ("energy", "package-0")
    return found.reading


def grown(reading: Quantity | Missing) -> float:
    assert isinstance(reading, Quantity), reading
    assert reading.origin.method is Method.DERIVED
    return reading.value


def refused(reading: Quantity | Missing) -> Missing:
    assert isinstance(reading, Missing), reading
    assert reading.reason is Reason.FAILED
    return reading


def test_a_counter_grows() -> None:
    assert grown(change(counter(10), counter(25))) == 15


def test_a_counter_that_stands_still_has_grown_by_nothing() -> None:
    assert grown(change(counter(10), counter(10))) == 0


def test_a_counter_wraps_at_its_range() -> None:
    assert grown(change(counter(262100, 262143), counter(57, 262143))) == 100


def test_a_counter_may_stand_at_its_range() -> None:
    assert grown(change(counter(100, 100), counter(0, 100))) == 0
    assert grown(change(counter(0, 100), counter(100, 100))) == 100


def test_going_backwards_without_a_range_is_no_change() -> None:
    found = refused(change(counter(25), counter(10)))
    assert "backwards" in found.detail
    assert found.hint


def test_a_value_beyond_its_range_makes_the_range_a_lie() -> None:
    assert "range" in refused(change(counter(5, 100), counter(101, 100))).detail


def test_other_units_or_ranges_make_another_counter() -> None:
    assert "same counter" in refused(change(counter(1), counter(2, unit=BYTE))).detail
    assert "same counter" in refused(change(counter(1, 100), counter(2, 200))).detail


@pytest.mark.parametrize(("first", "last", "word"), [(1, 0, "end"), (0, 1, "beginning")])
def test_a_counter_that_is_missing_at_one_end_is_never_0(first: int, last: int, word: str) -> None:
    readings = (counter(5),)
    (found,) = difference(Snapshot(0.0, readings * first), Snapshot(1.0, readings * last))
    assert word in refused(found.reading).detail


def test_two_counters_of_one_name_are_not_guessed_between() -> None:
    both = (counter(1), counter(7))
    (found,) = difference(Snapshot(0.0, both), Snapshot(1.0, (counter(9),)))
    assert "two counters" in refused(found.reading).detail


def test_gauges_have_no_change() -> None:
    assert difference(Snapshot(0.0, (gauge(5),)), Snapshot(1.0, (gauge(6),))) == ()


def test_subjects_are_kept_apart_and_in_order() -> None:
    before = (counter(1, subject="b"), counter(2, subject="a"))
    after = (counter(5, subject="a"), counter(5, subject="b"))
    found = difference(Snapshot(0.0, before), Snapshot(1.0, after))
    assert [(each.subject, grown(each.reading)) for each in found] == [("a", 3), ("b", 4)]


def test_snapshots_in_the_wrong_order_are_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="order"):
        difference(Snapshot(2.0, ()), Snapshot(1.0, ()))


@given(
    start=st.integers(0, 2**32 - 1), growth=st.integers(0, 2**32 - 1), span=st.just(float(2**32))
)
def test_growth_below_the_range_is_recovered_across_the_wrap(
    start: int, growth: int, span: float
) -> None:
    found = change(counter(start, span), counter((start + growth) % 2**32, span))
    assert grown(found) == growth


readings = st.lists(
    st.builds(
        MeterReading,
        st.sampled_from(["energy", "disk_read"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["counter", "gauge"]),
        st.builds(reported, st.integers(0, 1000), st.just(JOULE), st.just("test")),
        st.sampled_from([None, 500.0, 1000.0]),
    ),
    max_size=6,
).map(tuple)


@given(readings, readings)
def test_every_counter_of_either_end_has_one_change_and_none_is_negative(
    before: tuple[MeterReading, ...], after: tuple[MeterReading, ...]
) -> None:
    found = difference(Snapshot(0.0, before), Snapshot(0.0, after))
    expected = {(each.name, each.subject) for each in before + after if each.form == "counter"}
    assert [(each.name, each.subject) for each in found] == sorted(expected)
    assert all(is_missing(each) or grown(each.reading) >= 0 for each in found)


def is_missing(change: Change) -> bool:
    return isinstance(change.reading, Missing)
