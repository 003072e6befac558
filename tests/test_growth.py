"""The figures of `make bench` are about as much work as they say."""

import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.workflows._judgement import Wishes, judge
from tests.growth import Growth, many, rows, survivors


@pytest.mark.parametrize("asked", [3000, 25_000])
def test_a_question_has_about_as_many_configurations_as_are_asked_for(asked: int) -> None:
    found = judge(many(asked), Wishes("balanced", GOALS["balanced"], "the goal", draws=2))
    assert found.considered == pytest.approx(asked, rel=0.1)


def test_survivors_are_as_many_as_are_asked_for() -> None:
    assert len(survivors(30)[1].machine) == 30


def test_a_row_a_size_stands_beside_the_smallest() -> None:
    done: list[int] = []
    growth = Growth("nothing", "things", (1, 2), lambda size: lambda: done.append(size), "soon")
    told = list(rows(growth, rounds=2))
    assert done == [1, 2] * 3
    assert told[0].startswith("nothing, 1 things: ")
    assert "(soon); per one of them" in told[1]
    assert "× that of 1; " in told[1]
