import pytest

from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import derived, reported
from bitpath_cli.model.units import ONE
from bitpath_cli.workflows._case import find_least_seconds
from tests.sample_report import filled


@pytest.mark.parametrize(
    ("quota", "threads", "seconds"),
    [
        # One thread is stopped in every period.
        (0.5, 1, 0.5),
        # Two threads use what two and a half processors give, and are never stopped.
        (2.5, 2, 0.0),
        (4.0, 4, 0.0),
    ],
)
def test_samples_last_several_periods_where_a_quota_stops_us(
    quota: float, threads: int, seconds: float
) -> None:
    limits = filled(
        Limits, name="limits", quota_cpus=reported(quota, ONE, "cpu.max"),
        threads=derived(threads, ONE, "floor"),
    )  # fmt: skip
    assert find_least_seconds((limits,)) == seconds


def test_without_a_quota_samples_may_be_short() -> None:
    assert find_least_seconds(()) == 0.0
    assert find_least_seconds((filled(Limits, name="limits"),)) == 0.0
