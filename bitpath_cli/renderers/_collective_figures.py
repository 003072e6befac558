"""A collective's sizes, ranks and pairs as rows, columns and shades, before anyone draws them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.result import BenchmarkResult, CollectivePoint, PairLink
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, SECOND, scale
from bitpath_cli.renderers._words import amount, interval, reading, share

INTERVAL: Final = "95 %"
HEADS: Final = ("size", "time", INTERVAL, "p95", "mean", "algbw", "busbw", "of ceiling", "wrong")
SHADES: Final = ((0.8, "░"), (0.6, "▒"), (0.3, "▓"), (0.0, "█"))
"""The share of the median down to which a shade reaches; darker is slower."""

_LEVELS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Cell:
    """A pair's figure in the map's own unit, and the shade of its share of the median."""

    shade: str
    number: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Ranks in order; above the diagonal bandwidths in one unit, below it latencies in another."""

    ranks: tuple[int, ...]
    cells: Mapping[tuple[int, int], Cell]
    rate_unit: str
    time_unit: str


def title(result: BenchmarkResult) -> str:
    """What was measured among whom."""
    told = result.parameters
    nodes = int(told.get("nodes", 1))
    hosts = f" on {nodes} hosts" if nodes > 1 else ""
    where = f" by {told['interface']}" if "interface" in told else ""
    return (
        f"{told.get('op', '')} of {told.get('dtype', '')}, {told.get('backend', '')}, "
        f"{told.get('world_size', '')} ranks{hosts}{where}"
    )


def rows(points: Sequence[CollectivePoint]) -> tuple[tuple[str, ...], ...]:
    """A row for each size, under HEADS."""
    return tuple(
        (
            amount(each.size_bytes, BYTE), reading(each.time), interval(each.time),
            reading(each.time_p95),
            reading(each.mean_time), reading(each.algbw), reading(each.busbw),
            "" if each.ceiling is None or isinstance(each.busbw, Missing)
            else share(each.busbw.value / each.ceiling.value),
            f"{each.wrong:,}",
        )
        for each in points
    )  # fmt: skip


def columns(
    points: Sequence[CollectivePoint], height: int
) -> tuple[tuple[tuple[str, ...], ...], float, int]:
    """Bars of busbw by size, each from the top row down; what a full bar is; the ceiling's row."""
    values = [each.busbw.value if isinstance(each.busbw, Quantity) else 0.0 for each in points]
    ceiling = max((each.ceiling.value for each in points if each.ceiling is not None), default=0.0)
    full = max((*values, ceiling))
    bars = tuple(_bar(value / full if full else 0.0, height) for value in values)
    row = height - max(1, math.ceil(ceiling / full * height)) if full and ceiling else -1
    return bars, full, row


def short_size(size_bytes: int) -> str:
    """A size as an axis has room for it: `64K`."""
    chosen = scale(size_bytes, BYTE)
    count = size_bytes / chosen.factor
    return f"{count:.3g}{chosen.symbol[0]}" if count < 1000 else f"{count:.0f}{chosen.symbol[0]}"


def heat_map(pairs: Sequence[PairLink]) -> HeatMap:
    """Every pair's bandwidth and latency beside the median of all."""
    ranks = tuple(sorted({rank for each in pairs for rank in (each.rank_a, each.rank_b)}))
    rates = _known({(each.rank_a, each.rank_b): each.bandwidth for each in pairs})
    times = _known({(each.rank_b, each.rank_a): each.latency for each in pairs})
    usual_rate, usual_time = _median(rates), _median(times)
    rate_scale, time_scale = scale(usual_rate, BYTE_PER_SECOND), scale(usual_time, SECOND)
    cells = {
        pair: Cell(_shade(value / usual_rate), rate_scale.show(value))
        for pair, value in rates.items()
    } | {
        pair: Cell(_shade(usual_time / value), time_scale.show(value))
        for pair, value in times.items()
    }
    return HeatMap(ranks, cells, rate_scale.symbol, time_scale.symbol)


def _bar(part: float, height: int) -> tuple[str, ...]:
    eighths = round(part * height * 8)
    filled = [min(8, max(0, eighths - 8 * level)) for level in range(height)]
    return tuple(_LEVELS[each] for each in reversed(filled))


def _known(
    readings: Mapping[tuple[int, int], Quantity | Missing],
) -> dict[tuple[int, int], float]:
    return {pair: each.value for pair, each in readings.items() if isinstance(each, Quantity)}


def _median(values: Mapping[tuple[int, int], float]) -> float:
    return median(values.values()) if values else 1.0


def _shade(part: float) -> str:
    return next(shade for least, shade in SHADES if part >= least)
