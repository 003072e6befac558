"""Puts a plan's forecast beside what was measured afterwards."""

import math
from collections.abc import Mapping
from typing import Final

from bitpath_cli import amounts
from bitpath_cli.errors import BadValue
from bitpath_cli.model.plan import Blueprint, Check, Expectation, Verdict
from bitpath_cli.model.reading import Quantity, Reading, absent, reported
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Direction, Doubt, Validity
from bitpath_cli.model.units import Unit

_NOT_STATED: Final = (
    "only your own program has it, no benchmark's model: state it with --measured {name}=VALUE"
)


def verify(
    plan: Blueprint, report: Report | None, stated: Mapping[str, str], node: int | None
) -> tuple[Check, ...]:
    """Every number of the forecast that the report's benchmarks measure, or that was stated.

    With `node` the report is that node's, and other machines' numbers are left out.

    `stated` are figures of the user's own program by name; BadValue for one that is not forecast.
    """
    checks = [_check_stated(plan, name, text) for name, text in stated.items()]
    results = () if report is None else report.results
    for expected in _of_node(plan, node):
        measured, direction = _find(expected, results)
        checks.append(_judge(expected.name, expected.forecast, measured, direction))
    for name, forecast in plan.forecast.items():
        own = name == "step_time" or name.startswith("latency_")
        if own and name not in stated and isinstance(forecast, Quantity):
            missing = absent(_NOT_STATED.format(name=name), f"--measured {name}=VALUE")
            checks.append(_judge(name, forecast, missing, Direction.LOWER))
    return tuple(checks)


def _of_node(plan: Blueprint, node: int | None) -> tuple[Expectation, ...]:
    """What is expected of a node, by its number, and of the network; of all without a number."""
    if node is None:
        return plan.expectations
    devices = [
        group.device for group in plan.configuration.nodes for _ in range(math.ceil(group.count))
    ]
    if node >= len(devices):
        raise BadValue("--node", str(node), f"a number from 0 to {len(devices) - 1}")
    return tuple(each for each in plan.expectations if each.device in ("", devices[node]))


def _check_stated(plan: Blueprint, name: str, text: str) -> Check:
    forecast = plan.forecast.get(name)
    if not isinstance(forecast, Quantity):
        known = ", ".join(
            each for each, value in plan.forecast.items() if isinstance(value, Quantity)
        )
        raise BadValue("--measured", name, f"NAME=VALUE with one of the names {known}")
    value = amounts.parse(text, forecast.unit, "--measured")
    measured = reported(value, forecast.unit, "stated with --measured")
    higher = forecast.unit == Unit("1/s")
    direction = Direction.HIGHER if higher else Direction.LOWER
    return _judge(name, forecast, measured, direction)


def _find(expected: Expectation, results: tuple[BenchmarkResult, ...]) -> tuple[Reading, Direction]:
    """The best of the matching results, and which way is better."""
    found: list[tuple[Quantity, Direction]] = []
    for result in results:
        metric = result.metric(expected.metric) if _matches(expected, result) else None
        if metric is None or not isinstance(metric.reading, Quantity):
            continue
        reading, direction = metric.reading, metric.direction
        if expected.is_inverse and reading.value > 0:
            reading, direction = _inverse(reading, expected.forecast.unit), Direction.HIGHER
        found.append((reading, direction))
    if not found:
        return absent(_reason(expected, results)), Direction.HIGHER
    return max(found, key=lambda each: each[0].value * (1 if each[1] is Direction.HIGHER else -1))


def _matches(expected: Expectation, result: BenchmarkResult) -> bool:
    if result.benchmark != expected.benchmark or result.validity is Validity.INVALID:
        return False
    if expected.benchmark == "collectives" and Doubt.LOOPBACK_ONLY in result.reasons:
        return False
    # The forecast rests on square products, which do not name their shape.
    if expected.benchmark == "gemm" and "shape" in result.parameters:
        return False
    return all(result.parameters.get(name) == it for name, it in expected.parameters.items())


def _reason(expected: Expectation, results: tuple[BenchmarkResult, ...]) -> str:
    if not any(each.benchmark == expected.benchmark for each in results):
        return f"the benchmark {expected.benchmark} was not run"
    told = ", ".join(f"{name} {value}" for name, value in expected.parameters.items())
    return f"no usable result of {expected.benchmark}{f' with {told}' if told else ''}"


def _inverse(reading: Quantity, unit: Unit) -> Quantity:
    low, high = reading.low, reading.high
    bounded = low is not None and high is not None and low > 0
    return Quantity(
        value=1 / reading.value, unit=unit, origin=reading.origin,
        low=1 / high if bounded and high is not None else None,
        high=1 / low if bounded and low is not None else None,
        level=reading.level if bounded else None,
    )  # fmt: skip


def _judge(name: str, forecast: Quantity, measured: Reading, direction: Direction) -> Check:
    """Outside where the measurement's own interval does not touch the forecast's."""
    if not isinstance(measured, Quantity):
        return Check(name=name, forecast=forecast, measured=measured, verdict="not measured")
    low, high = _ends(forecast)
    lowest, highest = _ends(measured)
    verdict: Verdict = "as forecast"
    if highest < low or lowest > high:
        better = (lowest > high) == (direction is Direction.HIGHER)
        verdict = "better" if better else "worse"
    return Check(name=name, forecast=forecast, measured=measured, verdict=verdict)


def _ends(quantity: Quantity) -> tuple[float, float]:
    low = quantity.value if quantity.low is None else quantity.low
    high = quantity.value if quantity.high is None else quantity.high
    return low, high
