"""Rates from times: work ÷ median time, with the interval of that median turned over."""

from bitpath_cli.model.reading import Method, Origin, Quantity
from bitpath_cli.model.result import Samples
from bitpath_cli.model.units import Unit
from bitpath_cli.stats import blocked_median_interval


def rate(samples: Samples, work: float, unit: Unit, source: str) -> Quantity:
    """`work` per operation ÷ the median seconds per operation; ValueError without samples."""
    seconds = blocked_median_interval(samples.seconds_by_block)
    origin = Origin(method=Method.MEASURED, source=source)
    if not 0 < seconds.level < 1:
        return Quantity(value=work / seconds.value, unit=unit, origin=origin)
    return Quantity(
        value=work / seconds.value, unit=unit, origin=origin,
        low=work / seconds.high, high=work / seconds.low, level=seconds.level,
    )  # fmt: skip
