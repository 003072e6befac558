"""The report as Markdown tables, for a wiki, a ticket or a pull request."""

from collections.abc import Iterable, Iterator, Sequence

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
)
from bitpath_cli.renderers._doubts import MEANINGS
from bitpath_cli.renderers._machine import describe
from bitpath_cli.renderers._measured import Line, doubts, measure_lines
from bitpath_cli.renderers._words import LEGEND, share

_MOST = 10


def render(report: Report) -> str:
    """The whole report."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    state = "" if report.complete else " The run was **not complete**."
    yield f"# {_plain(report.host.name)}"
    yield ""
    yield (
        f"{report.tool.name} {report.tool.version}, {report.created:%Y-%m-%d %H:%M} UTC, "
        f"fingerprint `{report.host.fingerprint}`.{state}"
    )
    yield ""
    yield from _table(("", "This machine"), describe(report))
    yield from _measured(report)
    for advice in report.recommendations:
        yield from _decided(advice)
    yield from _list("Notes", (f"{each.text} {each.next_step}".rstrip() for each in report.notes))
    yield LEGEND


def _measured(report: Report) -> Iterator[str]:
    groups = measure_lines(report.results)
    if not groups:
        return
    yield "## How fast it really is"
    yield ""
    rows = [_row(group.benchmark, line) for group in groups for line in group.lines]
    yield from _table(("benchmark", "of", "value", "interval", "share", "verdict", "remarks"), rows)
    meanings = [MEANINGS[each] for each in doubts(report.results)]
    yield from _bullets(
        f"**{each.words}**: {each.sentence}; {each.next_step}." for each in meanings
    )


def _row(benchmark: str, line: Line) -> tuple[str, ...]:
    mark = f"{line.mark} " if line.mark else ""
    return (
        benchmark.replace("_", " "), line.name, line.value, line.bounds,
        "" if line.share is None else share(line.share), f"{mark}{line.verdict}".strip(),
        " · ".join(part for part in (line.doubts, line.ceiling, line.aside) if part),
    )  # fmt: skip


def _decided(advice: Recommendation) -> Iterator[str]:
    yield f"## Where to run {advice.workload}"
    yield ""
    if advice.workload_is_example:
        yield "This workload is an example."
        yield ""
    if sentence := bottleneck(advice):
        yield f"**Bottleneck.** {_plain(sentence)}"
        yield ""
    yield f"**{'Advice' if advice.winner else 'No advice'}.** {_plain(advice.summary)}"
    yield ""
    yield f"For {advice.unit_of_account}, site {advice.site}, goal {advice.goal}."
    yield ""
    found = columns(advice)
    yield from _table(
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
    yield from _bullets(
        (
            *(f"**{strategy}**: {sentence}" for strategy, sentence in losers(advice)),
            *(f"**Then limits**: {each}" for each in (next_bottleneck(advice),) if each),
            f"**How sure**: {confidence(advice)}",
            *(each.sentence for each in advice.break_even),
            *(each.sentence for each in advice.remedies),
            f"**Weights**: {weights(advice)}.",
            f"**× is against**: {advice.references_explained}",
        )
    )
    yield from _list("Rests on", assumptions(advice, _MOST))
    yield from _bullets(advice.notes)


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    told = tuple(items)
    if told:
        yield f"## {title}"
        yield ""
        yield from _bullets(told)


def _bullets(items: Iterable[str]) -> Iterator[str]:
    told = [f"- {_plain(each)}" for each in items]
    if told:
        yield from told
        yield ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(_plain(cell) for cell in row)} |"
    yield ""


def _plain(text: str) -> str:
    """What a machine or a profile says must not become markup: `|` ends a cell, `<` opens HTML."""
    flat = " ".join(text.split())
    return flat.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


RENDERER = Renderer(summary="tables for a wiki or a ticket", suffix=".md", render=render)
