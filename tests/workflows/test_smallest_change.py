"""The least multiple of one rate that makes something feasible, by hand."""

import re

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.workload import Residency
from bitpath_cli.strategies import Question
from bitpath_cli.workflows._judgement import Wishes, judge
from bitpath_cli.workflows._smallest_change import smallest_change
from tests.questions import job, limit, machine, question, service, site, work

STAYS = Residency(allowed="site", reason="it may not leave", binds=True)


def told(asked: Question) -> str:
    of = judge(asked, Wishes("balanced", GOALS["balanced"], "the goal", draws=20))
    assert of.winner is None
    return smallest_change(of)


def test_a_faster_processor_by_hand() -> None:
    """1.1 ms of fixed time leave 18.9 ms of 20 for what takes 40.9: 2.17 times as fast."""
    found = told(question(service(10, limit(0.02), residency=STAYS), largest_cluster=1))
    assert found.startswith("the nearest is today's host")
    assert found.endswith("; compute rate × 2.2 would make it feasible")


def test_the_multiple_is_enough_and_a_tenth_less_is_not() -> None:
    asked = question(service(10, limit(0.02), residency=STAYS), largest_cluster=1)
    match = re.search(r"compute rate × (\S+) would", told(asked))
    assert match is not None
    for share, feasible in ((1.0, True), (0.9, False)):
        faster = machine(rate=200e9 * float(match[1]) * share)
        changed = Question(asked.workload, asked.site, (faster,), asked.wire, 1)
        of = judge(changed, Wishes("balanced", GOALS["balanced"], "the goal", draws=20))
        assert (of.winner is not None) == feasible


def test_memory_is_mended_by_no_rate() -> None:
    asked = question(
        job(256, work_of=work(parameters=1e12)), at=site(without_cloud=True), largest_cluster=1
    )
    found = told(asked)
    assert "no rate alone, up to 64 times as high" in found


def test_a_deadline_by_hand() -> None:
    """A tenth of the time takes a little over ten times the rate, since the optimiser's step and
    the overheads do not go with it: 11, rounded up to two digits."""
    alone = question(job(256), at=site(without_cloud=True), largest_cluster=1)
    seconds = float(
        judge(alone, Wishes("balanced", GOALS["balanced"], "the goal", draws=20)).nominal.elapsed[0]
    )
    pressed = job(256, deadline=limit(seconds / 10))
    found = told(question(pressed, at=site(without_cloud=True), largest_cluster=1))
    assert found.endswith("; compute rate × 11 would make it feasible")
