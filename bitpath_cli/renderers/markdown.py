"""The report as Markdown tables, for a wiki, a ticket or a pull request."""

from collections.abc import Iterator

from bitpath_cli.model.comparison import Comparison
from bitpath_cli.model.fleet import Fleet
from bitpath_cli.model.history import History
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._decision import (
    assumptions,
    bottleneck,
    columns,
    confidence,
    losers,
    next_bottleneck,
    term_labels,
    weights,
    worth_measuring,
)
from bitpath_cli.renderers._doubts import MEANINGS
from bitpath_cli.renderers._fleet import (
    group_sentence,
    mixtures,
    outlier_heads,
    outlier_sentences,
    refusal,
    term_heads,
    term_rows,
)
from bitpath_cli.renderers._history import event_sentences, host_sentence, trends
from bitpath_cli.renderers._machine import describe
from bitpath_cli.renderers._markdown import bullets, plain, section, table
from bitpath_cli.renderers._markdown_comparison import lines
from bitpath_cli.renderers._measured import Line, doubts, measure_lines
from bitpath_cli.renderers._page import Table
from bitpath_cli.renderers._page_fleet import fleet
from bitpath_cli.renderers._page_machine import machine
from bitpath_cli.renderers._page_trial import Shown, show
from bitpath_cli.renderers._words import LEGEND, share

_MOST = 10
_CELLS = 30


