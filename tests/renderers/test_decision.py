"""A recommendation as columns: their order, the parts of L, and why the others lost."""

import pytest

from bitpath_cli.model.reading import assumed
from bitpath_cli.model.recommendation import AssumedInput, Recommendation, Terms, Weights
from bitpath_cli.model.units import JOULE, WATT
from bitpath_cli.renderers._decision import (
    assumptions,
    bottleneck,
    columns,
    confidence,
    losers,
    next_bottleneck,
    weights,
)
from bitpath_cli.renderers._drawing import bar, stack
from tests.sample_report import candidates, missing_term, recommendation

ADVICE = recommendation()


def test_the_winner_first_then_by_score_then_what_is_not_feasible_then_today() -> None:
    found = columns(ADVICE)
    assert [each.strategy for each in found] == [
        "hybrid", "cloud-native", "distributed", "edge", "today",
    ]  # fmt: skip
    assert [each.wins for each in found] == [True, False, False, False, False]


def test_each_strategy_is_its_own_best_and_not_the_rest_of_the_front() -> None:
    (cloud,) = [each for each in columns(ADVICE) if each.strategy == "cloud-native"]
    assert cloud.configuration == "1 × a100"


def test_the_parts_add_up_to_l() -> None:
    hybrid = columns(ADVICE)[0]
    assert hybrid.parts == pytest.approx((0.082, 0.16, 0.06, 0.18, 0.11))
    assert sum(hybrid.parts) == pytest.approx(0.592)


def test_a_weight_stretches_its_part() -> None:
    heavy = Weights(compute=1, storage=0, bandwidth=0, hardware=10, energy=0)
    hybrid = columns(recommendation(lambdas=heavy))[0]
    assert hybrid.parts == pytest.approx((0.41 / 11, 0, 0, 9 / 11, 0))


def without_energy() -> Recommendation:
    """The advice with a first candidate whose energy nobody knows."""
    first, *others = candidates(ADVICE.candidates[0])
    terms = Terms(**{**dict(first.terms), "energy": missing_term(JOULE)})
    return recommendation(candidates=(first.model_copy(update={"terms": terms}), *others))


def test_a_term_that_one_candidate_lacks_counts_for_none() -> None:
    found = columns(without_energy())
    assert found[0].values[-1] == "?"
    assert found[0].multiples[-1] == ""
    assert {each.parts[-1] for each in found} == {0.0}
    assert found[1].parts == pytest.approx((0.05, 0.125, 0.475, 0.175, 0))


def test_all_losers_say_why_by_violation_or_by_verdict() -> None:
    told = dict(losers(ADVICE))
    assert set(told) == {"cloud-native", "distributed", "edge", "today"}
    assert told["edge"] == "The job would take 26 h, and the deadline is 24 h."
    assert told["cloud-native"] == "1 × a100: L = 0.7, mostly bandwidth."


def test_todays_bottleneck_comes_first_and_the_next_only_where_it_is_another() -> None:
    assert bottleneck(ADVICE) == "network bandwidth: +10 % gives -5.6 % time"
    assert next_bottleneck(ADVICE) == "storage bandwidth: +10 % gives -2.8 % time"
    same = recommendation(bottleneck=ADVICE.bottleneck_today)
    assert next_bottleneck(same) == ""
    old = recommendation(bottleneck_today=None)
    assert bottleneck(old) == "storage bandwidth: +10 % gives -2.8 % time"
    assert next_bottleneck(old) == ""
    assert bottleneck(recommendation(bottleneck=None, bottleneck_today=None)) == ""


def test_how_sure_in_one_sentence() -> None:
    assert confidence(ADVICE).startswith("A clear choice, the best in 86 %; 2,000 draws")
    tie = recommendation(verdict="tie", tied_with=("cloud_native", "edge"), robust=False)
    assert confidence(tie).startswith("Too close to call: a tie with cloud-native and edge;")
    assert confidence(tie).endswith("do not agree.")
    none = recommendation(verdict="none feasible", winner=None, smallest_change="Twice the memory.")
    assert confidence(none) == "Twice the memory."


def test_what_it_rests_on_the_widest_first_and_the_same_advice_once() -> None:
    found = assumptions(
        recommendation(
            assumptions=tuple(
                AssumedInput(name=name, next_step=step,
                             reading=assumed(100.0, WATT, "profile", factor))
                for name, factor, step in (
                    ("idle power", 1.1, "measure it"), ("peak power", 3.0, "state it"),
                    ("PUE", 2.0, "measure it"), ("fan", 1.5, "state it"),
                )
            )
        ),
        most=3,
    )  # fmt: skip
    assert found == (
        "peak power ~100 W, fan ~100 W: state it", "PUE ~100 W: measure it",
        "and 1 more, in the report",
    )  # fmt: skip


def test_the_weights_in_use_and_their_source() -> None:
    assert weights(ADVICE) == "all λ = 1, from goal 'balanced'"
    told = Weights(compute=1, storage=0.1, bandwidth=0.1, hardware=10, energy=0.1)
    assert weights(recommendation(lambdas=told, lambdas_source="--lambda")) == (
        "λ: time 1, storage 0.1, bandwidth 0.1, cost 10, energy 0.1, from --lambda"
    )


@pytest.mark.parametrize(
    ("share", "drawn"),
    [
        (0.0, "····"),
        (0.5, "██··"),
        (0.53125, "██▏·"),
        (0.999, "████"),
        (1.0, "████"),
        (1.4, "███▶"),
        (-0.1, "····"),
    ],
)
def test_a_bar_is_drawn_in_eighths(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_a_stack_shows_its_parts_and_what_does_not_fit() -> None:
    assert stack((0.25, 0.25, 0.0, 0.125, 0.125), 1.0, 8).plain == "██▓▓░◦"
    assert stack((2.0, 0.0, 0.0, 0.0, 0.0), 1.0, 4).plain == "███▶"
