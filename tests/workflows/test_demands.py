import pytest

from bitpath_cli.errors import BadValue
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.strategies import Question
from bitpath_cli.workflows._demands import bounded, imagined, wishes
from bitpath_cli.workflows.advise import recommend
from tests.questions import GBIT, job, limit, link, machine, question, service, site

NEAR = site(uplink=link(1.25e9, 1.25e9, 0.01))
A100 = machine(
    "a100", 0.869 * 312e12, at="cloud", accelerator=True, rent=5.07, memory=80e9, idle=150,
    full=550, memory_bandwidth=2e12,
)  # fmt: skip


def answer(asked: Question, demands: Demands) -> Recommendation:
    told = bounded(asked.workload, demands, "USD")
    changed = imagined(
        Question(told, asked.site, asked.machines, asked.wire, asked.largest_cluster),
        demands.what_if,
    )
    return recommend(changed, wishes(demands, "USD"))


def test_a_weight_is_taken_beside_the_goals_and_named() -> None:
    found = wishes(Demands(goal="cost", lambdas=("energy=3",)), "USD")
    assert found.lambdas["hardware"] == 10
    assert found.lambdas["energy"] == 3
    assert found.lambdas_source == "the goal 'cost' and --lambda for energy"


def test_the_lambda_of_the_decay_is_another_setting_than_those_of_the_terms() -> None:
    found = wishes(Demands(lambdas=("decay=0.5", "energy=3")), "USD")
    assert found.decay == 0.5
    assert found.lambdas_source == "the goal 'balanced' and --lambda for energy"
    assert "decay" not in found.lambdas
    assert wishes(Demands(), "USD").decay == 0.1


def test_references_are_typed_with_their_units() -> None:
    found = wishes(Demands(references=("hardware=2000", "compute=24h", "energy=2kWh")), "USD")
    assert found.references == {"hardware": 2000, "compute": 86_400, "energy": 7.2e6}


@pytest.mark.parametrize(
    ("demands", "said"),
    [
        (Demands(lambdas=("hardware=-1",)), "at least 0"),
        (Demands(lambdas=("hardware=inf",)), "at least 0"),
        (Demands(lambdas=("price=1",)), "TERM is one of compute"),
        (Demands(lambdas=("price=1",)), "or decay=X"),
        (Demands(lambdas=("decay=much",)), "at least 0"),
        (Demands(lambdas=tuple(f"{name}=0" for name in (
            "compute", "storage", "bandwidth", "hardware", "energy"))), "above 0"),
        (Demands(references=("bandwidth=3",)), "share of each link"),
        (Demands(references=("energy=0kWh",)), "above 0"),
        (Demands(references=("hardware=20 EUR",)), "20 EUR"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_what_could(demands: Demands, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        wishes(demands, "USD")


def test_a_stated_deadline_and_budget_bind() -> None:
    told = bounded(job(256), Demands(deadline="48h", budget="100"), "USD")
    assert told.training is not None
    assert told.training.deadline is not None
    assert (told.training.deadline.at.value, told.training.deadline.binds) == (172_800, True)
    assert told.budget is not None
    assert (told.budget.at.value, told.budget.at.unit) == (100, "USD")


def test_a_service_has_no_deadline() -> None:
    with pytest.raises(BadValue, match="a training job"):
        bounded(service(), Demands(deadline="48h"), "USD")


def test_what_expectedly_misses_a_stated_deadline_does_not_win() -> None:
    asked = question(job(256), (A100,), at=NEAR)
    free = answer(asked, Demands())
    assert free.winner is not None
    assert free.winner.strategy == "cloud_native"
    tight = answer(asked, Demands(deadline="10h"))
    assert tight.winner is not None
    assert tight.winner != free.winner
    best = next(each for each in tight.candidates if each.configuration == tight.winner)
    assert not best.violations


def test_where_only_risky_configurations_are_left_the_answer_says_so() -> None:
    # Expected: 1 ms of preparation, 1 ms of overhead and 3.67 ms of computing, which may be 11 ms.
    guess = machine("guess", 10e12, accelerator=True, price=500, memory=8e9, spread=3.0)
    found = answer(question(service(10, limit(0.008)), (guess,)), Demands())
    assert found.winner is not None
    assert "guess" in found.winner.label
    assert "; but latency is at risk: 5.67 ms expected against 8 ms, kept in " in found.summary


def test_what_is_sunk_is_free_and_the_reference_still_counts_it() -> None:
    asked = question(job(256), at=site(without_cloud=True))
    amortised, sunk = answer(asked, Demands()), answer(asked, Demands(owned="sunk"))
    assert amortised.references == sunk.references
    for found, ratio in ((amortised, 1.0), (sunk, 0.0)):
        edge = next(each for each in found.candidates if each.strategy == "edge")
        assert edge.terms.hardware.ratio == pytest.approx(ratio)
        assert edge.score is not None
    assert sunk.probability_best is not None
    assert 0 <= sunk.probability_best <= 1


def test_what_if_changes_one_thing_each() -> None:
    asked = imagined(question(job(256)), ("network=10Gbit/s,nodes=8", "rtt=5ms", "batch=64"))
    assert asked.wire.bandwidth.value == pytest.approx(10 * GBIT)
    assert asked.largest_cluster == 8
    assert asked.site.uplink.round_trip.value == pytest.approx(0.005)
    assert asked.workload.training is not None
    assert asked.workload.training.global_batch.value == 64
    uplink = imagined(question(service()), ("uplink=1Gbit/s", "latency=50us", "requests=7/s"))
    assert uplink.site.uplink.up.value == pytest.approx(GBIT)
    assert uplink.wire.latency.value == pytest.approx(5e-5)
    assert uplink.workload.serving is not None
    assert uplink.workload.serving.request_rate.value == 7


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nework=1Gbit/s", "KEY is one of network"),
        ("network", "KEY is one of network"),
        ("network=1GB", "a bandwidth such as"),
        ("nodes=0", "from 1 to 1024"),
        ("nodes=two", "from 1 to 1024"),
        ("requests=7/s", "a service"),
        ("network=0Gbit/s", "above 0"),
    ],
)
def test_what_cannot_be_imagined_is_refused(typed: str, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        imagined(question(job(256)), (typed,))


def test_a_faster_network_makes_the_distributed_job_faster() -> None:
    asked = question(job(256), at=site(without_cloud=True))
    slow, fast = (
        next(
            each.terms.compute.value
            for each in answer(asked, Demands(what_if=what_if)).candidates
            if each.strategy == "distributed"
        )
        for what_if in ((), ("network=100Gbit/s",))
    )
    assert slow is not None
    assert fast is not None
    assert fast < slow
