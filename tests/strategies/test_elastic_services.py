"""Services that follow the load of a day, are rented by the request, or are cut in two, by hand."""

from dataclasses import replace

import pytest

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.configuration import Tenure
from bitpath_cli.model.units import BYTE, SECOND, Unit
from bitpath_cli.model.workload import Serving, Split, Workload
from bitpath_cli.strategies import Machine, Outcome, Question, evaluate
from bitpath_cli.strategies._columns import Nodes, ServiceRow, service_plans
from bitpath_cli.strategies.cloud_native import STRATEGY as CLOUD_NATIVE
from bitpath_cli.strategies.hybrid import STRATEGY as HYBRID
from tests.questions import exact, machine, question, service, site

MONTH = 2_629_800
RENTED = machine("rented", 10e12, at="cloud", accelerator=True, rent=1, memory=16e9)
SERVICE = 8.18e9 / (10e12 * 0.223) + 1e-3
PATH = 0.04 + 1e6 / 2.5e6 + 1000 / 6.25e6


def by_the_request(price: float) -> Machine:
    """The same machine at so many USD for each second that it works."""
    prices: dict[Tenure, object] = {"per_request": exact(price, Unit("USD/s"))}
    return replace(RENTED, prices=prices)  # type: ignore[arg-type]


def asked(told: Workload, rented: Machine = RENTED, **cloud: object) -> Question:
    place = site()
    assert place.cloud is not None
    changed = place.cloud.model_copy(update=cloud)
    return question(told, (rented,), at=place.model_copy(update={"cloud": changed}))


def with_serving(told: Workload, **changes: object) -> Workload:
    assert told.serving is not None
    return told.model_copy(
        update={"serving": Serving.model_validate({**dict(told.serving), **changes})}
    )


def one(question: Question, *rows: ServiceRow) -> Outcome:
    return evaluate(question, service_plans(rows), Draws(1))


def test_by_the_request_only_the_seconds_that_are_worked_are_paid() -> None:
    """A request in ten minutes that takes 4.67 ms, at 1 USD for a second of work."""
    told = asked(service(1 / 600), by_the_request(1.0))
    outcome = one(told, ServiceRow("float32", central=Nodes(1, 1, "per_request")))
    worked = MONTH / 600 * SERVICE
    egress = MONTH / 600 * 1000 * 0.1e-9
    storage = 0.02 / 1e9 * 102.4e6
    assert outcome.total().hardware.item() == pytest.approx(worked + egress + storage)


def test_what_comes_after_a_machine_was_let_go_waits_for_a_cold_start() -> None:
    """One frame in ten minutes, kept for five: every one is cold. Kept for twenty: none is."""
    row = ServiceRow("float32", central=Nodes(1, 1, "per_request"))
    for keep, cold in ((300.0, 8.0), (1200.0, 0.0)):
        told = asked(
            service(1 / 600), by_the_request(1e-3), cold_start=exact(8, SECOND),
            keep_warm=exact(keep, SECOND),
        )  # fmt: skip
        assert one(told, row).elapsed.item() == pytest.approx(1e-3 + PATH + SERVICE + cold)


def test_by_the_request_nobody_queues_however_many_come() -> None:
    told = asked(service(2, arrival="poisson", request_bytes=1000), by_the_request(1e-3))
    outcome = one(told, ServiceRow("float32", central=Nodes(1, 1, "per_request")))
    busy = {each.name: each.predicted.item() for each in outcome.bounds}
    assert busy["utilisation"] == 0


DAY = (0.2,) * 12 + (1.8,) * 12


def test_nodes_that_follow_the_load_are_cheaper_than_those_held_for_its_peak() -> None:
    """Half a day on one node and half on three, against three all day; starting takes no time."""
    told = asked(with_serving(service(2), load_curve=DAY), start_up=exact(1e-9, SECOND))
    follows = (1.0,) * 12 + (3.0,) * 12
    outcome = one(
        told,
        ServiceRow("float32", central=Nodes(1, 3, "on_demand"), hours=follows),
        ServiceRow("float32", central=Nodes(1, 3, "on_demand")),
    )
    elastic, held = (float(each) for each in outcome.total().hardware[:, 0])
    hour = MONTH / 3600
    assert elastic == pytest.approx(2 * hour, rel=0.01)
    assert held == pytest.approx(3 * hour, rel=0.01)
    assert outcome.details["fixed_fleet_price"][0].item() == pytest.approx(held, rel=0.01)


def test_the_strategy_offers_both_and_sizes_every_hour_at_seven_tenths() -> None:
    """At 400 frames a second the quiet hours need one node, the busy ones 720 × 4.67 ms / 0.7."""
    told = asked(with_serving(service(400, request_bytes=1000), load_curve=DAY))
    plans = CLOUD_NATIVE.plan_service(told)
    single = plans.batch == 1
    hours = {tuple(row) for row in plans.hours[single].tolist()}
    assert (1.0,) * 12 + (5.0,) * 12 in hours
    assert (5.0,) * 24 in hours


def test_a_model_cut_in_two_sends_the_activation_in_place_of_the_frame() -> None:
    """A fifth is computed here, 0.1 MB travels, and the rest is computed there."""
    cut = Split(after="layer2", edge_work=exact(0.2), sent_bytes=exact(1e5, BYTE))
    told = asked(with_serving(service(1), splits=(cut,)))
    plans = HYBRID.plan_service(told)
    assert bool((plans.split >= 0).any())
    row = int((plans.split >= 0).nonzero()[0])
    outcome = evaluate(told, plans, Draws(1))
    here = 0.2 * 8.18e9 / 200e9 + 1e-4
    there = 0.8 * 8.18e9 / (10e12 * 0.223) + 1e-3
    path = 0.04 + 1e5 / 2.5e6 + 1000 / 6.25e6
    assert outcome.elapsed[row].item() == pytest.approx(1e-3 + here + path + there)
    assert outcome.total().bandwidth[row].item() == pytest.approx(MONTH * 1.01e5)
