"""The optimiser over a real question's resources, against brute force and against hand-work."""

import itertools
import math

import pytest
import torch

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.cost.optimise import Rule, decayed, descend
from bitpath_cli.model.recommendation import Goal, NextMoney, TermName
from bitpath_cli.strategies import Question
from bitpath_cli.workflows import _next_money
from bitpath_cli.workflows._judgement import Judgement, Wishes, judge
from tests.questions import job, limit, machine, question, service, site, work

BOX = machine(
    "box", 10e12, accelerator=True, price=500, memory=8e9, idle=7, full=25, memory_bandwidth=1e11
)
BOUNDS = (0.0, math.log(16))


def judged(
    asked: Question, goal: Goal = "balanced", *, is_sunk: bool = False, decay: float = 0.1
) -> Judgement:
    told = Wishes(goal, GOALS[goal], "the goal", is_sunk=is_sunk, draws=20, decay=decay)
    return judge(asked, told)


def found(of: Judgement) -> NextMoney:
    told = _next_money.next_money(of)
    assert told is not None
    return told


TRAINING = question(
    job(64, work_of=work(traffic=2e8)), at=site(without_cloud=True), largest_cluster=4
)
SERVICE = question(service(10, limit(0.08), work_of=work(traffic=2e8)), (BOX,))


@pytest.mark.parametrize("asked", [TRAINING, SERVICE])
@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_both_rules_reach_the_best_of_a_grid_from_every_start(asked: Question, rule: Rule) -> None:
    of = judged(asked)
    assert of.winner is not None
    names = ("compute", "memory_bandwidth", "network_bandwidth")
    target = _next_money.multiples(_next_money.scores_of(of, of.winner), names)
    starts = torch.tensor([[0.0] * 3, [1.0] * 3, [2.5, 0.0, 2.5], [0.0, 2.5, 0]]).double()
    line = torch.linspace(*BOUNDS, 29, dtype=torch.float64).tolist()
    grid = torch.tensor(list(itertools.product(line, repeat=3)), dtype=torch.float64)
    listed = float(decayed(target, grid, 0.1).min())
    for value in descend(target, starts, 0.1, rule, BOUNDS).value.tolist():
        assert 0.98 * listed < value < 1.001 * listed


def test_up_to_where_a_resource_pays_by_hand() -> None:
    """A job that only computes, one node, money alone: ten per cent more compute takes ten per
    cent off the time and so off the money, and it pays while the node costs less than that more."""
    weights: dict[TermName, float] = {
        "compute": 0.0, "storage": 0.0, "bandwidth": 0.0, "hardware": 1.0, "energy": 0.0
    }  # fmt: skip
    asked = question(job(64), at=site(without_cloud=True), largest_cluster=1)
    of = judge(asked, Wishes("cost", weights, "stated", draws=20))
    told = {each.resource: each for each in found(of).resources}
    # The optimiser's share of a step is 0.06 %: 2·12 B of each parameter at 40 GB/s.
    assert told["compute"].elasticity == pytest.approx(1, abs=0.01)
    assert told["compute"].pays_below == pytest.approx(1, abs=0.01)
    assert "storage_bandwidth" not in told


def test_where_money_and_energy_have_no_weight_more_always_pays() -> None:
    weights: dict[TermName, float] = {
        "compute": 1.0, "storage": 0.0, "bandwidth": 0.0, "hardware": 0.0, "energy": 0.0
    }  # fmt: skip
    of = judge(TRAINING, Wishes("speed", weights, "stated", draws=20))
    told = found(of).resources[0]
    assert told.pays_below is None
    assert "no weight" in told.sentence
    assert found(of).score < 0.5 * found(of).score_now


def test_a_stronger_decay_stays_closer_to_today() -> None:
    def spent(decay: float) -> float:
        told = found(judged(TRAINING, "speed", decay=decay))
        return max(each.factor for each in told.resources)

    assert 1 <= spent(10.0) < spent(0.1) < spent(0.001) <= 16


def test_what_is_paid_for_stays_so_but_what_is_added_is_paid() -> None:
    asked = question(job(64), at=site(without_cloud=True), largest_cluster=1)
    owned = found(judged(asked, "cost", is_sunk=True))
    assert all(each.factor < 16 for each in owned.resources)
    assert any(each.pays_below is not None for each in owned.resources)


def test_where_nothing_is_feasible_nothing_is_to_be_bought() -> None:
    asked = question(service(1000, limit(0.001)), (BOX,))
    assert _next_money.next_money(judged(asked)) is None


def test_the_guessed_shares_make_up_a_node_and_say_that_they_are_guesses() -> None:
    assert sum(each.value for each in _next_money.SHARES.values()) == pytest.approx(1)
    told = found(judged(TRAINING))
    assert "unsourced" in told.assumption
    assert sum(each.probability_first for each in told.resources) <= 1 + 1e-9
