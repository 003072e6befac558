"""A link that was measured takes the place of the one that a site assumes."""

import pytest

from bitpath_cli.model.reading import Method, measured
from bitpath_cli.model.result import BenchmarkResult, Direction, Doubt, Validity, metric
from bitpath_cli.model.units import BYTE_PER_SECOND, SECOND, Unit
from bitpath_cli.workflows._uplink import with_measured_uplink
from tests.questions import MBIT, site
from tests.sample_report import report


def tcp(
    direction: str,
    streams: int = 1,
    peer: str = "cloud",
    reasons: tuple[Doubt, ...] = (),
    validity: Validity = Validity.VALID,
    **figures: float,
) -> BenchmarkResult:
    units: dict[str, Unit] = {"bandwidth": BYTE_PER_SECOND, "latency_p50": SECOND}
    return BenchmarkResult(
        benchmark="tcp", revision=2, duration_seconds=1.0, validity=validity, reasons=reasons,
        parameters={"peer": peer, "direction": direction, "streams": streams},
        metrics=tuple(
            metric(
                name, measured(value, units[name], "tcp", value * 0.99, value * 1.01),
                Direction.HIGHER,
            )
            for name, value in figures.items()
        ),
    )  # fmt: skip


def test_the_best_of_all_streams_each_way_and_the_median_round_trip() -> None:
    found = with_measured_uplink(
        report(results=(
            tcp("send", 1, bandwidth=5 * MBIT, latency_p50=0.02),
            tcp("send", 4, bandwidth=8 * MBIT),
            tcp("receive", 1, bandwidth=30 * MBIT), tcp("receive", 4, bandwidth=20 * MBIT),
            tcp("both", 4, bandwidth=99 * MBIT),
        )),
        site(),
    ).uplink  # fmt: skip
    assert (found.up.value, found.down.value) == (8 * MBIT, 30 * MBIT)
    assert found.round_trip.value == 0.02
    assert {each.origin.method for each in (found.up, found.down, found.round_trip)} == {
        Method.MEASURED
    }


def test_what_was_not_measured_stays_as_the_site_has_it() -> None:
    found = with_measured_uplink(report(results=(tcp("send", bandwidth=5 * MBIT),)), site()).uplink
    assert found.up.value == 5 * MBIT
    assert found.down == site().uplink.down
    assert found.round_trip == site().uplink.round_trip


@pytest.mark.parametrize(
    "one",
    [
        tcp("send", peer="loopback", reasons=(Doubt.LOOPBACK_ONLY,), bandwidth=4e9),
        tcp("send", validity=Validity.INVALID, bandwidth=4e9),
    ],
)
def test_loopback_and_what_is_invalid_are_no_uplink(one: BenchmarkResult) -> None:
    assert with_measured_uplink(report(results=(one,)), site()) == site()


def test_of_several_peers_the_first_is_meant() -> None:
    found = with_measured_uplink(
        report(results=(
            tcp("send", bandwidth=5 * MBIT), tcp("send", peer="rack", bandwidth=900 * MBIT),
        )),
        site(),
    )  # fmt: skip
    assert found.uplink.up.value == 5 * MBIT
