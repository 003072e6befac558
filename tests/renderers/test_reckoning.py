from bitpath_cli.model.reading import assumed, derived
from bitpath_cli.model.recommendation import Formula, Input
from bitpath_cli.model.units import SECOND, WATT
from bitpath_cli.renderers.reckoning import RENDERER, render_reckoning
from tests.sample_report import recommendation, report

DRAWN = """
How resnet50-training was reckoned  1 × edge box
  job time                       2 h = ingress + steps

From these inputs  with one sigma or the interval that each carries
  today.power_idle               ~50 W [25 – 100] assumed: a guess
"""


def test_formulas_and_inputs_are_drawn_with_their_origins() -> None:
    advice = recommendation()
    assert advice.winner is not None
    told = advice.model_copy(
        update={
            "workload": "resnet50-training",
            "winner": advice.winner.model_copy(update={"label": "1 × edge box"}),
            "formulas": (
                Formula(
                    name="job_time", formula="ingress + steps", value=derived(7200, SECOND, "model")
                ),
            ),
            "inputs": (Input(name="today.power_idle", reading=assumed(50, WATT, "a guess", 2)),),
        }
    )
    drawn = render_reckoning(report(recommendations=(told,)), 80, colour=False)
    assert drawn == DRAWN


def test_a_report_without_advice_says_so() -> None:
    assert RENDERER.render(report(recommendations=())) == ("The report holds no recommendation.\n")
