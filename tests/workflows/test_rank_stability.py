"""What may not change an answer does not: hopeless options, units; and what the limits give."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitpath_cli import catalogue
from bitpath_cli.cost.objective import GOALS
from bitpath_cli.errors import BadProfile
from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import TERM_NAMES, TermName
from bitpath_cli.model.units import Unit
from bitpath_cli.model.workload import Workload
from bitpath_cli.strategies import Machine, Question
from bitpath_cli.workflows._judgement import Judgement, Wishes, judge
from bitpath_cli.workflows.advise import recommend
from tests.questions import exact, job, limit, machine, question, service, site, work

PROFILES = Path(__file__).parents[2] / "profiles" / "workloads"
BALANCED = Wishes("balanced", GOALS["balanced"], "the goal 'balanced'", draws=40)
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scale = st.floats(0.2, 5.0)
goals = st.sampled_from(sorted(GOALS))
tasks = st.one_of(
    st.builds(
        lambda batch, traffic: job(round(batch), work_of=work(traffic=traffic)),
        st.floats(8, 4096), st.floats(0, 1e8),
    ),
    st.builds(
        lambda rate, seconds, arrival: service(rate, limit(seconds), arrival=arrival),
        st.floats(0.01, 30), st.floats(0.02, 3), st.sampled_from(["poisson", "periodic"]),
    ),
)  # fmt: skip


def a_box(power: float, price: float) -> Machine:
    return machine(
        "box", 1e13 * power, accelerator=True, price=500 * price, memory=8e9, idle=7, full=25,
        spread=1.2,
    )  # fmt: skip


def an_offer(power: float, price: float) -> Machine:
    return machine(
        "offer", 2e14 * power, at="cloud", accelerator=True, rent=4 * price, memory=8e10, spread=1.2
    )


machines = st.tuples(
    st.builds(a_box, scale, scale), st.builds(an_offer, scale, scale)
)  # fmt: skip


def chosen(of: Judgement) -> tuple[str, float] | None:
    """The winner and its L."""
    if of.winner is None:
        return None
    return of.names[of.winner], float(of.scores[of.winner])


def under(asked: Question, weights: dict[TermName, float]) -> Judgement:
    return judge(asked, Wishes("balanced", weights, "stated", draws=40))


@few
@given(task=tasks, pair=machines, goal=goals, worse=st.floats(1.05, 50))
def test_adding_a_dominated_machine_changes_neither_the_winner_nor_its_score(
    task: Workload, pair: tuple[Machine, Machine], goal: str, worse: float
) -> None:
    """The same boxes, only dearer and hungrier, at the edge and in the cloud."""
    weights = GOALS[goal]  # type: ignore[index]
    dearer = tuple(
        replace(
            each, name=f"dear {each.name}",
            prices={
                tenure: exact(price.value * worse, price.unit)
                for tenure, price in each.prices.items()
            },
            power_idle=exact(each.power_idle.value * worse, each.power_idle.unit),
            power_max=exact(each.power_max.value * worse, each.power_max.unit),
        )
        for each in pair
    )  # fmt: skip
    before = under(question(task, pair), weights)
    after = under(question(task, (*pair, *dearer)), weights)
    assert chosen(before) == chosen(after)


@few
@given(task=tasks, pair=machines)
def test_adding_an_infeasible_machine_changes_nothing_of_what_stood(
    task: Workload, pair: tuple[Machine, Machine]
) -> None:
    """A free and endlessly fast box whose memory holds no model at all."""
    tiny = machine("tiny", 1e18, accelerator=True, price=1e-3, memory=10.0, idle=0.1, full=0.2)
    before, after = (judge(question(task, each), BALANCED) for each in (pair, (*pair, tiny)))
    assert chosen(before) == chosen(after)
    for name in before.rivals():
        assert before.scores[before.best[name]] == after.scores[after.best[name]]


def in_cents(asked: Question) -> Question:
    """The same where all money is counted in a hundredth of the currency."""

    def cents(money: Quantity) -> Quantity:
        return exact(money.value * 100, Unit(money.unit.replace("USD", "XTS")))

    at = asked.site
    here = at.today.model_copy(update={"price": cents(at.today.price)})
    if at.cloud is None:
        raise ValueError("this site has a cloud")
    rented = at.cloud.model_copy(
        update={
            "storage_price": cents(at.cloud.storage_price),
            "egress_price": cents(at.cloud.egress_price),
            "place": at.cloud.place.model_copy(update={"tariff": cents(at.cloud.place.tariff)}),
        }
    )
    there = at.model_copy(
        update={
            "currency": "XTS", "value_of_time": cents(at.value_of_time), "today": here,
            "host_for_accelerator": here, "cloud": rented,
            "place": at.place.model_copy(update={"tariff": cents(at.place.tariff)}),
        }
    )  # fmt: skip
    told = tuple(
        replace(each, prices={tenure: cents(price) for tenure, price in each.prices.items()})
        for each in asked.machines
    )
    return replace(asked, site=there, machines=told)


@few
@given(task=tasks, pair=machines)
def test_changing_the_unit_of_money_never_changes_the_winner_nor_any_score(
    task: Workload, pair: tuple[Machine, Machine]
) -> None:
    asked = question(task, pair, at=site())
    before, after = judge(asked, BALANCED), judge(in_cents(asked), BALANCED)
    assert before.names == after.names
    assert before.scores.tolist() == pytest.approx(after.scores.tolist(), rel=1e-9)
    assert before.winner == after.winner
    if before.ranking is not None and after.ranking is not None:
        assert before.ranking.winners.tolist() == after.ranking.winners.tolist()


@few
@given(task=tasks, pair=machines)
def test_without_other_weights_the_fastest_wins_and_with_one_huge_one_the_least_of_it(
    task: Workload, pair: tuple[Machine, Machine]
) -> None:
    """λ → 0 for all but compute, then λ → ∞ for each term."""
    asked = question(task, pair)
    for name in TERM_NAMES:
        alone: dict[TermName, float] = dict.fromkeys(TERM_NAMES, 0.0) | {name: 1.0}
        huge: dict[TermName, float] = dict.fromkeys(TERM_NAMES, 1.0) | {name: 1e15}
        limits, towards = under(asked, alone), under(asked, huge)
        if limits.winner is None or towards.winner is None:
            assert limits.winner == towards.winner
            continue
        rivals = [limits.best[each] for each in limits.rivals() if is_sound(limits, each)]
        values = [float(limits.ratios.values[row, 0, place_of(name)]) for row in rivals]
        if not values:
            continue
        least = min(values)
        for of in (limits, towards):
            won = float(of.ratios.values[of.winner, 0, place_of(name)])
            assert won == pytest.approx(least, rel=1e-9, abs=1e-12)


def is_sound(of: Judgement, name: StrategyName) -> bool:
    row = of.best[name]
    return float(of.probability_feasible[row]) >= 0.5 and bool(of.nominal.feasible()[row, 0])


def place_of(name: TermName) -> int:
    return TERM_NAMES.index(name)


def test_a_cluster_of_one_plans_no_distribution_and_the_job_has_an_answer() -> None:
    found = recommend(question(job(256), largest_cluster=1), BALANCED)
    assert {each.strategy for each in found.candidates} == {"edge", "today"}
    assert found.winner is not None
    assert found.winner.strategy == "edge"


def test_more_requests_than_can_be_answered_is_infeasible_and_not_merely_slow() -> None:
    """40.9 ms a frame: 24 a second are fewer than today's host can answer, 25 are not."""
    answers = {
        rate: recommend(question(service(rate), largest_cluster=1, at=site(without_cloud=True)),
                        BALANCED)
        for rate in (24.0, 25.0)
    }  # fmt: skip
    assert answers[24.0].winner is not None
    assert answers[25.0].winner is None
    edge = next(each for each in answers[25.0].candidates if each.strategy == "edge")
    assert [each.constraint for each in edge.violations] == ["utilisation"]


@pytest.mark.parametrize("arrival", ["poisson", "periodic"])
def test_next_to_no_traffic_has_an_answer_with_finite_terms(arrival: str) -> None:
    box, offer = a_box(1, 1), an_offer(1, 1)
    quiet = service(1e-9, limit(2), arrival=arrival)
    found = recommend(question(quiet, (box, offer)), BALANCED)
    assert found.winner is not None
    for each in found.candidates:
        assert all(each.terms.by_name(name).value is not None for name in TERM_NAMES)


def test_no_traffic_at_all_is_no_service_and_is_refused_by_name(tmp_path: Path) -> None:
    shipped = (PROFILES / "manufacturing-inspection.toml").read_text(encoding="utf-8")
    own = tmp_path / "quiet.toml"
    own.write_text(re.sub(r"(?m)^(request_rate = {) value = [^,]*", r"\1 value = 0", shipped))
    with pytest.raises(BadProfile, match=r"serving\.request_rate: 0"):
        catalogue.workload(str(own))
