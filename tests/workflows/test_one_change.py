"""One change to today's host, each the best of its kind, by hand and without mixtures."""

import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Goal, Remedy
from bitpath_cli.model.workload import Residency
from bitpath_cli.strategies import Question
from bitpath_cli.workflows._judgement import Wishes, judge
from bitpath_cli.workflows._one_change import changes_from_today
from tests.questions import job, limit, machine, question, service, site, work

BOX = machine("box", 10e12, accelerator=True, price=500, memory=8e9, idle=7, full=25)
OFFER = machine("offer", 2e14, at="cloud", accelerator=True, rent=4, memory=8e10)


def changes(asked: Question, goal: Goal = "balanced") -> dict[str, Remedy]:
    told = Wishes(goal, GOALS[goal], "the goal", draws=20)
    return {each.name: each for each in changes_from_today(judge(asked, told))}


def test_machines_and_numbers_are_changes_and_what_helps_most_comes_first() -> None:
    found = changes(question(job(256), (BOX, OFFER)), "speed")
    assert "buy box instead" in found
    assert "rent offer instead" in found
    assert any("such hosts, " in name for name in found)
    gains = [each.change_in_score for each in found.values()]
    assert gains == sorted(gains)
    assert all(gain < 0 for gain in gains)


def test_a_lower_precision_alone_is_a_change_and_costs_nothing() -> None:
    """Half the bytes of activations, and the same rate: only the traffic shrinks."""
    here = machine(precisions=("float32", "bfloat16"))
    asked = question(
        job(256, work_of=work(precisions=("float32", "bfloat16"), traffic=1e9)),
        at=site(without_cloud=True), largest_cluster=1,
    )  # fmt: skip
    found = changes(Question(asked.workload, asked.site, (here,), asked.wire, 1))
    assert list(found) == ["compute in bfloat16"]
    cost = found["compute in bfloat16"].cost
    assert isinstance(cost, Quantity)
    # The job is shorter, so the host is charged for less of its life.
    assert cost.value < 0


def test_what_may_not_be_done_is_no_change() -> None:
    stays = Residency(allowed="site", reason="it may not leave", binds=True)
    asked = question(service(10, limit(0.03), residency=stays), (BOX, OFFER))
    found = changes(asked)
    assert list(found) == ["buy box instead"]


def test_the_cost_is_the_difference_in_hardware_by_hand() -> None:
    """A month of the box for 500 USD instead of today's host for 1000, both over 5 years."""
    found = changes(question(service(10, limit(0.08)), (BOX,)))
    cost = found["buy box instead"].cost
    assert isinstance(cost, Quantity)
    assert cost.value == pytest.approx(-500 / 60, rel=1e-6)


def test_nothing_better_than_today_is_an_empty_list() -> None:
    asked = question(job(256), at=site(without_cloud=True), largest_cluster=1)
    assert changes(asked) == {}


def test_a_host_that_never_catches_up_has_no_l_to_take_anything_off() -> None:
    """24 requests a second are as many as it can answer, and more would wait for ever."""
    asked = question(service(100, arrival="poisson"), (BOX,))
    told = Wishes("cost", GOALS["cost"], "the goal", draws=20)
    assert changes_from_today(judge(asked, told)) == ()
