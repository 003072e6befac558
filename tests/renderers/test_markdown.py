"""Markdown of what is unusual: hostile names, several hosts, findings, and nothing missing."""

import pytest

from bitpath_cli.model.report import HostIdentity, Note, Report
from bitpath_cli.renderers.markdown import RENDERER
from tests.renderers.rich_report import rich_report
from tests.sample_report import recommendation, report


def page(told: Report) -> str:
    return RENDERER.render(told)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y>"),
        ("![](http://beacon/x.png)", "![]\\(http://beacon/x.png)"),
        ("[click][1]", "[click]\\[1]"),
        ("[1]: javascript:x", "[1]\\: javascript:x"),
        ("a | b\n# c", "a \\| b # c"),
        ("`rm`", "'rm'"),
    ],
)
def test_no_name_becomes_markup(name: str, shown: str) -> None:
    strange = report(
        host=HostIdentity(name=name, fingerprint=name),
        recommendations=(recommendation(workload=name, site=name, summary=name),),
        notes=(Note(level="info", text=name),),
    )
    text = page(strange)
    assert text.startswith(f"# {shown}\n")
    assert f"## Where to run {shown}\n" in text
    assert f"site {shown}, goal" in text
    assert f"- {shown}\n" in text
    assert f"fingerprint `{shown}`" in text


def test_what_a_privilege_would_reveal_is_told_and_what_is_not_there_is_counted() -> None:
    text = page(report())
    assert "| what | state | why | what would help |" in text
    assert "may not be read | /sys/firmware/dmi/tables/DMI: Permission denied" in text
    assert "the thing is simply not there" in text
    assert "not recorded in this example" not in text


def test_where_nothing_is_missing_nothing_is_said_of_it() -> None:
    assert "What is missing" not in page(report(components=()))


def test_findings_stand_below_what_was_measured() -> None:
    assert "- Ranks 1 and 2 are slow.\n" in page(rich_report())


def test_hosts_of_a_fleet_are_a_table() -> None:
    hosts = tuple(
        report(host=HostIdentity(name=f"node-{number}", fingerprint="ff")) for number in range(2)
    )
    text = page(report(members=hosts))
    assert "## 2 hosts\n" in text
    assert "| node-1 fingerprint ff |" in text


def test_what_moves_the_answer_is_told_and_what_does_not_is_left_out() -> None:
    text = page(rich_report())
    assert "**Moves time**: +10 % network_bandwidth gives -6.1 % time" in text
    assert "**Moves time**: +10 % rent" not in text
