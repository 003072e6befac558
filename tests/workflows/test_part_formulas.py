"""A recommendation redone from what --explain shows: its inputs, its formulas, a calculator."""

from dataclasses import dataclass

import pytest

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.workflows.advise import recommend
from tests.questions import job, machine, question, service, site, work
from tests.workflows.test_fleet_hosts import BALANCED

CARD = machine(
    "card", 10e12, accelerator=True, price=500, memory=80e9, idle=10, full=60,
    memory_bandwidth=1e11,
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What stands on the screen, by name."""

    advice: Recommendation

    def given(self, name: str) -> float:
        return next(each.reading.value for each in self.advice.inputs if each.name == name)

    def told(self, name: str) -> float:
        value = next(each.value for each in self.advice.formulas if each.name == name)
        assert isinstance(value, Quantity)
        return value.value


@pytest.fixture(scope="module")
def trained() -> Shown:
    asked = question(
        job(256, work_of=work(traffic=2e8)), (CARD,), at=site(without_cloud=True), largest_cluster=1
    )
    found = recommend(asked, BALANCED)
    assert found.winner is not None and found.winner.nodes[0].device == "card"
    return Shown(found)


def test_a_step_follows_from_the_inputs(trained: Shown) -> None:
    given, samples = trained.given, trained.told("samples_a_round")
    edge = (samples * given("work.forward") / given("work.operations") / 2) ** (1 / 3)
    assert trained.told("matrix_edge") == pytest.approx(edge)
    rate = given("card.rate.float32") * given("work.efficiency_accelerator")
    forward = (
        samples * given("work.forward") / (rate * trained.told("efficiency_at_that_edge"))
        + samples * given("work.traffic") * 1.0 / given("card.memory_bandwidth")
        + given("work.overhead_accelerator")
    )
    assert trained.told("forward_time") == pytest.approx(forward)
    overhead = given("work.overhead_accelerator")
    backward = 2 * (forward - overhead) + overhead
    assert trained.told("backward_time") == pytest.approx(backward)
    optimiser = 2 * 12 * given("work.parameters") / given("card.memory_bandwidth")
    assert trained.told("optimiser_time") == pytest.approx(optimiser)
    assert trained.told("step_time") == pytest.approx(forward + backward + optimiser)


def test_the_five_terms_follow_from_the_inputs(trained: Shown) -> None:
    given, told = trained.given, trained.told
    steps = given("training.epochs") * given("data.samples") / given("training.batch")
    seconds = steps * told("step_time")
    assert told("job_time") == pytest.approx(seconds)
    assert told("compute") == pytest.approx(seconds)
    state = 12 * given("work.parameters")
    dataset = given("data.samples") * given("data.sample_bytes")
    kept = dataset + given("training.checkpoints") * state + state
    assert told("storage") == pytest.approx(kept * seconds)
    price = given("card.price.bought") / (given("site.lifetime") * given("site.duty"))
    assert told("hardware") == pytest.approx(price * seconds)
    idle, full = given("card.power_idle"), given("card.power_max")
    assert told("energy") == pytest.approx(given("site.pue") * full * seconds)
    assert idle < full
    assert told("bandwidth") == 0


def test_the_score_follows_from_the_ratios(trained: Shown) -> None:
    (winner,) = [
        each for each in trained.advice.candidates
        if each.configuration == trained.advice.winner
    ]  # fmt: skip
    ratios = [term.ratio for _, term in winner.terms]
    assert winner.score == pytest.approx(sum(each or 0.0 for each in ratios) / 5)


def test_a_service_s_terms_follow_from_the_inputs() -> None:
    found = Shown(recommend(question(service(10), (CARD,), at=site(without_cloud=True)), BALANCED))
    given, told = found.given, found.told
    month, busy = 2_629_800, told("service_time")
    rate = given("card.rate.float32") * given("work.efficiency_accelerator")
    computing = given("work.forward") / (rate * told("efficiency_at_that_edge"))
    assert busy == pytest.approx(computing + given("work.overhead_accelerator"))
    requests = month * given("serving.places") * given("serving.request_rate")
    assert told("response_time") == pytest.approx(given("serving.preparation") + busy)
    assert told("compute") == pytest.approx(requests * told("response_time"))
    assert told("storage") == pytest.approx(4 * given("work.parameters") * month)
    assert told("hardware") == pytest.approx(
        given("card.price.bought") / given("site.lifetime") * month
    )
    idle, full = given("card.power_idle"), given("card.power_max")
    load = given("serving.request_rate") * busy
    assert told("energy") == pytest.approx(
        given("site.pue") * (idle + (full - idle) * load) * month
    )
