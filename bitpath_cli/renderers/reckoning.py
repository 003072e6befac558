"""How a recommendation was reckoned: formulas, then every input with its spread and its origin."""

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bitpath_cli.model.recommendation import (
    TERM_NAMES,
    Formula,
    Input,
    NextMoney,
    Recommendation,
    Tier,
)
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import significant
from bitpath_cli.renderers import Renderer
from bitpath_cli.renderers._drawing import draw, heading, labelled
from bitpath_cli.renderers._words import interval, label, reading

_FILE_WIDTH: Final = 100
_LABEL: Final = 30
_LONGEST_LABEL: Final = 38
_TIERS: Final[dict[Tier, str]] = {
    "measured": "measured",
    "extrapolated": "extrapolated from what was measured",
    "datasheet": "from a datasheet",
    "guess": "guessed",
}
_RULES: Final = {"sgd": "θ ← θ − η∇L − ηλθ", "adam": "Adam with λθ inside its gradient"}


def render_reckoning(report: Report, width: int, colour: bool) -> str:
    """One section a recommendation, for who wants to redo it by hand."""
    return draw(_parts(report), width, colour)


def _parts(report: Report) -> Iterator[RenderableType]:
    if not report.recommendations:
        yield Text("The report holds no recommendation.")
    for advice in report.recommendations:
        yield from _section(advice)


def _section(advice: Recommendation) -> Iterator[RenderableType]:
    about = "no configuration is feasible; these are today's host's"
    if advice.winner is not None:
        about = advice.winner.label
    yield heading(f"How {advice.workload} was reckoned", about)
    weighed = _weighed(advice)
    rows = [(label(each.name), Text(_worked(each))) for each in advice.formulas]
    rows += [(label(name), Text(words)) for name, words in weighed]
    yield Padding(labelled(rows, _LABEL), (0, 0, 0, 2))
    if advice.evidence is not None:
        yield heading("What its time rests on", f"at the weakest: {_TIERS[advice.evidence.tier]}")
        rows = [
            (label(each.resource), Text(f"{_TIERS[each.tier]}: {each.sentence}"))
            for each in advice.evidence.supports
        ]
        yield Padding(labelled(rows, _LABEL), (0, 0, 0, 2))
    if advice.next_money is not None:
        yield from _spending(advice.next_money)
    yield heading("From these inputs", "with one sigma or the interval that each carries")
    given = [(each.name, Text(_given(each))) for each in advice.inputs]
    longest = max((len(each.name) for each in advice.inputs), default=0)
    yield Padding(labelled(given, min(max(_LABEL, longest), _LONGEST_LABEL)), (0, 0, 0, 2))


def _weighed(advice: Recommendation) -> Iterator[tuple[str, str]]:
    """From the winner's terms to its L: each over its reference, weighted, over all weights."""
    chosen = next((each for each in advice.candidates if each.configuration == advice.winner), None)
    if chosen is None or chosen.score is None:
        return
    parts, weights = [], []
    for name in TERM_NAMES:
        ratio, weight = chosen.terms.by_name(name).ratio, getattr(advice.lambdas, name)
        if ratio is None:
            continue
        reference = getattr(advice.references, name)
        over = "its links' time" if name == "bandwidth" else reading(reference)
        yield f"{name} ratio", f"{significant(ratio)} = {name}/{over}, today's host's for the same"
        parts.append(f"{significant(weight)}·{significant(ratio)}")
        weights.append(weight)
    yield "L", f"{significant(chosen.score)} = ({' + '.join(parts)})/{significant(sum(weights))}"


def _spending(found: NextMoney) -> Iterator[RenderableType]:
    """Every resource with what more of it brings, and the optimiser's mix with its assumption."""
    yield heading("Where the next unit of money should go", "what brings most for its price first")
    rows = [(label(each.resource), Text(each.sentence)) for each in found.resources]
    best = f"{found.mix}: L {significant(found.score_now)} → {significant(found.score)}"
    rows.append(("the best mix", Text(best)))
    rows.append(
        (
            "found by",
            Text(
                f"{_RULES[found.rule]} on L/L(now) + {significant(found.decay)}/2·|θ|², "
                f"θ = log(x/x now); the other rule ended {found.disagreement:.1%} above it"
            ),
        )
    )
    rows.append(("assumed", Text(found.assumption)))
    yield Padding(labelled(rows, _LABEL), (0, 0, 0, 2))


def _worked(each: Formula) -> str:
    return f"{reading(each.value)} = {each.formula}"


def _given(each: Input) -> str:
    found = each.reading
    return f"{reading(found)} {interval(found)} {found.origin.method}: {found.origin.source}"


def _render(report: Report) -> str:
    return render_reckoning(report, _FILE_WIDTH, colour=False)


RENDERER = Renderer(summary="every number of a recommendation", suffix="", render=_render)
