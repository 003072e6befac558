"""The roofline of this host, after Williams et al. (CACM 2009), with the workloads on it.

Ceilings are what `gemm` and `memory_bandwidth` measured. A workload stands at its profile's FLOP
per byte, as the recommendation's inputs hold them, and as high as the cost model predicts it on
today's host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final

from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Validity
from bitpath_cli.model.units import FLOP_PER_BYTE, FLOP_PER_SECOND, ONE
from bitpath_cli.renderers._charts import (
    DASHES,
    INK,
    MUTED,
    PAPER,
    SERIES,
    Chart,
    Numbers,
    draw_chart,
    short,
)
from bitpath_cli.renderers._charts_axes import log_ticks, spread_out
from bitpath_cli.renderers._words import amount, reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Bytes of a tensor over those in float32, for which a profile states its traffic.
_NARROWED: Final = {"float64": 2.0, "bfloat16": 0.5, "float16": 0.5, "int8": 0.25}
_BACKWARD_AND_FORWARD: Final = 3.0
_KERNELS: Final = ("triad", "add", "scale", "copy")
_HEIGHT: Final = 310
# How far the axis goes on, so that the ceilings' names stand clear of the workloads.
_ROOM: Final = 1.75


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A measured rate of matrix products, by its precision."""

    dtype: str
    rate: Quantity


@dataclass(frozen=True, slots=True)
class Spot:
    """A workload: FLOP per byte, and what today's host is predicted to reach of it."""

    workload: str
    precision: str
    intensity: float
    attained: float | None


def draw_roofline(report: Report) -> Chart | None:
    """None where compute or memory was not measured."""
    device = _device(report)
    ceilings, memory = _ceilings(report, device), _memory(report, device)
    if not ceilings or memory is None:
        return None
    kernel, bandwidth = memory
    spots = [spot for each in report.recommendations if (spot := find_spot(each)) is not None]
    top = max(each.rate.value for each in ceilings)
    described = (
        f"Memory moves {reading(bandwidth)} ({kernel}); matrix products reach "
        + ", ".join(f"{reading(each.rate)} in {each.dtype}" for each in ceilings)
        + f". A workload needs {amount(top / bandwidth.value, FLOP_PER_BYTE)} to reach the highest."
        + "".join(f" {_numbered(at, spot)}." for at, spot in enumerate(spots, 1))
    )
    rows = (
        *((f"{each.dtype} ceiling", "", reading(each.rate)) for each in ceilings),
        (f"memory, {kernel}", "", reading(bandwidth)),
        *((_numbered(at, spot), amount(spot.intensity, FLOP_PER_BYTE),
           "not predicted" if spot.attained is None else amount(spot.attained, FLOP_PER_SECOND))
          for at, spot in enumerate(spots, 1)),
    )  # fmt: skip
    return draw_chart(
        "roofline", f"Roofline of {'this host' if device == 'cpu' else device}", described,
        Numbers(("line or workload", "FLOP per byte", "rate"), rows), _HEIGHT,
        lambda axes: _paint(axes, ceilings, bandwidth, spots),
    )  # fmt: skip


def find_spot(advice: Recommendation) -> Spot | None:
    """Where a workload stands; None where its inputs do not say what it computes and moves."""
    inputs = {each.name: each.reading.value for each in advice.inputs}
    forward, traffic = inputs.get("work.forward", 0.0), inputs.get("work.traffic", 0.0)
    today = next((each for each in advice.candidates if each.strategy == "today"), None)
    if forward <= 0 or traffic <= 0 or today is None:
        return None
    precision = today.configuration.precision
    return Spot(
        advice.workload, precision, forward / traffic / _NARROWED.get(precision, 1.0),
        _attained(forward, today.predicted),
    )  # fmt: skip


def _attained(forward: float, predicted: Mapping[str, Reading]) -> float | None:
    """A request's FLOP over its service time, or a step's samples times three forward passes."""
    service, samples = predicted.get("service_time"), predicted.get("samples_per_second")
    if isinstance(service, Quantity) and service.value > 0:
        return forward / service.value
    if isinstance(samples, Quantity) and samples.value > 0:
        return _BACKWARD_AND_FORWARD * forward * samples.value
    return None


def _device(report: Report) -> str:
    """A measured accelerator rather than the CPU, as the cost model takes it."""
    names = {str(each.parameters.get("device", "cpu")) for each in _usable(report, "gemm")}
    return next((name for name in sorted(names) if name != "cpu"), "cpu")


