"""What holds of every job, whatever its figures: nothing is negative, more never hurts."""

from dataclasses import replace

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.units import BYTE, FLOP
from bitpath_cli.model.workload import Reduction, Tables, Workload
from bitpath_cli.strategies import (
    JobPlans,
    Machine,
    Outcome,
    Question,
    cloud_native,
    distributed,
    edge,
    evaluate,
    hybrid,
    join,
    today,
)
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from tests.questions import exact, job, link, machine, question, site, wire, work

TERMS = ("compute", "storage", "bandwidth", "link_time", "hardware", "energy")


def logs(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda power: float(10**power))


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """From a perceptron to eight billion parameters, with and without tables and reductions."""
    size = work(
        parameters=draw(logs(5, 10)), forward=draw(logs(6, 12)), traffic=draw(logs(3, 9)),
        activations=draw(logs(3, 9)),
    )  # fmt: skip
    if draw(st.booleans()):
        tables = Tables(
            parameters=exact(draw(logs(6, 10))), gathered_bytes=exact(draw(logs(3, 6)), BYTE),
            pooled_bytes=exact(draw(logs(2, 5)), BYTE), gather_share=exact(draw(st.floats(0.1, 1))),
        )  # fmt: skip
        size = size.model_copy(update={"tables": tables})
    made = job(draw(st.integers(1, 4096)), work_of=size)
    assert made.training is not None
    trained = exact(size.parameters.value * draw(st.floats(0.001, 1)))
    training = made.training.model_copy(
        update={
            "optimiser": draw(st.sampled_from(("sgd", "momentum", "adam"))),
            "trained": draw(st.sampled_from((None, trained))),
        }
    )
    reduction = Reduction(kept=exact(draw(st.floats(0.01, 1))), work=exact(draw(logs(3, 9)), FLOP))
    data = made.data.model_copy(
        update={
            "reduction": draw(st.sampled_from((None, reduction))),
            "born": draw(st.sampled_from(("edge", "cloud"))),
        }
    )
    return made.model_copy(update={"training": training, "data": data})


@st.composite
def machines(draw: st.DrawFn) -> tuple[Machine, Machine]:
    """One to buy, and one to rent with up to eight devices."""
    bought = machine(
        "bought", draw(logs(10, 14)), accelerator=draw(st.booleans()), memory=draw(logs(9, 11.5)),
        memory_bandwidth=draw(logs(9.5, 12.5)),
    )  # fmt: skip
    devices = draw(st.sampled_from((1, 2, 8)))
    offer = machine(
        "rented", draw(logs(11, 15)), at="cloud", accelerator=True, rent=draw(st.floats(0.1, 50)),
        memory=devices * draw(logs(9, 11)), memory_bandwidth=draw(logs(10.5, 13)),
    )  # fmt: skip
    return bought, replace(
        offer, devices=devices, link=exact(draw(logs(9, 12))) if devices > 1 else None,
        host_memory=draw(st.sampled_from((None, exact(2e11, BYTE)))),
    )  # fmt: skip


def ask(
    workload: Workload, two: tuple[Machine, Machine], wide: float = 1.0, tight: float = 1.0
) -> Question:
    """The same question over links that are so many times wider and quicker."""
    return question(
        workload, two,
        at=site(uplink=link(2.5e6 * wide, 6e6 * wide, 0.04 / tight)),
        over=wire(1e-4 / tight, 1.25e8 * wide), largest_cluster=4,
    )  # fmt: skip


def plans_of(asked: Question) -> JobPlans:
    """All that the strategies write down, and sharding whether or not memory demands it."""
    members = (today, edge, cloud_native, hybrid, distributed)
    rows = [
        JobRow(Nodes(2, each, "on_demand"), "float32", stage)
        for stage in ("zero-1", "zero-2", "zero-3")
        for each in (1, 2)
    ]
    found = join([*(each.STRATEGY.plan_job(asked) for each in members), job_plans(rows)])
    assert isinstance(found, JobPlans)
    return found


