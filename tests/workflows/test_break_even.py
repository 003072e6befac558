"""Where another strategy would win, by hand."""

import pytest

from bitpath_cli.model.recommendation import TERM_NAMES, BreakEven, TermName
from bitpath_cli.workflows._dependence import break_even_points
from bitpath_cli.workflows._judgement import Wishes, judge
from tests.questions import GBIT, job, link, machine, question, service, site

MONEY_ALONE: dict[TermName, float] = {**dict.fromkeys(TERM_NAMES, 0.0), "hardware": 1.0}
FAST = 20e12


def points(price: float, rent: float) -> dict[str, BreakEven]:
    """Of ResNet-50's job on a bought accelerator of that price or one rented by the hour."""
    bought = machine("box", FAST, accelerator=True, price=price, memory=8e10)
    rented = machine("offer", FAST, at="cloud", accelerator=True, rent=rent, memory=8e10)
    quick = site(link(10 * GBIT, 10 * GBIT, 1e-3))
    asked = question(job(256), (bought, rented), at=quick, largest_cluster=1)
    told = Wishes("cost", MONEY_ALONE, "the test", draws=20)
    return {each.quantity: each for each in break_even_points(judge(asked, told))}


def test_owning_pays_above_the_use_at_which_its_second_costs_what_rent_does() -> None:
    """8766 USD over 5 years are 0.2 USD an hour; at 1 USD an hour of rent it takes work 20 % of it.

    The site's machines have work half of their lives. Start-up, the upload and what the cloud's
    storage costs are next to nothing beside a job of a week.
    """
    found = points(price=8766, rent=1.0)["duty"]
    assert found.now.value == 0.5
    assert found.at.value == pytest.approx(0.2, rel=0.02)
    assert found.other == "cloud_native"
    assert found.sentence.startswith(
        "edge until the share of its life in which a machine of your own"
    )


def test_nothing_has_more_work_than_all_of_its_life() -> None:
    """Rent at a tenth of that: no use of one's own machine would be enough, and none is named."""
    assert "duty" not in points(price=8766, rent=0.1)


def test_a_service_is_held_all_of_the_time() -> None:
    rented = machine("offer", FAST, at="cloud", accelerator=True, rent=0.5)
    told = Wishes("cost", MONEY_ALONE, "the test", draws=20)
    found = break_even_points(judge(question(service(10), (rented,)), told))
    assert "duty" not in {each.quantity for each in found}
