import pytest

from bitpath_cli.evidence import Grown, Instant, Window
from bitpath_cli.model.reading import Missing, Quantity, failed, reported
from bitpath_cli.model.result import Block, Doubt, Samples
from bitpath_cli.model.units import FLOP, SECOND
from bitpath_cli.verdict import doubt_samples, judge


def grown(name: str, value: float, subject: str = "host") -> Grown:
    return Grown(name=name, subject=subject, reading=reported(value, SECOND, "a file"))


def seen(*counters: Grown, seconds: float = 10.0, own: float = 0.0, **gauges: object) -> Window:
    instants = tuple(
        Instant(name=name, subject="host", before=pair[0], after=pair[1])
        for name, pair in gauges.items()
        if isinstance(pair, tuple)
    )
    return Window(seconds=seconds, own_cpu_seconds=own, counters=counters, gauges=instants)


def value(reading: Quantity | Missing) -> float:
    assert isinstance(reading, Quantity)
    return reading.value


def test_a_quiet_machine_raises_no_doubt() -> None:
    quiet = seen(
        grown("steal_time", 0.1), grown("busy_time", 19.9), grown("cpu_pressure_time", 0.5),
        grown("throttled_time", 0.05, "/a"), own=19.5, cpu_frequency=(3e9, 2.9e9),
        temperature=(50.0, 91.0),
    )  # fmt: skip
    verdict = judge([quiet], 2, True)

    assert verdict.doubts == ()
    assert value(verdict.conditions["steal"]) == pytest.approx(0.1 / 20)
    assert value(verdict.conditions["foreign_cpu"]) == pytest.approx(0.4 / 20)
    assert value(verdict.conditions["cpu_pressure"]) == pytest.approx(0.05)
    assert value(verdict.conditions["quota_throttled"]) == pytest.approx(0.005)
    assert value(verdict.conditions["cpu_frequency"]) == 2.9e9
    assert value(verdict.conditions["temperature"]) == 91.0


def test_stolen_time_is_a_share_of_the_time_that_was_wanted() -> None:
    # One busy processor of 64: 0.6 s of 10.6 s wanted were stolen.
    verdict = judge([seen(grown("steal_time", 0.6), grown("busy_time", 10.0), own=10)], 64, True)
    assert verdict.doubts == (Doubt.STEAL,)
    assert value(verdict.conditions["steal"]) == pytest.approx(0.6 / 10.6)


def test_two_hundredths_of_a_second_prove_no_steal() -> None:
    short = seen(grown("steal_time", 0.02), grown("busy_time", 0.1), seconds=0.1, own=0.1)
    assert judge([short], 1, True).doubts == ()


def test_work_of_others_is_contention() -> None:
    verdict = judge([seen(grown("busy_time", 15.0), own=12.0)], 2, True)
    assert verdict.doubts == (Doubt.CONTENDED,)
    assert value(verdict.conditions["foreign_cpu"]) == pytest.approx(0.15)


def test_waiting_for_a_processor_is_contention_unless_the_loops_wait_for_each_other() -> None:
    waiting = seen(grown("cpu_pressure_time", 2.0))
    assert judge([waiting], 2, True).doubts == (Doubt.CONTENDED,)
    assert judge([waiting], 2, False).doubts == ()


def test_our_own_groups_pressure_counts_before_the_hosts() -> None:
    waiting = seen(grown("cpu_pressure_time", 9.0), grown("cpu_pressure_time", 0.2, "cgroup"))
    verdict = judge([waiting], 2, True)
    assert verdict.doubts == ()
    assert value(verdict.conditions["cpu_pressure"]) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("stopped", "doubts"),
    [
        (4.95, (Doubt.CPU_QUOTA,)),
        (3.0, (Doubt.CONTENDED, Doubt.CPU_QUOTA)),
        (0.0, (Doubt.CONTENDED,)),
    ],
)
def test_waiting_for_the_quotas_next_period_accuses_no_one(
    stopped: float, doubts: tuple[Doubt, ...]
) -> None:
    window = seen(grown("cpu_pressure_time", 5.0), grown("throttled_time", stopped, "/a"))
    assert judge([window], 2, True).doubts == doubts


def test_the_quota_of_any_group_above_counts() -> None:
    stopped = seen(grown("throttled_time", 0.0, "/a/b"), grown("throttled_time", 4.0, "/a"))
    verdict = judge([stopped], 2, True)
    assert verdict.doubts == (Doubt.CPU_QUOTA,)
    assert value(verdict.conditions["quota_throttled"]) == pytest.approx(0.4)


def test_processes_are_judged_together() -> None:
    first = seen(grown("throttled_time", 0.0, "/a"), seconds=9)
    second = seen(grown("throttled_time", 0.5, "/a"), seconds=1)
    verdict = judge([first, second], 2, True)
    assert verdict.doubts == (Doubt.CPU_QUOTA,)
    assert value(verdict.conditions["quota_throttled"]) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("hot", "is_throttled"),
    [
        (seen(grown("throttled_thermal", 0.5, "nvidia0")), True),
        # A graphics processor at its power cap is an ordinary day.
        (seen(grown("throttled_power", 9.0, "nvidia0")), False),
        (seen(throttled=(0.0, 1.0)), True),
        (seen(cpu_frequency=(4e9, 2e9), temperature=(60.0, 97.0)), True),
        # All cores run slower than one; without heat that is no throttling.
        (seen(cpu_frequency=(4e9, 2e9), temperature=(60.0, 70.0)), False),
        (seen(cpu_frequency=(4e9, 3.9e9), temperature=(60.0, 97.0)), False),
    ],
)
def test_heat_that_holds_the_clock_down_is_throttling(hot: Window, is_throttled: bool) -> None:
    assert (judge([hot], 2, True).doubts == (Doubt.THROTTLED,)) == is_throttled


def test_what_is_not_metered_is_missing_and_accuses_nobody() -> None:
    broken = Grown(name="steal_time", subject="host", reading=failed("went backwards"))
    verdict = judge([seen(broken)], 2, True)
    assert verdict.doubts == ()
    assert verdict.conditions["steal"] == failed("went backwards")
    assert isinstance(verdict.conditions["foreign_cpu"], Missing)
    assert isinstance(verdict.conditions["cpu_pressure"], Missing)
    assert "temperature" not in verdict.conditions


def test_no_window_says_nothing() -> None:
    assert judge([], 2, True).conditions == {}


def test_few_and_unsteady_samples_are_doubted() -> None:
    def samples(*seconds: float) -> Samples:
        return Samples(
            work=100.0, unit=FLOP, blocks=(Block(loops=1, seconds=seconds),), stopped="budget"
        )

    assert doubt_samples([samples(*[1.0] * 6)]) == ()
    assert doubt_samples([samples(*[1.0] * 5)]) == (Doubt.TOO_FEW,)
    assert doubt_samples([samples(*[1.0, 1.3] * 10)]) == (Doubt.UNSTABLE,)
    assert doubt_samples([samples(*[1.0] * 9), samples(1.0)]) == (Doubt.TOO_FEW,)
