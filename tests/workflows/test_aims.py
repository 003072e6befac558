"""Changes to reach: how they are typed, and when they count as reached."""

from datetime import timedelta
from typing import Any

import pytest

from bitpath_cli.errors import BadValue, UnknownName
from bitpath_cli.model.aim import Aim
from bitpath_cli.model.comparison import AimOutcome
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.model.units import BYTE_PER_SECOND
from bitpath_cli.workflows import decide
from bitpath_cli.workflows._aims import parse_aim, parse_aims
from bitpath_cli.workflows.compare import Manner, compare
from tests.sample_report import CREATED, rate, recommendation, report, result


@pytest.mark.parametrize(
    ("typed", "aim"),
    [
        ("cost=-20%", Aim(name="hardware", change=-0.2)),
        ("time=-50%", Aim(name="compute", change=-0.5)),
        (" energy = -7.5 % ", Aim(name="energy", change=-0.075)),
        ("energy=\u221210%", Aim(name="energy", change=-0.1)),
        ("latency_p99=-30%", Aim(name="latency_p99", change=-0.3)),
        ("gemm.throughput=+10%", Aim(name="gemm.throughput", change=0.1)),
        (
            "disk.iops[operation=read,depth=32,direct=true]=+20%",
            Aim(name="disk.iops", change=0.2,
                parameters={"operation": "read", "depth": 32, "direct": True}),
        ),
    ],
)  # fmt: skip
def test_they_are_typed_as_people_say_them(typed: str, aim: Aim) -> None:
    found = parse_aim(typed)
    assert (found.name, found.parameters) == (aim.name, aim.parameters)
    assert found.change == pytest.approx(aim.change)


@pytest.mark.parametrize(
    "typed",
    ["", "cost", "cost=20%", "cost=-20", "cost=-100%", "cost=+5%", "=-5%", "disk.iops[x]=+5%",
     "cost=-5%;rm", "COST=-5%", "cost=--5%", "x" * 5000],
)  # fmt: skip
def test_what_is_no_aim_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(BadValue, match=r"--aim: .*(cost=-20%|minus sign|100 %)"):
        parse_aim(typed)


def test_a_benchmark_that_there_is_not_is_named() -> None:
    with pytest.raises(UnknownName, match="no benchmark called 'dsk'"):
        parse_aim("dsk.iops=+5%")


def test_the_last_of_two_for_the_same_counts() -> None:
    assert [each.change for each in parse_aims(("cost=-10%", "cost=-20%"))] == [-0.2]


def outcome(typed: str, *after: float, **changes: Any) -> AimOutcome:
    """Of disks that reached 100 MB/s before; one value a depth."""

    def disks(*values: float, **told: Any) -> Any:
        return tuple(
            result("disk", {"depth": depth}, rate("bandwidth", value, BYTE_PER_SECOND), **told)
            for depth, value in enumerate(values, 1)
        )

    before = report(results=disks(*(100e6 for _ in after)), aims=parse_aims((typed,)))
    later = report(results=disks(*after, **changes), created=CREATED + timedelta(days=1))
    return compare(before, later).aims[0]


def test_an_aim_is_reached_where_the_value_is_there() -> None:
    found = outcome("disk.bandwidth=+20%", 150e6)
    assert (found.outcome, found.certain) == ("reached", True)


def test_it_is_not_certain_where_the_interval_reaches_across() -> None:
    found = outcome("disk.bandwidth=+20%", 121e6)
    assert (found.outcome, found.certain) == ("reached", False)
    missed = outcome("disk.bandwidth=+20%", 119e6)
    assert (missed.outcome, missed.certain) == ("missed", False)


def test_the_result_that_is_farthest_from_it_decides() -> None:
    found = outcome("disk.bandwidth=+20%", 150e6, 110e6, 140e6)
    assert (found.outcome, found.about) == ("missed", "disk 2")


def test_parameters_choose_which_results_count() -> None:
    assert outcome("disk.bandwidth[depth=1]=+20%", 150e6, 110e6).outcome == "reached"


def test_what_cannot_be_compared_leaves_an_aim_unknown() -> None:
    found = outcome("disk.bandwidth=+20%", 150e6, validity=Validity.INVALID)
    assert (found.outcome, found.certain) == ("unknown", False)
    assert found.reason == "the later value is not usable"
    assert outcome("disk.latency_p50=-5%", 1e8).reason == "neither report holds it"


def test_a_value_in_doubt_says_so() -> None:
    found = outcome("disk.bandwidth=+20%", 150e6, validity=Validity.DEGRADED,
                    reasons=(Doubt.CONTENDED,))  # fmt: skip
    assert (found.outcome, found.reason) == ("reached", "the value is in doubt")


def test_a_term_is_that_of_todays_host() -> None:
    same = compare(report(aims=parse_aims(("cost=-20%",))), report()).aims[0]
    assert (same.outcome, same.about) == ("missed", recommendation().workload)


def test_an_aim_may_be_added_when_comparing_and_a_missed_one_is_a_finding() -> None:
    found = compare(report(), report(), Manner(aims=parse_aims(("cost=-20%",))))
    assert found.is_finding
    assert not found.regressions


def test_recommending_keeps_them_unless_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpath_cli.workflows.advise.advise", lambda *_: recommendation())
    before = report(aims=parse_aims(("cost=-20%",)))
    kept = decide.decide(before, ("w",), "default", Demands())
    assert kept.aims == before.aims
    other = decide.decide(before, ("w",), "default", Demands(), ("energy=-10%",))
    assert [each.name for each in other.aims] == ["energy"]
