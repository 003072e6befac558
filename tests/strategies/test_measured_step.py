"""Steps and reductions that were measured take the roofline's place, and by hand come out right."""

from dataclasses import replace

import pytest
import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.units import SECOND
from bitpath_cli.strategies import (
    RATE_LEVERS,
    SYNCHRONISATIONS,
    JobPlans,
    MeasuredReductions,
    MeasuredSteps,
    Question,
    distributed,
    evaluate,
    join,
    today,
)
from tests.questions import exact, job, machine, question, wire, work

_STEPS = MeasuredSteps(
    samples=(10.0, 30.0),
    forward=(exact(0.1, SECOND), exact(0.3, SECOND)),
    backward=(exact(0.2, SECOND), exact(0.6, SECOND)),
    rest=(exact(0.01, SECOND), exact(0.01, SECOND)),
    buckets=((2e6, 0.5), (8e6, 1.0)),
)
# α 1 ms, 10 ns a byte.
_REDUCTIONS = MeasuredReductions(
    ranks=2, sizes=(1.0, 1e7), seconds=(exact(0.001, SECOND), exact(0.101, SECOND)),
    slowdown=exact(1.0), slowdown_reduction=exact(1.0),
)  # fmt: skip


def ask(slowdown: float = 1.0, memory_bandwidth: float = 1e15) -> Question:
    """Two hosts and 40 samples a step; copies take no time unless memory is slow."""
    here = replace(
        machine(memory_bandwidth=memory_bandwidth), steps=_STEPS,
    )  # fmt: skip
    reductions = replace(_REDUCTIONS, slowdown=exact(slowdown), slowdown_reduction=exact(slowdown))
    made = question(
        job(batch=40.0, work_of=work(parameters=2.5e6)),
        over=replace(wire(), reductions=reductions), largest_cluster=2,
    )  # fmt: skip
    return replace(made, machines=(here,))


def step_times(asked: Question, nodes: int = 2) -> dict[str, float]:
    """Of today's host alone, and of so many in every way of training; averages every 8 steps."""
    plans = join([today.STRATEGY.plan_job(asked), distributed.STRATEGY.plan_job(asked)])
    assert isinstance(plans, JobPlans)
    found = evaluate(asked, plans, Draws(1)).details["step_time"].squeeze(1).tolist()
    kinds = [SYNCHRONISATIONS[int(each)] for each in plans.synchronisation]
    numbers = (plans.count + plans.other_count).tolist()
    rows = zip(numbers, kinds, found, strict=True)
    return {kind: seconds for number, kind, seconds in rows if number in (1, nodes)}


def test_by_hand() -> None:
    found = step_times(ask())
    # 40 samples, on the line through both points: 0.4 + 0.8 + 0.01.
    assert found["none"] == pytest.approx(1.21)
    # 20 each: 0.2 forward, 0.4 backward. 2 MB are ready at 0.2 and take 21 ms, 8 MB at 0.4 and
    # take 81 ms; nothing but the last is exposed.
    assert found["all-reduce"] == pytest.approx(0.2 + 0.4 + 0.081 + 0.01)
    # 10 MB every eighth step.
    assert found["local-sgd"] == pytest.approx(0.61 + 0.101 / 8)


def test_where_both_need_the_core_the_first_bucket_is_no_longer_hidden() -> None:
    assert step_times(ask(slowdown=2.0))["all-reduce"] == pytest.approx(0.61 + 0.021 + 0.081)


def test_copies_into_and_out_of_buckets_pass_through_memory() -> None:
    # Four times 10 MB at 1 GB/s, and six times every eighth step.
    found, without = step_times(ask(memory_bandwidth=1e9)), step_times(ask())
    assert found["all-reduce"] - without["all-reduce"] == pytest.approx(0.04)
    assert found["local-sgd"] - without["local-sgd"] == pytest.approx(0.06 / 8, rel=1e-5)


def test_four_nodes_from_what_two_were_measured_to_take() -> None:
    found = step_times(replace(ask(), largest_cluster=4), nodes=4)
    # 10 samples each. Three times the ring's latency, 1.5 times the bytes a link carries:
    # 2 MB take 3 + 30 ms, 8 MB 3 + 120 ms.
    assert found["all-reduce"] == pytest.approx(0.1 + 0.2 + 0.123 + 0.01)


def test_time_falls_as_all_rates_rise_together() -> None:
    asked = ask(slowdown=1.5, memory_bandwidth=1e9)
    plans = distributed.STRATEGY.plan_job(asked)
    double = {name: torch.tensor(2.0, dtype=torch.float64) for name in RATE_LEVERS}
    before = evaluate(asked, plans, Draws(1)).details["step_time"]
    after = evaluate(asked, plans, Draws(1), double).details["step_time"]
    assert after.squeeze(1).tolist() == pytest.approx((before / 2).squeeze(1).tolist())


def test_half_of_the_bytes_take_half_of_the_measured_time_beyond_a_message() -> None:
    # 4 MB at the end: 1 ms and 10 ns a byte; 12 B a parameter at 1e15 B/s are nothing, and a rank
    # adds half of the 2.5 million numbers.
    found = step_times(ask())
    assert found["fp16-compress"] == pytest.approx(0.2 + 0.4 + 0.041 + 0.01 + 1.25e6 * 4e-9)


def test_a_server_takes_all_of_it_over_one_link_after_backward() -> None:
    # Twice 10 MB for two nodes, as one all-reduce of 20 MB, and nothing hidden.
    assert step_times(ask())["parameter-server"] == pytest.approx(0.61 + 0.201)


def test_slow_momentum_costs_its_own_passes_beside_the_average() -> None:
    found = step_times(ask(memory_bandwidth=1e9))
    # 19 passes over 10 MB at 1 GB/s, every eighth step.
    assert found["slow-momentum"] - found["local-sgd"] == pytest.approx(0.19 / 8)


def test_factors_are_two_small_messages_one_after_the_other() -> None:
    found = step_times(ask())
    # 54 square matrices of 46 296 numbers, rank 4: two factors of 54 · 4 · 215.2 · 4 B each.
    one = 54 * 4 * (2.5e6 / 54) ** 0.5 * 4
    products = 3 * 2 * 2.5e6 * 4 / 200e9
    expected = 0.61 + 2 * (0.001 + 1e-8 * (one - 1)) + products
    assert found["powersgd"] == pytest.approx(expected, rel=1e-6)


def test_a_part_of_a_step_that_takes_no_time_leaves_a_number() -> None:
    """A rest of nothing, as of ranks that only pretend to compute."""
    idle = replace(_STEPS, rest=(exact(0, SECOND), exact(0, SECOND)))
    asked = ask()
    asked = replace(asked, machines=(replace(asked.machines[0], steps=idle),))
    assert step_times(asked)["none"] == pytest.approx(1.2)
