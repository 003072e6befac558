import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.reading import Quantity
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows.advise import recommend
from tests.questions import job, limit, machine, question, service, work

BOX = machine("box", 10e12, accelerator=True, price=500, memory=8e9)
OTHER = machine("other", 1e12, accelerator=True, price=9e6, memory=8e9)
PLAIN = Wishes("balanced", GOALS["balanced"], "the goal 'balanced'", draws=20)


def test_every_figure_has_its_formula_and_every_input_its_origin() -> None:
    found = recommend(question(service(10, limit(0.08)), (BOX, OTHER)), PLAIN)
    assert found.winner is not None
    figures = {each.name: each for each in found.formulas}
    best = next(each for each in found.candidates if each.configuration == found.winner)
    assert {"compute", "storage", "bandwidth", "hardware", "energy"} <= set(figures)
    assert set(best.predicted) <= set(figures)
    assert all(each.formula for each in found.formulas)
    assert all(each.reading.origin.source for each in found.inputs)


def test_inputs_are_those_of_the_winner_and_of_todays_host_alone() -> None:
    found = recommend(question(service(10, limit(0.08)), (BOX, OTHER)), PLAIN)
    names = {each.name for each in found.inputs}
    assert "box.rate.float32" in names
    assert "today's host.rate.float32" in names
    assert not any(name.startswith("other.") for name in names)


def test_the_inputs_are_enough_to_redo_a_step_by_hand() -> None:
    asked = question(job(256, work_of=work(traffic=1e7)), largest_cluster=1)
    found = recommend(asked, PLAIN)
    given = {each.name: each.reading.value for each in found.inputs}
    forward = (
        256 * given["work.forward"] / given["today's host.rate.float32"]
        + 256 * given["work.traffic"] / given["today's host.memory_bandwidth"]
    )
    edge = next(each for each in found.candidates if each.strategy == "edge")
    step = edge.predicted["step_time"]
    assert isinstance(step, Quantity)
    assert step.value == pytest.approx(3 * forward, rel=0.01)
