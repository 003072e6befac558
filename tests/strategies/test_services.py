import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.workload import Cascade
from bitpath_cli.strategies import Outcome, Question, evaluate
from bitpath_cli.strategies._columns import Nodes, ServiceRow, service_plans
from tests.questions import exact, limit, machine, question, service

HERE = Nodes(0, 1, "owned")
RENTED = machine("rented", 10e12, at="cloud", accelerator=True, rent=1, memory=16e9)
CENTRAL = Nodes(1, 1, "on_demand")
MONTH = 2_629_800
EDGE_SERVICE = 8.18e9 / 200e9 + 1e-4
CLOUD_SERVICE = 8.18e9 / (10e12 * 0.223) + 1e-3
PATH = 0.04 + 1e6 / 2.5e6 + 1000 / 6.25e6


def one(asked: Question, *rows: ServiceRow) -> Outcome:
    return evaluate(asked, service_plans(rows), Draws(1))


def test_a_frame_answered_at_the_edge_by_hand() -> None:
    outcome = one(question(service(10)), ServiceRow("float32", nodes=HERE))
    assert outcome.elapsed.item() == pytest.approx(1e-3 + EDGE_SERVICE)
    total = outcome.total()
    assert total.compute.item() == pytest.approx(10 * MONTH * (1e-3 + EDGE_SERVICE))
    assert total.bandwidth.item() == 0
    assert total.hardware.item() == pytest.approx(1000 * MONTH / (5 * 31_557_600))
    watts = 50 + 100 * 10 * EDGE_SERVICE
    assert total.energy.item() == pytest.approx(1.2 * watts * MONTH)


def test_a_frame_answered_in_the_cloud_by_hand() -> None:
    outcome = one(question(service(1), (RENTED,)), ServiceRow("float32", central=CENTRAL))
    assert outcome.elapsed.item() == pytest.approx(1e-3 + PATH + CLOUD_SERVICE)
    assert outcome.total().bandwidth.item() == pytest.approx(MONTH * 1.001e6)
    rent = MONTH / 3600
    assert outcome.total().hardware.item() == pytest.approx(rent, rel=0.01)


def test_an_uplink_that_cannot_carry_the_requests_is_infeasible_not_slow() -> None:
    outcome = one(question(service(10), (RENTED,)), ServiceRow("float32", central=CENTRAL))
    assert math.isinf(outcome.elapsed.item())
    failed = {each.name for each in outcome.bounds if not bool(each.satisfied().all())}
    assert failed == {"uplink"}


def test_poisson_arrivals_wait_and_periodic_ones_that_fit_do_not() -> None:
    row = ServiceRow("float32", nodes=HERE)
    calm = one(question(service(10)), row).elapsed.item()
    random = one(question(service(10, arrival="poisson")), row).elapsed.item()
    load, spare = 10 * EDGE_SERVICE, 1 / EDGE_SERVICE - 10
    assert random - calm == pytest.approx(math.log(load / 0.01) / spare / 2)


def test_utilisation_of_one_or_more_is_infeasible() -> None:
    outcome = one(question(service(1 / EDGE_SERVICE)), ServiceRow("float32", nodes=HERE))
    assert not bool(outcome.feasible().item())


def test_ten_places_need_ten_machines_at_the_edge_and_one_at_the_centre() -> None:
    asked = question(service(0.005, places=10), (RENTED,))
    outcome = one(asked, ServiceRow("float32", nodes=HERE), ServiceRow("float32", central=CENTRAL))
    hardware = outcome.total().hardware.flatten().tolist()
    assert hardware[0] == pytest.approx(10 * 1000 * MONTH / (5 * 31_557_600))
    assert hardware[1] == pytest.approx(MONTH / 3600, rel=0.01)


def cascade(share: float) -> Cascade:
    return Cascade(edge_work=exact(0.1), escalated=exact(share))


def test_a_cascade_sends_only_what_it_escalates() -> None:
    asked = question(service(1, cascade=cascade(0.25)), (RENTED,))
    row = ServiceRow("float32", nodes=HERE, central=CENTRAL, is_cascade=True)
    outcome = one(asked, row)
    assert outcome.total().bandwidth.item() == pytest.approx(0.25 * MONTH * 1.001e6)
    small = 0.1 * 8.18e9 / 200e9 + 1e-4
    mean = 1e-3 + small + 0.25 * (PATH + CLOUD_SERVICE)
    assert outcome.details["response_time"].item() == pytest.approx(mean, rel=1e-6)
    # More than 1 % is escalated, so the 99th percentile is that of the escalated requests.
    assert outcome.elapsed.item() == pytest.approx(1e-3 + small + PATH + CLOUD_SERVICE, rel=1e-6)


def test_a_cascade_that_escalates_less_than_the_tail_answers_at_the_edge() -> None:
    asked = question(service(1, cascade=cascade(0.001)), (RENTED,))
    row = ServiceRow("float32", nodes=HERE, central=CENTRAL, is_cascade=True)
    assert one(asked, row).elapsed.item() == pytest.approx(1e-3 + 0.1 * 8.18e9 / 200e9 + 1e-4)


def test_availability_counts_every_station_that_a_request_needs() -> None:
    workload = service(1).model_copy(update={})
    serving = workload.serving
    assert serving is not None
    told = serving.model_copy(update={"availability": limit(0.995)})
    asked = question(workload.model_copy(update={"serving": told}), (RENTED,))
    outcome = one(
        asked,
        ServiceRow("float32", nodes=HERE),
        ServiceRow("float32", nodes=Nodes(0, 2, "owned")),
    )
    bound = next(each for each in outcome.bounds if each.name == "availability")
    assert bound.predicted.flatten().tolist() == pytest.approx([0.01, 0.0001])
    assert bound.satisfied().flatten().tolist() == [False, True]


@given(
    rate=st.floats(1e-3, 20),
    arrival=st.sampled_from(["poisson", "periodic"]),
    faster=st.floats(1.1, 50),
)
def test_a_faster_machine_never_answers_later(rate: float, arrival: str, faster: float) -> None:
    row = ServiceRow("float32", nodes=Nodes(1, 1, "bought"))
    slow = one(question(service(rate, arrival=arrival), (machine("m", 2e11),)), row)
    fast = one(question(service(rate, arrival=arrival), (machine("m", 2e11 * faster),)), row)
    assert fast.elapsed.item() <= slow.elapsed.item()
    for name in ("storage", "bandwidth", "link_time", "hardware", "energy"):
        assert bool((getattr(slow.total(), name) >= 0).all())
        assert bool(torch.isfinite(getattr(slow.total(), name)).all())
