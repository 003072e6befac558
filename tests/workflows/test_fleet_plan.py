"""From a fleet's advice to a plan with its real hosts, and what is handed on without names."""

from dataclasses import replace

import pytest

from bitpath_cli.model.plan import Program
from bitpath_cli.model.report import Report
from bitpath_cli.plans.torchrun import PLAN
from bitpath_cli.redaction import redact
from bitpath_cli.workflows._question import question_for
from bitpath_cli.workflows.advise import recommend
from bitpath_cli.workflows.plan import blueprint
from tests.questions import GBIT, job
from tests.workflows.fleets import fleet, host, tcp
from tests.workflows.test_fleet_hosts import FASTEST, ours

OWN = Program(words=("true",))


@pytest.fixture
def advised() -> Report:
    """Three fast hosts and a slow one, all of which the fastest answer uses."""
    fast = [host(f"fast-host-{number}") for number in (1, 2)]
    first = host("fast-host-0", 200e9, tcp("fast-host-1", GBIT))
    told = fleet(first, *fast, host("slow-host", 100e9))
    advice = recommend(question_for(told, job(256), ours()), replace(FASTEST, draws=50))
    return told.model_copy(update={"recommendation": advice, "recommendations": (advice,)})


def test_the_plan_names_the_hosts_in_the_order_of_their_ranks(advised: Report) -> None:
    made = blueprint(advised, None, None, "torchrun", OWN)
    assert made.program.hosts == ("fast-host-0", "fast-host-1", "fast-host-2", "slow-host")
    files = {each.name: each.text for each in PLAN.draw(made)}
    assert "- node 3: `slow-host`" in files["README.md"]
    assert "MASTER_ADDR=fast-host-0" in files["node-1.sh"]


def test_hosts_that_the_person_names_go_before(advised: Report) -> None:
    own = OWN.model_copy(update={"hosts": ("10.0.0.1",)})
    assert blueprint(advised, None, None, "torchrun", own).program.hosts == ("10.0.0.1",)


def test_the_measured_link_of_the_set_is_what_is_measured_again(advised: Report) -> None:
    made = blueprint(advised, None, None, "torchrun", OWN)
    (network,) = [each for each in made.expectations if each.name == "all-reduce bandwidth, 1/β"]
    assert network.forecast.value == GBIT


def test_redacted_advice_holds_no_name_and_its_plan_leaves_them_to_be_filled_in(
    advised: Report,
) -> None:
    handed_on = redact(advised)
    assert "fast-host" not in handed_on.model_dump_json()
    assert "slow-host" not in handed_on.model_dump_json()
    made = blueprint(handed_on, None, None, "torchrun", OWN)
    assert made.program.hosts == ()
    files = {each.name: each.text for each in PLAN.draw(made)}
    assert "set it to the address of node 0" in files["node-1.sh"]
