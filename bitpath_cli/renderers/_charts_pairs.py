"""What every two ranks reach alone, as a heat map in which a slow host is a pale line."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.units import BYTE_PER_SECOND, scale
from bitpath_cli.renderers._charts import INK, MUTED, PAPER, Chart, Numbers, draw_chart, shade
from bitpath_cli.renderers._words import label, reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_RANKS: Final = 48
_MOST_WORDS: Final = 8
_SMALLEST: Final = 230
_LARGEST: Final = 390
_SQUARE: Final = 32


def draw_pairs(key: str, result: BenchmarkResult) -> Chart | None:
    """None where no pair has a bandwidth, or more ranks than squares can be told apart."""
    ranks = sorted({rank for each in result.pairs for rank in (each.rank_a, each.rank_b)})
    speeds = {
        (each.rank_a, each.rank_b): each.bandwidth.value
        for each in result.pairs
        if isinstance(each.bandwidth, Quantity) and each.bandwidth.value > 0
    }
    if not speeds or len(ranks) > _MOST_RANKS:
        return None
    slowest = min(speeds, key=lambda pair: speeds[pair])
    rows = tuple(
        (f"{each.rank_a} and {each.rank_b}", reading(each.bandwidth), reading(each.latency))
        for each in result.pairs
    )
    unit = scale(max(speeds.values()), BYTE_PER_SECOND)
    operation = label(str(result.parameters.get("op", result.benchmark)))
    return draw_chart(
        key, f"Bandwidth between each two ranks, {unit.symbol}",
        f"Measured pair by pair beside {operation}; the darker, the faster. The slowest pair is "
        f"{slowest[0]} and {slowest[1]}.",
        Numbers(("ranks", "bandwidth", "latency"), rows),
        max(_SMALLEST, min(_LARGEST, 110 + _SQUARE * len(ranks))),
        lambda axes: _paint(axes, ranks, speeds),
    )  # fmt: skip


def _paint(axes: "Axes", ranks: list[int], speeds: Mapping[tuple[int, int], float]) -> None:
    from matplotlib.patches import Rectangle

    most, places = max(speeds.values()), {rank: at for at, rank in enumerate(ranks)}
    unit = scale(most, BYTE_PER_SECOND)
    for (a, b), speed in speeds.items():
        for row, column in ((places[a], places[b]), (places[b], places[a])):
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=shade(speed / most),
                          edgecolor=PAPER, linewidth=1)
            )  # fmt: skip
            if len(ranks) <= _MOST_WORDS:
                axes.text(column, row, unit.show(speed), ha="center", va="center_baseline",
                          size=10.5, color=INK)  # fmt: skip
    axes.set(xlim=(-0.5, len(ranks) - 0.5), ylim=(len(ranks) - 0.5, -0.5), aspect="equal")
    stride = max(1, len(ranks) // 12)
    shown = list(range(0, len(ranks), stride))
    axes.set_xticks(shown, [str(ranks[at]) for at in shown])
    axes.set_yticks(shown, [str(ranks[at]) for at in shown])
    axes.grid(visible=False)
    axes.set_xlabel("rank", color=MUTED)
    for spine in axes.spines.values():
        spine.set_visible(False)
