"""A service's terms by hand, what a limit removes, and what lies between messages of two sizes."""

from dataclasses import replace

import pytest
import torch

from bitpath_cli.benchmarks._load import Traffic
from bitpath_cli.model.placement import PlacementResult
from bitpath_cli.model.reading import Quantity, absent, measured
from bitpath_cli.model.units import BYTE, ONE, PER_SECOND, SECOND
from bitpath_cli.workflows._edge_part import parse_placement
from bitpath_cli.workflows._serving_alone import AtCentre, AtEdge, Parts
from bitpath_cli.workflows._serving_forecast import Forecast, Learnt, best_split, forecast
from bitpath_cli.workflows._serving_link import Direction, Exchanged, Passage
from bitpath_cli.workflows._serving_terms import Node, Nodes, Spent, reference, terms
from bitpath_cli.workflows._serving_weighing import Attempted, Kept, Scales, compare, decide

PARTS = Parts(entering_bytes=(100_000, 1000), answer_bytes=10, weight_bytes=4000,
              small_weight_bytes=1000)  # fmt: skip
EDGE = Node("edge", price=0.01, egress=0.0, idle_watts=10, full_watts=30, pue=1.5)
CENTRE = Node("centre", price=0.04, egress=0.001, idle_watts=100, full_watts=200, pue=1.0)
NODES = Nodes(EDGE, CENTRE, threads=(2, 4), rates=(1e6, 1e6))
TRAFFIC = Traffic(10.0, 10.0)
FREE = Nodes(EDGE, replace(CENTRE, egress=0.0), threads=(2, 4), rates=(1e6, 1e6))
SCALES = Scales(TRAFFIC, PARTS, FREE, 0.02, "EUR")


def one(value: float) -> torch.Tensor:
    return torch.full((1, 1), value, dtype=torch.float64)


def spent(latency: float = 0.05) -> Spent:
    """100 requests in 10 s, 20 ms at the edge and 40 ms at the centre; 1 kB and 100 B."""
    return Spent(100, one(10), one(latency), one(0.02), one(0.04), one(1000), one(100))


def test_the_terms_of_a_split_by_hand() -> None:
    found = terms(parse_placement("split:1"), spent(), PARTS, NODES)
    assert float(found.compute) == pytest.approx(100 * 0.05)
    assert float(found.storage) == pytest.approx(4000 * 10)
    assert float(found.bandwidth) == pytest.approx(110_000)
    assert float(found.link_time) == pytest.approx(0.11)
    # Ten seconds of both nodes; 10 kB leave the centre.
    assert float(found.hardware) == pytest.approx(10 * (0.01 + 0.04) + 0.001 * 10_000)
    # The edge works 2 of 20 thread-seconds, the centre 4 of 40.
    assert float(found.energy) == pytest.approx(1.5 * 10 * 12 + 10 * 110)


def test_who_takes_no_part_is_not_paid() -> None:
    edge = terms(parse_placement("edge"), spent(), PARTS, NODES)
    cloud = terms(parse_placement("cloud"), spent(), PARTS, NODES)
    cascade = terms(parse_placement("cascade:0.3"), spent(), PARTS, NODES)
    assert float(edge.hardware) == pytest.approx(0.1)
    assert float(cloud.energy) == pytest.approx(10 * 110)
    assert float(cascade.storage) == pytest.approx(5000 * 10)


def test_the_reference_is_the_edge_in_the_number_that_it_takes() -> None:
    """20 ms for 10 requests a second are a fifth of a host; 0.2 ÷ 0.7 of one at 70 %."""
    found = reference(0.02, spent(), PARTS, NODES)
    assert float(found.compute) == pytest.approx(2.0)
    assert float(found.storage) == pytest.approx(4000 * 10)
    assert float(found.link_time) == 10
    assert float(found.hardware) == pytest.approx(0.2 / 0.7 * 0.01 * 10)
    assert float(found.energy) == pytest.approx(0.2 / 0.7 * 1.5 * 24 * 10)


def result(placement: str, seconds: float) -> PlacementResult:
    """100 answers that all took about as long."""
    time = measured(seconds, SECOND, "a test", 0.99 * seconds, 1.01 * seconds)
    none = absent("not asked")
    small = Quantity(value=0.01, unit=SECOND, origin=time.origin)
    size = Quantity(value=1000.0, unit=BYTE, origin=time.origin)
    return PlacementResult(
        model="m", placement=placement, arrival="poisson", rate=10.0, requests=100, failed=0,
        seconds=10.0, latency_p50=time, latency_p95=time, latency_p99=time,
        throughput=Quantity(value=10.0, unit=PER_SECOND, origin=time.origin),
        payload_up=size, payload_down=size, link_up=none, link_down=none, edge_cpu=small,
        cloud_cpu=small, edge_compute=small, cloud_compute=none, escalated=none,
        top1_agreement=Quantity(value=1.0, unit=ONE, origin=time.origin), relative_error=none,
        latency_mean=time,
    )  # fmt: skip


def guess(seconds: float) -> Forecast:
    draws = torch.ones(8, dtype=torch.float64)
    return Forecast(
        latencies=seconds * torch.ones(100, 8, dtype=torch.float64), seconds=10 * draws,
        edge_cpu=0.01 * draws, centre_cpu=0.01 * draws, sent=1000 * draws, received=1000 * draws,
        utilisation=0.2,
    )  # fmt: skip


