"""The monitor's screen as text, at any size and whatever the machine calls its things."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.reading import Reading, assumed, failed, reported
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE, WATT
from bitpath_cli.model.watch import Alert, Event, Group, Observation, Series, Source, Summary
from bitpath_cli.renderers.table import render_summary, watch_screen
from tests.monitoring.ruled import NOON, observation, series

HALF = reported(62.5e6, BYTE_PER_SECOND, "x")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def alert(**changes: object) -> Alert:
    told: dict[str, object] = {
        "rule": "cpu-steal", "metric": "cpu_steal", "subject": "host", "severity": "warning",
        "state": "firing", "since_seconds": 30.0, "fired_seconds": 90.0,
        "threshold": reported(0.1, ONE, "x"), "peak": reported(0.25, ONE, "x"), "is_blind": False,
        "summary": "The hypervisor keeps processor time", "advice": "Move",
    }  # fmt: skip
    return Alert.model_validate(told | changes)


def one(
    name: str, subject: str, group: Group, reading: Reading, limit: float | None = None
) -> Series:
    known = (
        None if limit is None or reading.kind == "missing" else reported(limit, reading.unit, "x")
    )
    return Series(name=name, subject=subject, group=group, reading=reading, limit=known)


def example(elapsed: float = 120.0) -> Observation:
    return observation(
        series(0.25),
        one("network_receive_rate", "eth0", "network", HALF, 125e6),
        one("power", "board", "power", assumed(40, WATT, "a guess", 1.5)),
        one("disk_busy", "sda", "storage", reported(0.5, ONE, "x")),
        one("drift_disk_read_latency", "sda", "drift", reported(3.2, ONE, "x")),
        elapsed=elapsed, alerts=(alert(),), remarks=("log.jsonl lacks 3 samples",),
        sources=(Source(name="rapl", summary="", readings=0, seconds=0.0, trouble="denied"),),
    )  # fmt: skip


def screen(
    *seen: Observation, size: tuple[int, int] = (100, 40), coloured: bool = False
) -> list[str]:
    draw = watch_screen("bitpath monitor · edge-01", "Prometheus: http://127.0.0.1:9400", coloured)
    lines: list[str] = []
    for each in seen:
        lines = draw(each, size)
    return lines


def test_bars_are_drawn_against_limits_and_shares_against_one() -> None:
    lines = screen(example())
    assert "  cpu busy                              25 %  ███·········  ▃" in lines
    (network,) = [line for line in lines if "network receive eth0" in line]
    assert "62.5 MB/s  ██████······  ▅ of 125 MB/s" in network


def test_alerts_stand_above_everything_with_what_to_do() -> None:
    lines = screen(example())
    assert lines[0] == "bitpath monitor · edge-01 · 2 min"
    assert lines[1] == (
        "▲ warning cpu-steal: The hypervisor keeps processor time · worst 25 % · firing 90 s · Move"
    )
    assert lines[2] == "· log.jsonl lacks 3 samples"


def test_an_alert_that_is_blind_says_so() -> None:
    seen = observation(alerts=(alert(is_blind=True, state="pending"),), elapsed=40)
    assert "△ warning cpu-steal" in screen(seen)[1]
    assert screen(seen, size=(140, 20))[1].endswith(
        "processor time · cannot be read now · worst 25 % · pending 10 s"
    )


def test_marks_tell_a_guess_and_what_became_unknown() -> None:
    gone = observation(one("disk_busy", "sda", "storage", failed("pulled out")))
    assert any(re.search(r"power board +~40 W", line) for line in screen(example()))
    assert any(re.search(r"disk busy sda +\? ", line) for line in screen(example(), gone))


def test_a_drift_is_a_multiple() -> None:
    assert any(
        re.search(r"drift disk read latency sda +3\.2 ×", line) for line in screen(example())
    )


def test_sparklines_keep_gaps() -> None:
    gone = observation(series(failed("gone")))
    lines = screen(observation(series(1.0)), gone, observation(series(0.0)))
    assert any(line.endswith("█ ▁") for line in lines)


def test_below_stand_its_own_cost_what_is_unreadable_and_where_the_outputs_are() -> None:
    *_, legend, own, outputs = screen(example())
    assert legend == "~ assumed  ? unknown  * this cgroup alone"
    assert own == (
        "bitpath itself: 0.50 % of a core, 48 MiB · unreadable (see bitpath probe --explain): rapl"
    )
    assert outputs == "Prometheus: http://127.0.0.1:9400"


def test_without_colour_there_is_no_escape_and_with_it_only_styles() -> None:
    plain = screen(example())
    assert "\x1b" not in "".join(plain)
    coloured = screen(example(), coloured=True)
    assert [ESCAPE.sub("", line) for line in coloured] == plain
    assert coloured != plain


def test_a_small_screen_keeps_what_says_most() -> None:
    text = "\n".join(screen(example(), size=(80, 10)))
    assert "cpu busy" in text
    assert "power board" not in text


@given(
    st.integers(min_value=-1, max_value=200), st.integers(min_value=-1, max_value=60),
    st.text(max_size=30), st.floats(min_value=0, max_value=1e30), st.booleans(),
)  # fmt: skip
def test_no_line_is_wider_and_no_screen_higher_than_the_terminal(
    columns: int, rows: int, subject: str, value: float, coloured: bool
) -> None:
    seen = observation(
        one("disk_read_rate", subject, "storage", reported(value, BYTE_PER_SECOND, "x"), 1e9),
        series(value, subject=subject),
        alerts=(alert(subject=subject),), remarks=(subject,),
    )  # fmt: skip
    lines = screen(seen, seen, size=(columns, rows), coloured=coloured)
    assert len(lines) <= max(0, rows)
    for line in lines:
        text = ESCAPE.sub("", line)
        assert len(text) <= columns
        assert text.isprintable()


@pytest.mark.parametrize("name", ["\x1b[2Jsda", "sd\na", "sd\ta\x07", "盘", "e\u0301"])
def test_a_hostile_name_cannot_speak_to_the_terminal(name: str) -> None:
    lines = screen(observation(one("disk_busy", name, "storage", reported(0.5, ONE, "x"))))
    assert all(line.isprintable() for line in lines)
    assert not any(character in line for line in lines for character in "盘\u0301")


def test_the_summary_tells_what_fired_and_what_it_cost() -> None:
    fired = Event(
        what="fired", at_seconds=90.0, rule="cpu-steal", metric="cpu_steal", subject="host",
        severity="warning", peak=reported(0.25, ONE, "x"), lasted_seconds=60.0,
        summary="The hypervisor keeps processor time",
    )  # fmt: skip
    text = render_summary(
        Summary(
            began=NOON, lasted_seconds=300.0, samples=300, worst="warning", events=(fired,),
            still_firing=(alert(),), spreads=(), cost=example().cost, remarks=("a gap",),
        ),
        90,
    )  # fmt: skip
    assert text.splitlines() == [
        "Watched for 5 min: 300 samples.",
        "▲ warning cpu-steal: The hypervisor keeps processor time, at 25 %, after 90 s. It still",
        "    fires.",
        "· a gap",
        "bitpath itself used 0.50 % of a core and 48 MiB of memory.",
    ]


def test_an_empty_summary_says_that_nothing_fired() -> None:
    empty = Summary(
        began=NOON, lasted_seconds=0.0, samples=0, worst=None, events=(), still_firing=(),
        spreads=(), cost=None,
    )  # fmt: skip
    assert render_summary(empty, 80).splitlines() == [
        "Watched for 0 s: 0 samples.", "No alert fired.",
    ]  # fmt: skip
