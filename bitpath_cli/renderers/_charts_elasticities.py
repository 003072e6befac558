"""How much each resource moves the answer: elasticities as bars."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bitpath_cli.model.recommendation import Recommendation, Sensitivity
from bitpath_cli.model.units import significant
from bitpath_cli.renderers._charts import INK, SERIES, Chart, Numbers, draw_chart, short
from bitpath_cli.renderers._words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW: Final = 25
_LEAST: Final = 1e-3
_MOST: Final = 12


def draw_elasticities(key: str, advice: Recommendation) -> Chart | None:
    """What +1 % of a resource does, in per cent; None where nothing does anything."""
    found = [each for each in advice.sensitivities if abs(each.elasticity) >= _LEAST][:_MOST]
    if not found:
        return None
    target = found[0].target
    rows = tuple((label(each.resource), f"{significant(each.elasticity)}", each.sentence)
                 for each in advice.sensitivities[:_MOST])  # fmt: skip
    return draw_chart(
        f"{key}-elasticities", f"What one per cent more would change in {target}",
        f"Of {target} with what is advised: " + "; ".join(each.sentence for each in found) + ".",
        Numbers(("resource", "elasticity", "in words"), rows), 34 + _ROW * len(found),
        lambda axes: _paint(axes, found),
    )  # fmt: skip


def _paint(axes: "Axes", found: Sequence[Sensitivity]) -> None:
    values = [each.elasticity for each in found]
    deciding = min(values)
    for row, each in enumerate(found):
        colour = SERIES[0] if each.elasticity == deciding else SERIES[4]
        axes.barh(row, each.elasticity, height=0.6, color=colour)
        left = each.elasticity < 0
        axes.annotate(
            f"{each.elasticity:+.2f} %".replace("-", "−"), (each.elasticity, row),
            (-6 if left else 6, 0), textcoords="offset points", ha="right" if left else "left",
            va="center_baseline", size=10.5, color=INK,
        )  # fmt: skip
    span = max(max(values), 0.0) - min(min(values), 0.0)
    axes.set(
        xlim=(min(min(values) - 0.28 * span, 0), max(max(values) + 0.28 * span, 0)),
        ylim=(len(found) - 0.4, -0.6),
    )
    axes.set_yticks(range(len(found)), [short(label(each.resource), 24) for each in found])
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_xticks([])
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