def broken(found: Outcome, name: str) -> torch.Tensor:
    """[C], true where a bound of that name fails."""
    fails = [~each.satisfied().all(dim=1) for each in found.bounds if each.name == name]
    return torch.stack(fails).any(dim=0)


@settings(deadline=None, max_examples=60)
@given(workloads(), machines())
def test_every_term_is_a_number_of_at_least_nothing(
    workload: Workload, two: tuple[Machine, Machine]
) -> None:
    asked = ask(workload, two)
    found = evaluate(asked, plans_of(asked), Draws(3))
    for group in (*found.groups, found.total()):
        for name in TERMS:
            values = getattr(group, name)
            assert bool(torch.isfinite(values).all()), name
            assert bool((values >= 0).all()), name
    for name, values in found.details.items():
        assert bool((values >= -1e-9).all()), name
    assert bool((found.elapsed > 0).all())


@settings(deadline=None, max_examples=40)
@given(workloads(), machines(), st.floats(1.1, 100), st.floats(1.1, 100))
def test_a_faster_link_never_makes_any_plan_slower(
    workload: Workload, two: tuple[Machine, Machine], wide: float, tight: float
) -> None:
    plans = plans_of(ask(workload, two))
    before = evaluate(ask(workload, two), plans, Draws(1)).elapsed
    after = evaluate(ask(workload, two, wide, tight), plans, Draws(1)).elapsed
    assert bool((after <= before * (1 + 1e-9)).all())


@settings(deadline=None, max_examples=40)
@given(workloads(), machines(), st.floats(1.05, 20))
def test_more_memory_never_takes_a_plan_out_nor_makes_it_slower(
    workload: Workload, two: tuple[Machine, Machine], more: float
) -> None:
    asked = ask(workload, two)
    plans = plans_of(asked)

    def grown(each: Machine) -> Machine:
        return replace(each, memory=exact(each.memory.value * more, BYTE))

    larger = replace(asked, machines=tuple(grown(each) for each in asked.machines))
    before, after = evaluate(asked, plans, Draws(1)), evaluate(larger, plans, Draws(1))
    assert not bool((broken(after, "memory") & ~broken(before, "memory")).any())
    # One more sample at once leaves so much less for what is kept of the data, which is read anew.
    work, data = workload.work, workload.data
    assert isinstance(data.samples, Quantity)
    less = work.activation_bytes.value / (data.samples.value * data.sample_bytes.value)
    assert bool((after.elapsed <= before.elapsed * (1 + 1e-4 + less)).all())


@settings(deadline=None, max_examples=40)
@given(workloads(), machines(), st.sampled_from(("all-reduce", "fp16-compress", "local-sgd")))
def test_one_node_that_talks_to_nobody_is_a_node_alone(
    workload: Workload, two: tuple[Machine, Machine], kind: str
) -> None:
    # Devices of a node would reduce among themselves: of one device there is nothing to say.
    asked = ask(workload, (two[0], replace(two[1], devices=1, link=None)))
    one = Nodes(2, 1, "on_demand")
    rows = [JobRow(one, "float32"), JobRow(one, "float32", kind)]
    found = evaluate(asked, job_plans(rows), Draws(1))
    alone, talking = found.details["step_time"].flatten().tolist()
    assert talking >= alone * (1 - 1e-12)
    bandwidth = found.total().bandwidth.flatten().tolist()
    assert bandwidth[0] == bandwidth[1]
    if kind == "all-reduce":
        assert talking == alone


@settings(deadline=None, max_examples=40)
@given(workloads(), machines())
def test_groups_sum_to_the_whole_and_shares_of_the_time_to_all_of_it(
    workload: Workload, two: tuple[Machine, Machine]
) -> None:
    asked = ask(workload, two)
    found = evaluate(asked, plans_of(asked), Draws(1))
    assert torch.allclose(found.total().compute, found.elapsed, rtol=1e-9)
