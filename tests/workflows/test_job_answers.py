"""Answers about training jobs that must not hang on what is beside the point."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitpath_cli import catalogue
from bitpath_cli.cost.objective import GOALS
from bitpath_cli.errors import NothingToPlan
from bitpath_cli.model.configuration import PREPARES
from bitpath_cli.model.plan import Program
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.units import FLOP
from bitpath_cli.model.workload import Reduction
from bitpath_cli.strategies import Machine, Question
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows.advise import recommend
from bitpath_cli.workflows.plan import blueprint
from tests.own_profiles import put
from tests.questions import exact, job, link, machine, question, site
from tests.sample_report import report

CARD = machine("card", 20e12, accelerator=True, price=2000, memory=24e9, full=200)
RENTED = machine(
    "rented", 200e12, at="cloud", accelerator=True, rent=4, memory=80e9, memory_bandwidth=2e12
)
NEAR = site(uplink=link(1.25e9, 1.25e9, 0.01))


def answer(asked: Question) -> Recommendation:
    return recommend(asked, Wishes("balanced", GOALS["balanced"], "the goal 'balanced'", draws=50))


@pytest.mark.parametrize(
    "useless",
    [
        # Slower, dearer and hungrier than the card.
        machine("worse", 10e12, accelerator=True, price=9000, memory=24e9, full=900),
        # Holds not one sample.
        machine("too-small", 20e12, accelerator=True, price=1, memory=1e6),
        machine("dear-rent", 1e12, at="cloud", accelerator=True, rent=400, memory=80e9),
    ],
)
def test_a_useless_machine_never_changes_the_answer(useless: Machine) -> None:
    before = answer(question(job(256), (CARD, RENTED), at=NEAR))
    after = answer(question(job(256), (CARD, RENTED, useless), at=NEAR))
    assert before.winner == after.winner
    assert before.winner is not None
    first = {each.strategy: each.score for each in before.candidates[:4]}
    second = {each.strategy: each.score for each in after.candidates[:4]}
    assert first[before.winner.strategy] == second[before.winner.strategy]


@settings(deadline=None, max_examples=10)
@given(st.integers(16, 2048), st.floats(1e12, 1e14), st.floats(0.5, 40))
def test_a_hopeless_machine_never_changes_any_answer(batch: int, rate: float, rent: float) -> None:
    rented = machine(
        "rented", rate, at="cloud", accelerator=True, rent=rent, memory=80e9, memory_bandwidth=2e12
    )
    hopeless = machine("hopeless", 1e10, accelerator=True, price=1e6, memory=24e9, full=3000)
    before = answer(question(job(batch), (CARD, rented), at=NEAR))
    after = answer(question(job(batch), (CARD, rented, hopeless), at=NEAR))
    assert before.winner == after.winner


def test_the_unit_that_a_figure_is_typed_in_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    text = catalogue.text("workload", "resnet50-training")
    other = (
        text.replace('value = 8.18, unit = "GFLOP"', 'value = 0.00818, unit = "TFLOP"')
        .replace('value = 222, unit = "MB"', 'value = 222_000, unit = "kB"')
        .replace('value = 24, unit = "h"', 'value = 1440, unit = "min"')
        .replace('value = 2, unit = "ms"', 'value = 0.002, unit = "s"')
    )
    assert other != text
    same = catalogue.workload(str(put(tmp_path, "resnet50-training.toml", other)))
    shipped = catalogue.workload("resnet50-training")
    assert same.model_copy(update={"is_example": True}).work.forward.value == pytest.approx(
        shipped.work.forward.value
    )
    winners = [answer(question(each, (CARD, RENTED), at=NEAR)).winner for each in (shipped, same)]
    assert winners[0] == winners[1]


def test_the_nearer_half_of_a_hybrid_that_reduces_the_data_says_so() -> None:
    asked = job(256)
    reduction = Reduction(kept=exact(0.1), work=exact(1e6, FLOP))
    data = asked.data.model_copy(update={"reduction": reduction})
    found = answer(question(asked.model_copy(update={"data": data}), (RENTED,)))
    (hybrid,) = [each for each in found.candidates if each.strategy == "hybrid"][:1]
    near, far = hybrid.configuration.nodes
    assert (near.role, far.role) == (PREPARES, "trains with it")
    assert "today's host (yours, reduces the data before it travels)" in hybrid.configuration.label
    # A tenth of the images takes a tenth of the way that the cloud alone needs.
    cloud = next(each for each in found.candidates if each.strategy == "cloud_native")
    both = [each.predicted["ingress_time"] for each in (hybrid, cloud)]
    assert all(isinstance(each, Quantity) for each in both)
    assert both[0].value / both[1].value == pytest.approx(0.1, rel=0.01)  # type: ignore[union-attr]


def test_such_a_hybrid_cannot_be_planned_and_it_is_said_why() -> None:
    asked = job(256)
    reduction = Reduction(kept=exact(0.01), work=exact(1e6, FLOP))
    data = asked.data.model_copy(update={"reduction": reduction})
    advice = answer(question(asked.model_copy(update={"data": data}), (RENTED,)))
    advised = report(recommendation=advice, recommendations=(advice,))
    with pytest.raises(NothingToPlan, match="a program of its own"):
        blueprint(advised, None, "hybrid", "torchrun", Program())