def render(report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    state = "" if report.complete else " The run was **not complete**."
    yield f"# {plain(report.host.name)}"
    yield ""
    yield (
        f"{report.tool.name} {report.tool.version}, {report.created:%Y-%m-%d %H:%M} UTC, "
        f"fingerprint `{plain(report.host.fingerprint)}`.{state}"
    )
    yield ""
    if report.fleet is not None:
        yield from _fleet(report.fleet)
    else:
        yield from table(("", "This machine"), describe(report))
    yield from _hosts(report)
    yield from _measured(report)
    for advice in report.recommendations:
        yield from _decided(advice)
    for number, trial in enumerate(report.trials, 1):
        yield from _tried(show(trial, number))
    yield from _missing(report)
    yield from section("Notes", (f"{each.text} {each.next_step}".rstrip() for each in report.notes))
    yield LEGEND


def _hosts(report: Report) -> Iterator[str]:
    found = fleet(report)
    if found is None:
        return
    yield f"## {found.title}"
    yield ""
    yield from _as_told(found.hosts)


def _missing(report: Report) -> Iterator[str]:
    """What a privilege or a measurement would reveal; what is simply not there is only counted."""
    found = machine(report)
    if not found.missing_count:
        return
    yield "## What is missing"
    yield ""
    if found.missing is not None:
        yield from _as_told(found.missing)
    if found.absent is not None:
        count = len(found.absent.rows) + found.absent.left_out
        yield f"Of {count} more causes the thing is simply not there."
        yield ""


def _tried(shown: Shown) -> Iterator[str]:
    yield f"## Put to the test: {plain(shown.workload)}"
    yield ""
    yield plain(shown.scaling)
    yield ""
    for each in (shown.decisions, shown.figures):
        if each is not None:
            yield from _as_told(each)
    yield from bullets(shown.remarks)


def _as_told(told: Table) -> Iterator[str]:
    rows = ([f"{cell.text} {cell.aside}".strip() for cell in row] for row in told.rows)
    yield from table(told.heads, rows)
    if told.left_out:
        yield f"{told.left_out:,} more are in the report itself."
        yield ""


def _fleet(fleet: Fleet) -> Iterator[str]:
    yield from section("Groups of like hardware", map(group_sentence, fleet.groups))
    yield from section(
        "Mixed within a group", (each for group in fleet.groups for each in mixtures(group))
    )
    for title, found in outlier_heads(fleet):
        yield from section(title, outlier_sentences(found))
    for terms in fleet.terms:
        yield f"## {plain(terms.workload)} on every node, for {terms.unit_of_account}"
        yield ""
        yield from table(term_heads(), term_rows(terms))
    yield from section("Left out", map(refusal, fleet.refused))


def _measured(report: Report) -> Iterator[str]:
    groups = measure_lines(report.results)
    if not groups:
        return
    yield "## How fast it really is"
    yield ""
    rows = [_row(group.benchmark, line) for group in groups for line in group.lines]
    yield from table(("benchmark", "of", "value", "interval", "share", "verdict", "remarks"), rows)
    found = [one for each in report.results for one in each.findings]
    yield from bullets(f"{one.sentence} {one.next_step}".rstrip() for one in found)
    meanings = [MEANINGS[each] for each in doubts(report.results)]
    yield from bullets(f"**{each.words}**: {each.sentence}; {each.next_step}." for each in meanings)


def _row(benchmark: str, line: Line) -> tuple[str, ...]:
    mark = f"{line.mark} " if line.mark else ""
    return (
        benchmark.replace("_", " "), line.name, line.value, line.bounds,
        "" if line.share is None else share(line.share), f"{mark}{line.verdict}".strip(),
        " · ".join(part for part in (line.doubts, line.ceiling, line.aside) if part),
    )  # fmt: skip


def _decided(advice: Recommendation) -> Iterator[str]:
    yield f"## Where to run {plain(advice.workload)}"
    yield ""
    if advice.workload_is_example:
        yield "This workload is an example."
        yield ""
    if sentence := bottleneck(advice):
        yield f"**Bottleneck.** {plain(sentence)}"
        yield ""
    yield f"**{'Advice' if advice.winner else 'No advice'}.** {plain(advice.summary)}"
    yield ""
    yield plain(f"For {advice.unit_of_account}, site {advice.site}, goal {advice.goal}.")
    yield ""
    found = columns(advice)
    yield from table(
        ("", *(f"{'★ ' if each.wins else ''}{each.strategy}" for each in found)),
        [
            ("runs on", *(each.configuration for each in found)),
            *(
                (name, *(f"{each.values[at]} {each.multiples[at]}".rstrip() for each in found))
                for at, name in enumerate(term_labels())
            ),
            ("L", *(each.score for each in found)),
            ("best in", *(each.probability for each in found)),
        ],
    )
    yield from bullets(
        (
            *(f"**{strategy}**: {sentence}" for strategy, sentence in losers(advice)),
            *(f"**Then limits**: {each}" for each in (next_bottleneck(advice),) if each),
            f"**How sure**: {confidence(advice)}",
            *(each.sentence for each in advice.break_even),
            *(
                f"**Moves {each.target}**: {each.sentence}"
                for each in advice.sensitivities
                if each.elasticity
            ),
            *(each.sentence for each in advice.remedies),
            f"**Weights**: {weights(advice)}.",
            f"**× is against**: {advice.references_explained}",
        )
    )
    yield from section("Worth measuring", worth_measuring(advice))
    yield from section("Rests on", assumptions(advice, _MOST))
    yield from bullets(advice.notes)


def render_comparison(found: Comparison) -> str:
    """A comparison, for a pull request."""
    return "\n".join(lines(found)).rstrip() + "\n"


def render_history(found: History) -> str:
    """A history, for a wiki."""
    return "\n".join(_history(found)).rstrip() + "\n"


def _history(found: History) -> Iterator[str]:
    heads = ("", "course", "first", "last", "best", "change", "remarks")
    for host in found.hosts:
        yield f"# {plain(host.host.name)}"
        yield ""
        yield f"{plain(host_sentence(host))}."
        yield ""
        yield from table(
            heads,
            (
                (f"{each.about} {each.name}", each.course, each.first, each.last, each.best,
                 each.change, "; ".join(each.remarks))
                for each in trends(host, _CELLS)
            ),
        )  # fmt: skip
    yield from section("What of the machines changed", event_sentences(found))
    yield from section("Left out", map(refusal, found.refused))


RENDERER = Renderer(summary="tables for a wiki or a ticket", suffix=".md", render=render)