def _usable(report: Report, benchmark: str) -> list[BenchmarkResult]:
    return [
        each for each in report.results
        if each.benchmark == benchmark and each.validity is not Validity.INVALID
    ]  # fmt: skip


def _ceilings(report: Report, device: str) -> tuple[Ceiling, ...]:
    """The best square product of each precision, the highest first; integers are no FLOP."""
    best: dict[str, Quantity] = {}
    for each in _usable(report, "gemm"):
        dtype, found = str(each.parameters.get("dtype", "")), each.figure("throughput")
        same = str(each.parameters.get("device", "cpu")) == device and _is_square(each)
        if not same or found is None or found.unit != FLOP_PER_SECOND or dtype == "int8":
            continue
        if dtype not in best or found.value > best[dtype].value:
            best[dtype] = found
    ordered = sorted(best.items(), key=lambda each: -each[1].value)
    return tuple(Ceiling(*each) for each in ordered[: len(SERIES)])


def _is_square(result: BenchmarkResult) -> bool:
    """As the cost model takes them: a linear layer's few rows and batches name their shape."""
    return "shape" not in result.parameters


def _memory(report: Report, device: str) -> tuple[str, Quantity] | None:
    """The best triad, which the cost model uses, or another kernel where there is none."""
    for kernel in _KERNELS:
        found = [
            value for each in _usable(report, "memory_bandwidth")
            if str(each.parameters.get("device", "cpu")) == device
            and (value := each.figure(kernel)) is not None
        ]  # fmt: skip
        if found:
            return kernel, max(found, key=lambda each: each.value)
    return None


def _paint(
    axes: "Axes", ceilings: Sequence[Ceiling], bandwidth: Quantity, spots: Sequence[Spot]
) -> None:
    ridges = [each.rate.value / bandwidth.value for each in ceilings]
    places = [*ridges, *(spot.intensity for spot in spots)]
    left = min(places) / 12
    right = left * (max(places) / left) ** _ROOM
    heights = [*(each.rate.value for each in ceilings),
               *(spot.attained for spot in spots if spot.attained)]  # fmt: skip
    bottom, top = min(*heights, left * bandwidth.value) / 2, max(heights) * 2.2
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(bottom, top))
    highest = ceilings[0].rate.value
    axes.plot([left, highest / bandwidth.value], [left * bandwidth.value, highest], color=INK)
    axes.annotate(
        f"memory {reading(bandwidth)}", (left, left * bandwidth.value), (10, -3),
        textcoords="offset points", color=MUTED, va="top", size=10.5,
    )  # fmt: skip
    for each, ridge, dash, colour in zip(ceilings, ridges, DASHES, SERIES, strict=False):
        axes.plot([ridge, right], [each.rate.value] * 2, color=colour, linestyle=dash)
    for each, place in zip(ceilings, _label_heights(ceilings, bottom, top), strict=True):
        axes.text(
            0.995, place, f"{short(each.dtype, 16)} {reading(each.rate)}", transform=axes.transAxes,
            ha="right", va="bottom", color=INK, size=10.5,
        )  # fmt: skip
    for at, spot in enumerate(spots, 1):
        rates = {each.dtype: each.rate.value for each in ceilings}
        flat = rates.get(spot.precision, highest)
        _paint_spot(axes, at, spot, min(flat, spot.intensity * bandwidth.value))
    log_ticks(axes.xaxis, left, right, ONE)
    log_ticks(axes.yaxis, bottom, top, FLOP_PER_SECOND)
    axes.set_xlabel("arithmetic intensity, FLOP per byte")


def _label_heights(ceilings: Sequence[Ceiling], bottom: float, top: float) -> list[float]:
    span = log(top / bottom)
    wanted = [log(each.rate.value / bottom) / span + 0.008 for each in ceilings]
    return spread_out(wanted, 0.062)


def _paint_spot(axes: "Axes", at: int, spot: Spot, roof: float) -> None:
    """A number in a circle, with a thread up to the roof above it."""
    height = spot.attained if spot.attained is not None else roof
    axes.plot([spot.intensity] * 2, [min(height, roof), roof], color=INK, linewidth=1,
              linestyle=DASHES[2])  # fmt: skip
    axes.plot([spot.intensity], [height], marker="o", markersize=15, color=PAPER,
              markeredgecolor=INK, markeredgewidth=1.5)  # fmt: skip
    axes.text(spot.intensity, height, str(at), ha="center", va="center_baseline", size=10)


def _numbered(at: int, spot: Spot) -> str:
    return f"{at}: {spot.workload} in {spot.precision}"
