"""Every way of training together has its formula, and devices of a node have theirs."""

from dataclasses import replace

import pytest

from bitpath_cli.strategies import SYNCHRONISATIONS
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from bitpath_cli.workflows._step_formulas import communication
from tests.questions import exact, job, machine, question

CARD = machine("card", 50e12, at="cloud", accelerator=True, rent=1)


@pytest.mark.parametrize("kind", SYNCHRONISATIONS)
def test_every_way_has_its_formula(kind: str) -> None:
    plans = job_plans([JobRow(Nodes(1, 2, "on_demand"), "float32", kind)])
    told = communication(question(job(), (CARD,)), plans, 0)
    assert told.startswith("step − step without synchronising; ")
    assert "devices of a node" not in told


def test_devices_of_a_node_have_theirs() -> None:
    eight = replace(CARD, devices=8, link=exact(3e11))
    plans = job_plans([JobRow(Nodes(1, 1, "on_demand"), "float32", "zero-3")])
    told = communication(question(job(), (eight,)), plans, 0)
    assert "1.5·rounds gradients" in told
    assert "between the g devices of a node" in told
