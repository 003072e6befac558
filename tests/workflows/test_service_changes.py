"""What could be done to the service that is recommended, beyond what its profile allows."""

import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.recommendation import Remedy
from bitpath_cli.model.workload import Precision, Workload
from bitpath_cli.strategies import Question
from bitpath_cli.workflows._judgement import Wishes, judge
from bitpath_cli.workflows._service_changes import service_remedies
from tests.questions import job, limit, machine, question, service, site, wire, work

INT8 = "compute in int8 (whether its answers stay good, the profile does not say)"
CACHE = "answer 30 % from a cache (that share is a guess)"


def changes(asked: Workload, of_machine: tuple[Precision, ...] = ("float32",)) -> dict[str, Remedy]:
    """On today's host alone, where the profile's answer can only be that host."""
    here = machine(precisions=of_machine)
    told = Question(asked, site(without_cloud=True), (here,), wire(), 1)
    judged = judge(told, Wishes("speed", GOALS["speed"], "the goal", draws=20))
    assert judged.winner is not None
    return {each.name: each for each in service_remedies(judged, judged.winner)}


def answered(precisions: tuple[Precision, ...], arrival: str = "periodic") -> Workload:
    """4 requests a second that move 1 GB through memory in float32, a quarter of it in int8."""
    return service(4, limit(1.0), work_of=work(precisions=precisions, traffic=1e9), arrival=arrival)


def test_numbers_of_fewer_bits_than_the_profile_names() -> None:
    found = changes(answered(("float32",)), ("float32", "int8"))
    assert list(found) == [INT8]
    assert found[INT8].change_in_score < 0


@pytest.mark.parametrize(
    ("named", "had"), [(("float32", "int8"), ("float32", "int8")), (("float32",), ("float32",))]
)
def test_what_the_search_has_tried_or_the_machine_lacks_is_no_change(
    named: tuple[Precision, ...], had: tuple[Precision, ...]
) -> None:
    assert changes(answered(named), had) == {}


def test_only_what_people_ask_may_be_asked_again() -> None:
    assert list(changes(answered(("float32",), "poisson"))) == [CACHE]
    assert changes(answered(("float32",), "periodic")) == {}


def test_a_cache_takes_off_waiting_and_work() -> None:
    """Three tenths of the requests are gone, and the rest wait less; the host costs the same."""
    asked = answered(("float32",), "poisson")
    found = changes(asked)[CACHE]
    assert "hardware" in found.sentence
    assert found.change_in_score < -0.25


def test_a_job_has_no_such_changes() -> None:
    judged = judge(question(job(256)), Wishes("cost", GOALS["cost"], "the goal", draws=20))
    assert judged.winner is not None
    assert service_remedies(judged, judged.winner) == ()
