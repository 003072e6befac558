"""The page as text: it stays the same, holds its parts, stays small, and takes any report."""

import re
from datetime import timedelta
from functools import cache

import pytest

from bitpath_cli.commands import _output
from bitpath_cli.errors import MissingLibrary
from bitpath_cli.model.fleet import (
    Fleet,
    FleetNode,
    FleetTerms,
    HomogeneousGroup,
    NodeTerms,
    Outlier,
    Refused,
)
from bitpath_cli.model.reading import Reading
from bitpath_cli.model.recommendation import AssumedInput, TermName
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.result import Direction
from bitpath_cli.model.units import FLOP_PER_SECOND, SECOND
from bitpath_cli.renderers.html import RENDERER
from tests.renderers.rich_report import advised, rich_report
from tests.sample_report import around, recommendation, report, result


@cache
def rich_page() -> str:
    return RENDERER.render(rich_report())


def test_the_same_report_gives_the_same_page_to_the_letter() -> None:
    assert RENDERER.render(rich_report()) == rich_page()


def test_nothing_in_it_can_be_fetched_or_run() -> None:
    page = rich_page()
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"<(script|link|img|iframe|object|embed|form|base)\b", page)
    assert not re.search(r"\b(src|style|on[a-z]+)=", page)
    assert not re.search(r"https?://|url\((?!#)|@import|@font-face", page)


@pytest.mark.parametrize(
    "words",
    [
        "Clear choice", "Hybrid: 2 × today + 1 × a10g",
        "next: cloud-native 0.7", "The hybrid wins until an A10G costs more than 2.10 EUR an hour.",
        "The job would take 26 h, and the deadline is 24 h.",
        "network bandwidth: +10 % gives -5.6 % time", "Average the models every 8 steps",
        "Nothing is feasible", "Allow 400 ms instead of 80 ms.", "Ranks 1 and 2 are slow.",
        "read access to /sys/firmware/dmi/tables/DMI", "it did not end within 20 s",
        "nothing left this machine, so it says nothing of a network",
        "1: resnet50-training in float32", "The slowest pair is 1 and 2.",
        "α = 61 µs, β = 530 ps/B", "the ceiling is", "assumed: a datasheet",
    ],
)  # fmt: skip
def test_it_says(words: str) -> None:
    assert words in rich_page().replace("&#39;", "'")


def test_where_nothing_flips_the_winner_it_says_so() -> None:
    page = RENDERER.render(report(recommendations=(recommendation(break_even=()),)))
    assert "No single resource, price or demand that was varied" in page


def test_what_the_headline_said_is_not_said_again() -> None:
    told = recommendation(summary="Hybrid: 2 × today + 1 × a10g; 10.7 h for 189 EUR.")
    page = RENDERER.render(report(recommendations=(told,)))
    assert '<p class="lead">10.7 h for 189 EUR.</p>' in page


@pytest.mark.parametrize(
    "bare",
    [
        report(components=(), results=(), probes=(), recommendation=None, recommendations=(),
               notes=()),
        report(complete=False, recommendations=(recommendation(candidates=()),)),
    ],
)  # fmt: skip
def test_a_report_that_holds_little_is_a_page_too(bare: Report) -> None:
    page = RENDERER.render(bare)
    assert page.startswith("<!doctype html>")
    assert ("No recommendation in this report" in page) == (not bare.recommendations)
    assert ("the run was not complete" in page) == (not bare.complete)


def test_a_fleet_is_a_table_of_its_hosts() -> None:
    hosts = tuple(
        report(host=report().host.model_copy(update={"name": f"node-{number}"}))
        for number in range(3)
    )
    page = RENDERER.render(report(members=hosts, recommendations=()))
    assert "3 hosts" in page
    assert page.count(">node-") == 3
    assert "480 GFLOP/s" in page


def test_what_collect_found_out_stands_below_the_hosts() -> None:
    outlier = Outlier(
        node="node-2", group=1, benchmark="gemm", parameters={"dtype": "float32"},
        metric="throughput", direction=Direction.HIGHER, value=around(2.4e11, FLOP_PER_SECOND),
        median=4.8e11, unit=FLOP_PER_SECOND, nodes=8, deviation=-0.5, distance=11.2, worse=True,
    )  # fmt: skip
    terms: dict[TermName, Reading] = {"compute": around(7200.0, SECOND)}
    found = Fleet(
        nodes=(),
        groups=(HomogeneousGroup(number=1, hardware="Xeon", nodes=("node-1", "node-2")),),
        outliers=(outlier,),
        terms=(
            FleetTerms(workload="w", site="s", unit_of_account="one job", sums=terms,
                       nodes=(NodeTerms(node="node-1", terms=terms),)),
        ),
        refused=(Refused(source="cut.json", why="unreadable", detail="it ends in the middle"),),
    )  # fmt: skip
    page = RENDERER.render(report(members=(report(),), fleet=found, recommendations=()))
    for words in (
        "Hosts that stand out", "−50 %", "11.2 σ among 8", "Five terms of w, for one job",
        "all together", "2: node-1, node-2", "cut.json", "it ends in the middle",
    ):  # fmt: skip
        assert words in page
    row = page[page.index("all together") :].partition("</tr>")[0]
    assert re.sub(r"<[^>]+>", " ", row).split() == ["all", "together", "2", "h", *"????"]


def test_a_fleet_without_its_members_reports_still_names_its_hosts() -> None:
    node = FleetNode(name="node-7", fingerprint="abcdef0123", created=report().created,
                     complete=True, group=1, results=20)  # fmt: skip
    page = RENDERER.render(report(fleet=Fleet(nodes=(node,)), recommendations=()))
    assert "1 hosts" not in page
    assert "node-7" in page


def test_a_huge_report_gives_a_page_of_at_most_5_mb_and_says_what_it_leaves_out() -> None:
    advice = advised().model_copy(
        update={
            "assumptions": tuple(
                AssumedInput(name=f"{'x' * 2000} {number}", next_step="y" * 2000,
                             reading=advised().inputs[0].reading)
                for number in range(2000)
            )
        }
    )  # fmt: skip
    many = tuple(
        result("gemm", {"dtype": "float32", "m": edge, "n": edge, "k": edge}, *one.metrics)
        for edge in range(1, 700)
        for one in report().results[:1]
    )
    huge = report(
        recommendations=(advice,) * 30, results=many,
        notes=(Note(level="info", text="z" * 1_000_000),),
    )  # fmt: skip
    page = RENDERER.render(huge)
    assert len(page.encode()) <= 5_000_000
    assert "more recommendations are in the report itself" in page
    assert "299 more results are in the report itself" in page
    assert "1,750 more rows are in the report itself" in page


def test_a_library_that_is_not_there_is_named_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def find(name: str) -> None:
        assert name == "jinja2"

    monkeypatch.setattr(_output, "find_spec", find)
    with pytest.raises(MissingLibrary, match=r"pip install jinja2"):
        _output.check([tmp_path_factory.mktemp("out") / "r.html"])


def test_time_is_shown_as_it_was_recorded() -> None:
    later = report(created=report().created + timedelta(days=1))
    assert "25 November 2026, 20:17 UTC" in RENDERER.render(later)
