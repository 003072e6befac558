"""Nodes that stand out among those of the same hardware, by median and median absolute deviation.

The rule is the modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993)
with a floor: a node drifts by about 3 % from run to run, so less spread than that is luck.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bitpath_cli.model.fleet import Outlier
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import Direction, Parameters, Validity
from bitpath_cli.workflows._pairing import figures

_FAR: Final = 3.5
_TO_SIGMA: Final = 1.4826
_DRIFT: Final = 0.03
FEWEST_NODES: Final = 3
# What names the other end differs from node to node and is no other way of measuring.
_OTHER_ENDS: Final = frozenset({"peer", "interface", "host", "address"})


@dataclass(frozen=True, slots=True)
class Figures:
    """The usable figures of one node: what was measured how, and its value."""

    values: tuple[tuple["Key", Quantity], ...]


@dataclass(frozen=True, slots=True)
class Key:
    """What a figure may be compared by; `parameters` are JSON, so that keys are small and equal."""

    benchmark: str
    revision: int
    parameters: str
    metric: str
    size_bytes: int
    unit: str
    method: str
    direction: Direction


def usable_figures(report: Report) -> Figures:
    """Every value of a report that is valid or degraded."""
    found: list[tuple[Key, Quantity]] = []
    for result in report.results:
        same = {name: value for name, value in result.parameters.items()
                if name not in _OTHER_ENDS}  # fmt: skip
        parameters = json.dumps(same, sort_keys=True)
        for (metric, size_bytes), each in figures(result).items():
            value = each.reading
            if isinstance(value, Quantity) and each.validity is not Validity.INVALID:
                key = Key(
                    result.benchmark, result.revision, parameters, metric, size_bytes,
                    str(value.unit), value.origin.method.value, each.direction,
                )  # fmt: skip
                found.append((key, value))
    return Figures(tuple(found))


def find_outliers(
    nodes: Sequence[tuple[str, int, Figures]],
) -> tuple[Outlier, ...]:
    """Per node (name, group, figures) what its group does not explain, the farthest first."""
    table: dict[tuple[int, Key], dict[str, Quantity]] = {}
    for name, group, told in nodes:
        for key, value in told.values:
            table.setdefault((group, key), {}).setdefault(name, value)
    found = [
        outlier
        for (group, key), values in table.items()
        if len(values) >= FEWEST_NODES
        for outlier in _judge(group, key, values)
    ]
    return tuple(sorted(found, key=lambda each: (not each.worse, -abs(each.distance))))


def _judge(group: int, key: Key, values: dict[str, Quantity]) -> Iterator[Outlier]:
    centre = median(each.value for each in values.values())
    if centre <= 0:
        return
    spread = median(abs(each.value - centre) for each in values.values())
    scale = max(_TO_SIGMA * spread, _DRIFT * centre)
    for name, value in values.items():
        distance = (value.value - centre) / scale
        if abs(distance) <= _FAR or _reaches(value, centre):
            continue
        yield Outlier(
            node=name, group=group, benchmark=key.benchmark, parameters=_parameters(key),
            metric=key.metric, direction=key.direction, value=value, median=centre,
            unit=value.unit, nodes=len(values), deviation=value.value / centre - 1,
            distance=distance, worse=(distance < 0) == (key.direction is Direction.HIGHER),
        )  # fmt: skip


def _reaches(value: Quantity, centre: float) -> bool:
    """Whether the node's own interval still holds the group's median."""
    return value.low is not None and value.high is not None and value.low <= centre <= value.high


def _parameters(key: Key) -> Parameters:
    told: Parameters = json.loads(key.parameters)
    return {**told, "size_bytes": key.size_bytes} if key.size_bytes else told