def attempt(placement: str, foretold: float, found: float) -> Attempted:
    return Attempted(parse_placement(placement), guess(foretold), result(placement, found))


def test_figures_stand_beside_each_other() -> None:
    found = compare(attempt("edge", 0.1, 0.12), SCALES)
    assert found.strategy == "edge"
    p50 = found.find("latency_p50")
    assert p50 is not None and isinstance(p50.error, Quantity)
    assert p50.error.value == pytest.approx(0.2)
    assert p50.is_covered is False
    bandwidth = found.find("bandwidth")
    assert bandwidth is not None and isinstance(bandwidth.measured, Quantity)
    assert "messages themselves" in bandwidth.measured.origin.source
    assert bandwidth.measured.value == pytest.approx(200_000)


def test_the_regret_is_what_the_foretold_best_costs_beyond_the_best() -> None:
    runs = [attempt("edge", 0.02, 5.0), attempt("cloud", 3.0, 0.02)]
    speed = next(each for each in decide(runs, SCALES) if each.goal == "speed")
    assert (speed.recommended, speed.best) == (0, 1)
    assert speed.regret == pytest.approx(speed.measured[0] / speed.measured[1] - 1)
    assert not speed.is_right


def test_a_limit_removes_what_breaks_it_as_foretold_and_as_found() -> None:
    runs = [attempt("edge", 0.05, 0.05), attempt("cloud", 0.02, 0.08)]
    scales = Scales(TRAFFIC, PARTS, FREE, 0.02, "EUR", Kept(0.04, 0.9))
    for each in decide(runs, scales):
        # Only the cloud was to keep 40 ms; nothing does.
        assert each.recommended == 1
        assert each.is_right == (each.best == 1)
    assert Kept(1.0, 0.9).figure == ("latency_p95", 0.95)
    assert Kept(1.0, 0.999).figure == ("latency_p99", 0.99)


def test_one_run_decides_nothing() -> None:
    assert decide([attempt("edge", 0.1, 0.1)], SCALES) == ()


def exchanged(size: int, seconds: float, up: float = 0.0, down: float = 0.0) -> Exchanged:
    return Exchanged(size, (seconds,) * 3, up, down, edge_cpu=1e-3, centre_cpu=2e-3)


PASSAGE = Passage(
    empty=exchanged(1, 0.010, 300, 200),
    up=Direction((exchanged(10_000, 0.012, 10_500, 250), exchanged(40_000, 0.040, 41_500, 350)),
                 rate=1e6),
    down=Direction((exchanged(10_000, 0.012, 310, 10_400),), rate=1e6), openings=((40_000, 0.01),),
)  # fmt: skip


def test_between_two_sizes_lies_a_line_and_beyond_them_the_rate() -> None:
    assert PASSAGE.up.alone(25_000, 0.010) == pytest.approx(0.016)
    assert PASSAGE.up.alone(140_000, 0.010) == pytest.approx(0.030 + 28 / 30 * 0.1 + 0.1, rel=0.01)
    # 40 kB took 30 ms, in which 30 kB pass at the rate: 10 kB were let through at once.
    assert PASSAGE.up.burst(0.010) == pytest.approx(10_000)


def test_a_size_that_was_measured_itself_is_on_no_line() -> None:
    """25 kB wait a round trip more than a line says; more of the same size join the first."""
    known = PASSAGE.having(exchanged(25_000, 0.042), 0.03)
    assert known.up.alone(25_000, 0.010) == pytest.approx(0.032)
    assert known.up.burst(0.010) == PASSAGE.up.burst(0.010)
    again = known.having(exchanged(25_000, 0.044), 0.02)
    assert [each.size_bytes for each in again.up.sizes] == [10_000, 25_000, 40_000]
    assert len(again.up.sizes[1].seconds) == 6
    assert (known.opening(25_000), again.opening(25_000)) == (0.03, 0.02)
    assert again.opening(32_500) == pytest.approx(0.015)


def test_bytes_on_the_wire_are_those_of_messages_like_them() -> None:
    found = PASSAGE.wire_bytes(10_000, 1)
    assert found == pytest.approx((10_500, 250))


def learnt() -> Learnt:
    """Two modules of 30 and 10 ms, and a centre that is twice as fast."""
    edge = AtEdge(((0.03, 0.01),) * 5, (0.005,) * 5, hand_over=0.0, busy=1.0)
    centre = AtCentre((0.02,) * 5, 1.0)
    return Learnt(PARTS, (edge,), (centre,), PASSAGE, (None, None), (1, 1))


def test_a_split_is_where_an_answer_is_soonest() -> None:
    assert best_split(learnt()) == 1


def test_an_edge_that_is_hardly_asked_takes_its_own_time() -> None:
    found = forecast(learnt(), parse_placement("edge"), Traffic(1.0, 20.0, "periodic"))
    assert float(found.latencies.median()) == pytest.approx(0.04, rel=0.01)
    assert found.utilisation == pytest.approx(0.04, rel=0.02)
    assert float(found.sent.max()) == 0


def test_a_cascade_sends_its_share() -> None:
    found = forecast(learnt(), parse_placement("cascade:0.3"), Traffic(2.0, 200.0))
    whole = forecast(learnt(), parse_placement("cloud"), Traffic(2.0, 200.0))
    assert float(found.sent.mean() / whole.sent.mean()) == pytest.approx(0.3, abs=0.03)
