"""The recommendation that docs/cost-model.md redoes by hand, against what the code computes."""

import re
from functools import cache
from pathlib import Path

import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Candidate, Recommendation
from bitpath_cli.model.units import significant
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows.advise import recommend
from tests.questions import limit, question, service
from tests.workflows.test_worked_examples import A100, ACCELERATOR

PAGE = Path(__file__).parents[2] / "docs" / "cost-model.md"


@cache
def section() -> str:
    """The worked recommendation, on one line."""
    found = re.search(
        r"## One recommendation with a pocket calculator\n(.*?)\n## ", PAGE.read_text(), re.S
    )
    assert found is not None
    return " ".join(found[1].split())


@cache
def answer() -> Recommendation:
    asked = question(service(10, limit(0.08)), (ACCELERATOR, A100))
    return recommend(asked, Wishes("balanced", GOALS["balanced"], "the page", draws=50))


def of(strategy: str) -> Candidate:
    return next(each for each in answer().candidates if each.strategy == strategy)


def seconds(found: Candidate, name: str) -> float:
    reading = found.predicted[name]
    assert isinstance(reading, Quantity)
    return reading.value


def test_the_accelerator_wins_and_the_cloud_is_out_by_its_upload() -> None:
    winner = answer().winner
    assert winner is not None
    assert winner.nodes[0].device == "edge-accelerator"
    assert (
        of("cloud_native").verdict == "out: sending one request takes 400 ms where 80 ms is allowed"
    )
    assert "1 MB / 2.5 MB/s = 0.4 s" in section()


def test_the_times_of_the_page_are_those_of_the_code() -> None:
    assert seconds(of("today"), "response_time") == pytest.approx(0.042, rel=2e-3)
    assert "1 ms of preparation: 42 ms" in section()
    computing = seconds(of("edge"), "response_time")
    assert f"{significant(1000 * computing)} ms" == "5.67 ms"
    assert "5.67 ms" in section()


@pytest.mark.parametrize("term", ["compute", "storage", "bandwidth", "hardware", "energy"])
def test_the_five_ratios_of_the_page_are_those_of_the_code(term: str) -> None:
    told = re.search(r"\*\*L\*\* = \(([^)]*)\) / 5", section())
    assert told is not None
    ratios = dict(
        zip(
            ("compute", "storage", "bandwidth", "hardware", "energy"),
            map(float, told[1].split(" + ")),
            strict=True,
        )
    )
    (found,) = [each for name, each in of("edge").terms if name == term]
    assert found.ratio == pytest.approx(ratios[term], abs=1e-3)


def test_the_score_of_the_page_is_that_of_the_code() -> None:
    told = re.search(r"/ 5 = ([0-9.]+[0-9])", section())
    assert told is not None
    assert of("edge").score == pytest.approx(float(told[1]), abs=5e-4)
