"""What each strategy costs: L as a sum of its terms, and every term as a multiple of today's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bitpath_cli.model.recommendation import TERM_NAMES, Candidate, Recommendation, Term
from bitpath_cli.model.units import significant
from bitpath_cli.renderers._charts import (
    INK,
    MUTED,
    PAPER,
    SERIES,
    Chart,
    Numbers,
    draw_chart,
)
from bitpath_cli.renderers._charts_axes import ratio_ticks
from bitpath_cli.renderers._decision import Column, firsts, term_labels
from bitpath_cli.renderers._words import strategy, term, term_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW: Final = 26
_BAR_ROW: Final = 15
# One hopeless strategy must not flatten all the others.
_LONGEST_TO_SHORTEST: Final = 4
_LEAST_RATIO: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Bar:
    """A term of one strategy as a multiple of today's, with its interval."""

    strategy: str
    wins: bool
    ratio: float | None
    low: float
    high: float


def draw_scores(key: str, found: Sequence[Column]) -> Chart | None:
    """L as stacked bars; None where nothing has an L."""
    scored = [each for each in found if each.total is not None]
    if not scored or not any(sum(each.parts) > 0 for each in scored):
        return None
    labels = term_labels()
    rows = tuple(
        (each.strategy, each.score, *(significant(part) for part in each.parts)) for each in scored
    )
    told = ", ".join(f"{each.strategy} {each.score}" for each in scored)
    return draw_chart(
        f"{key}-scores", "What each strategy pays for",
        f"L, the weighted sum of the five terms over today's; shorter is better: {told}.",
        Numbers(("strategy", "L", *labels), rows), 66 + _ROW * len(scored),
        lambda axes: _paint_scores(axes, scored, labels),
    )  # fmt: skip


def draw_terms(key: str, advice: Recommendation) -> Chart | None:
    """Five groups of bars on one logarithmic axis; None where no term has a ratio."""
    candidates = firsts(advice)
    groups = [
        (term_name(name), [_bar(each, each.terms.by_name(name), advice) for each in candidates])
        for name in TERM_NAMES
    ]
    if not any(bar.ratio for _, bars in groups for bar in bars):
        return None
    rows = tuple(
        (strategy(each.strategy), *(_told(each.terms.by_name(name)) for name in TERM_NAMES))
        for each in candidates
    )
    height = 44 + sum(_BAR_ROW * (len(bars) + 1.5) for _, bars in groups)
    return draw_chart(
        f"{key}-terms", "Each term against today's host",
        "A bar to the left takes less than today's host doing the same work, one to the right "
        "takes more; the whisker is the 80 % interval.",
        Numbers(("strategy", *(name for name, _ in groups)), rows), height,
        lambda axes: _paint_terms(axes, groups),
    )  # fmt: skip


def _bar(candidate: Candidate, value: Term, advice: Recommendation) -> Bar:
    wins = advice.winner is not None and candidate.configuration == advice.winner
    ratio, low, high = value.ratio, 1.0, 1.0
    if value.value and value.low is not None and value.high is not None:
        low, high = value.low / value.value, value.high / value.value
    scale = ratio or 0.0
    return Bar(strategy(candidate.strategy), wins, ratio, scale * low, scale * high)


def _told(value: Term) -> str:
    return term(value) + ("" if value.ratio is None else f" (×{significant(value.ratio, 2)})")


def _paint_scores(axes: "Axes", scored: Sequence[Column], labels: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    totals = [each.total or 0.0 for each in scored]
    smallest = min(total for total in totals if total > 0) if any(totals) else 1.0
    full = min(max(totals), _LONGEST_TO_SHORTEST * smallest) or 1.0
    for row, each in enumerate(scored):
        edge = 0.0
        for part, colour in zip(each.parts, SERIES, strict=True):
            shown = min(part, max(full - edge, 0.0))
            if shown > 0:
                axes.barh(row, shown, left=edge, height=0.62, color=colour, edgecolor=PAPER,
                          linewidth=1)  # fmt: skip
            edge += part
        over = sum(each.parts) > full * 1.001
        axes.annotate(
            f"{'→ ' if over else ''}{each.score}", (min(sum(each.parts), full), row), (6, 0),
            textcoords="offset points", va="center_baseline", size=10.5,
            weight="bold" if each.wins else "normal", annotation_clip=False,
        )  # fmt: skip
    axes.set(xlim=(0, full * 1.18), ylim=(len(scored) - 0.4, -0.6))
    axes.set_yticks(range(len(scored)), [each.strategy for each in scored])
    _mark_winner(axes, [each.wins for each in scored])
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    handles = [Patch(color=colour, label=name) for name, colour in zip(labels, SERIES, strict=True)]
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, -0.02), ncols=len(labels),
        handlelength=0.9, handleheight=0.9, columnspacing=1.1, handletextpad=0.4,
    )  # fmt: skip


def _paint_terms(axes: "Axes", groups: Sequence[tuple[str, Sequence[Bar]]]) -> None:
    ratios = [
        bound for _, bars in groups for bar in bars if bar.ratio
        for bound in (bar.low, bar.high, 1.0) if bound > 0
    ]  # fmt: skip
    left, right = max(min(ratios), _LEAST_RATIO) / 2.5, max(ratios) * 2.5
    row, ticks = 0.0, []
    for name, bars in groups:
        axes.text(0, row, name, transform=axes.get_yaxis_transform(), size=11, weight="bold",
                  va="center_baseline", ha="right", clip_on=False)  # fmt: skip
        for bar in bars:
            row += 1
            ticks.append((row, bar))
            _paint_bar(axes, row, bar, left)
        row += 1.5
    axes.set(xscale="log", xlim=(left, right), ylim=(row - 0.8, -0.8))
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_yticks([at for at, _ in ticks], [bar.strategy for _, bar in ticks])
    _mark_winner(axes, [bar.wins for _, bar in ticks])
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    ratio_ticks(axes.xaxis, left, right)


def _paint_bar(axes: "Axes", row: float, bar: Bar, left: float) -> None:
    if bar.ratio is None or bar.ratio <= left:
        told, at = ("not known", 1.0) if bar.ratio is None else (_small(bar.ratio), left)
        axes.annotate(told, (at, row), (5, 0), textcoords="offset points", size=9.5, color=MUTED,
                      va="center_baseline")  # fmt: skip
        return
    axes.barh(row, bar.ratio - 1, left=1, height=0.66, alpha=0.6,
              color=SERIES[0] if bar.wins else SERIES[4])  # fmt: skip
    axes.plot([max(bar.low, left), bar.high], [row, row], color=INK, linewidth=1.2)
    axes.plot([bar.ratio], [row], color=INK, marker="|", markersize=8, markeredgewidth=1.6)


def _small(ratio: float) -> str:
    return "0" if ratio == 0 else f"×{significant(ratio, 2)}"


def _mark_winner(axes: "Axes", wins: Sequence[bool]) -> None:
    for label, won in zip(axes.get_yticklabels(), wins, strict=True):
        label.set(color=INK if won else MUTED, fontweight="bold" if won else "normal")
