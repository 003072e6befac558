"""Sets of real hosts: how many of each, which two kinds together, over which links."""

from dataclasses import replace

import pytest
import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.strategies import JobPlans, Machine, Question, evaluate
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from bitpath_cli.strategies._fleet import mixed_sets, most_together, tenure_here
from bitpath_cli.strategies.distributed import plan_job, plan_service
from tests.questions import GBIT, job, machine, question, service, site, wire


def kind(name: str, count: int, rate: float = 200e9) -> Machine:
    hosts = tuple(f"{name}-{number}" for number in range(count))
    return replace(machine(name, rate), hosts=hosts, name=name, hardware=name)


def asked(*kinds: Machine, most: int = 8) -> Question:
    told = question(job(256), at=site(without_cloud=True), largest_cluster=most)
    return replace(told, machines=kinds)


def counts(plans: JobPlans) -> set[tuple[float, float]]:
    return set(zip(plans.count.tolist(), plans.other_count.tolist(), strict=True))


def test_no_more_hosts_work_together_than_there_are_or_than_is_allowed() -> None:
    told = asked(kind("a", 5), most=3)
    assert most_together(told, told.machines[0]) == 3
    assert most_together(asked(kind("a", 5)), kind("a", 5)) == 5
    two_places = replace(asked(kind("a", 5)), workload=service(places=2))
    assert most_together(two_places, kind("a", 5)) == 2


def test_hosts_of_one_kind_are_owned_and_never_copied() -> None:
    plans = plan_job(asked(kind("a", 3)))
    assert counts(plans) == {(2, 0), (3, 0)}
    assert set(plans.tenure.tolist()) == {0}
    assert tenure_here(1, machine()) == "bought"
    assert tenure_here(1, kind("a", 1)) == "owned"


def test_two_kinds_are_tried_whole_in_halves_and_by_one() -> None:
    pairs = list(mixed_sets(asked(kind("a", 4), kind("b", 2, 100e9))))
    assert {(one.number, other.number) for one, other in pairs} == {
        (1, 1), (1, 2), (2, 1), (2, 2), (4, 1), (4, 2),
    }  # fmt: skip
    assert {(one.number, other.number) for one, other in mixed_sets(
        asked(kind("a", 4), kind("b", 2), most=3))} == {(1, 1), (1, 2), (2, 1)}  # fmt: skip


def test_a_service_gets_no_more_hosts_than_there_are() -> None:
    told = replace(asked(kind("a", 3)), workload=service())
    assert set(plan_service(told).count.tolist()) == {2, 3}


@pytest.mark.parametrize(
    ("nodes", "others", "rate"),
    [
        (Nodes(0, 2, "owned"), None, GBIT),
        (Nodes(1, 2, "owned"), None, 0.5 * GBIT),
        (Nodes(0, 2, "owned"), Nodes(1, 1, "owned"), 0.2 * GBIT),
        (Nodes(0, 1, "owned"), Nodes(1, 2, "owned"), 0.2 * GBIT),
    ],
)
def test_a_set_is_as_slow_as_its_slowest_link(
    nodes: Nodes, others: Nodes | None, rate: float
) -> None:
    """Within a 1 Gbit/s, within b half of it, between them a fifth: as if all links were that."""
    kinds = (kind("a", 2), kind("b", 2))
    links = {
        (0, 0): wire(1e-4, GBIT),
        (1, 1): wire(1e-4, 0.5 * GBIT),
        (0, 1): wire(1e-4, 0.2 * GBIT),
    }
    plans = job_plans([JobRow(nodes, "float32", "all-reduce", 1, others)])
    linked = replace(asked(*kinds), links=links)
    alike = replace(asked(*kinds), wire=wire(1e-4, rate))
    found, wanted = (evaluate(each, plans, Draws(1)).elapsed for each in (linked, alike))
    assert torch.allclose(found, wanted)


def test_what_is_assumed_of_every_host_is_one_input_and_has_one_luck() -> None:
    draws = Draws(4)
    plans = job_plans([JobRow(Nodes(0, 1, "owned"), "float32")])
    told = asked(kind("a", 2), kind("b", 2))
    evaluate(told, plans, draws)
    assert "every host.power_max" in draws.asked
    assert "every host.price.owned" in draws.asked
    assert not any(name.startswith(("a.power", "b.power")) for name in draws.asked)
