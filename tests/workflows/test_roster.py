"""The names that --only and --skip take, with what each needs, takes and writes."""

import pytest

from bitpath_cli import benchmarks, discover, probes
from bitpath_cli.workflows.measure import BUDGETS
from bitpath_cli.workflows.roster import Entry, roster


def test_it_names_every_benchmark_and_every_probe_with_a_sentence() -> None:
    found = roster()
    assert tuple(each.name for each in found) == (
        *discover.names(benchmarks), *discover.names(probes),
    )  # fmt: skip
    assert all(each.sentence for each in found)


def test_a_benchmark_says_what_it_needs_and_writes() -> None:
    told = {each.name: each.sentence for each in roster()}
    assert "needs torch" in told["gemm"]
    assert "needs nothing" in told["tcp"]
    assert "writes at most" in told["disk"]
    assert "writes nothing" in told["gemm"]


def test_the_times_of_all_are_the_budget() -> None:
    measuring = [each for each in roster() if each.kind == "benchmark"]
    for name, budget in BUDGETS.items():
        assert sum(each.seconds[name] for each in measuring) == pytest.approx(budget.seconds)


def test_the_times_are_told_as_people_tell_them() -> None:
    entry = Entry(
        "benchmark", "x", "A thing", ("torch",), 0, {"quick": 3.14, "standard": 14.2, "long": 126.0}
    )
    assert entry.sentence == (
        "A thing; needs torch; takes quick 3.1 s, standard 14 s, long 2.1 min; writes nothing"
    )
