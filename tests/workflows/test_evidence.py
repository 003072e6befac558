"""The weakest of what decides the time is the tier of the whole, and extrapolating lowers it."""

from dataclasses import replace

import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.reading import Quantity, measured
from bitpath_cli.model.recommendation import Evidence
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, SECOND, Unit
from bitpath_cli.model.workload import Precision
from bitpath_cli.strategies import Machine, MeasuredSteps, Question
from bitpath_cli.workflows._evidence import evidence
from bitpath_cli.workflows._judgement import Judgement, Wishes, judge
from tests.questions import GBIT, exact, job, machine, question, site, wire, work

SPEED = Wishes("speed", GOALS["speed"], "the goal 'speed'", draws=20)


def known(value: float, unit: Unit) -> Quantity:
    return measured(value, unit, "a benchmark", 0.99 * value, 1.01 * value)


def host(curve: tuple[tuple[float, float], ...] = ()) -> Machine:
    return replace(
        machine(), rates={"float32": known(200e9, FLOP_PER_SECOND)}, curve=curve,
        memory_bandwidth=known(40e9, BYTE_PER_SECOND),
    )  # fmt: skip


def network(ranks: int, largest: float = 1e9) -> Question:
    """Four nodes on a link that was measured between so many, where only the link counts."""
    over = replace(
        wire(), latency=known(1e-4, SECOND), bandwidth=known(GBIT, BYTE_PER_SECOND), ranks=ranks,
        sizes=(1024.0, largest),
    )  # fmt: skip
    asked = question(job(64), at=site(without_cloud=True), over=over, largest_cluster=4)
    return replace(asked, machines=(host(),))


def four_nodes(asked: Question) -> Evidence:
    """Of four nodes that reduce their gradients, whichever configuration wins."""
    of = judge(asked, SPEED)
    plans = of.plans
    row = next(
        index
        for index, name in enumerate(of.names)
        if name == "distributed"
        and float(plans.count[index] + plans.other_count[index]) == 4  # type: ignore[union-attr]
        and int(plans.synchronisation[index]) == 1  # type: ignore[union-attr]
    )
    found = evidence(of, row)
    assert found is not None
    return found


def alone(of: Judgement) -> Evidence:
    found = evidence(of, of.best["edge"])
    assert found is not None
    return found


def test_what_was_measured_as_it_is_asked_is_measured() -> None:
    found = four_nodes(network(ranks=4))
    assert found.tier == "measured"
    assert {each.resource for each in found.supports} >= {"network_bandwidth"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (network(ranks=2), "measured between 2 nodes, asked for 4"),
        (network(ranks=4, largest=1e6), "messages of"),
    ],
)
def test_more_nodes_or_larger_messages_than_were_measured_lower_the_tier(
    asked: Question, said: str
) -> None:
    found = four_nodes(asked)
    assert found.tier == "extrapolated"
    assert found.supports[0].sentence.startswith(said)


def test_products_beyond_the_measured_sizes_lower_the_tier() -> None:
    """64 samples of 8.18 GFLOP in 54 operations are products of edge (64·8.18e9/54/2)^⅓ = 1692."""
    asked = question(job(64), at=site(without_cloud=True), largest_cluster=1)
    inside = replace(asked, machines=(host(((256.0, 0.9), (4096.0, 1.0))),))
    outside = replace(asked, machines=(host(((256.0, 0.9), (1024.0, 1.0))),))
    assert alone(judge(inside, SPEED)).tier == "measured"
    found = alone(judge(outside, SPEED))
    assert found.tier == "extrapolated"
    assert found.supports[0].sentence == "products of edge 1,692 where 256 to 1,024 were measured"


def test_steps_with_more_samples_than_were_measured_lower_the_tier() -> None:
    asked = question(job(64), at=site(without_cloud=True), largest_cluster=1)
    time = known(0.1, SECOND)
    for most, tier in ((64.0, "measured"), (32.0, "extrapolated")):
        steps = MeasuredSteps((16.0, most), (time, time), (time, time), (time, time), ((1e8, 1.0),))
        here = replace(asked, machines=(replace(host(), steps=steps),))
        assert alone(judge(here, SPEED)).tier == tier


def test_a_datasheet_is_weaker_than_a_measurement_and_a_guess_than_a_datasheet() -> None:
    asked = question(job(64), at=site(without_cloud=True), largest_cluster=1)
    for factor, tier in ((1.5, "datasheet"), (3.0, "guess")):
        here = machine()
        rate: dict[Precision, Quantity] = {"float32": exact(200e9, FLOP_PER_SECOND, factor)}
        found = alone(judge(replace(asked, machines=(replace(here, rates=rate),)), SPEED))
        assert found.tier == tier


def test_what_decides_nothing_lowers_nothing() -> None:
    """The network of a node that is alone, guessed or not."""
    asked = question(
        job(64, work_of=work(traffic=0)), at=site(without_cloud=True), largest_cluster=1
    )
    found = alone(judge(replace(asked, machines=(host(),)), SPEED))
    assert {each.resource for each in found.supports} == {"compute"}
