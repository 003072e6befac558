"""Placements predicted beside measured, and what the recommended one would have cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.benchmarks._load import Traffic
from bitpath_cli.cost.objective import GOALS, objective, ratios
from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.cost.uncertainty import MEASURED_FLOOR
from bitpath_cli.model.configuration import StrategyName
from bitpath_cli.model.placement import PlacementResult
from bitpath_cli.model.reading import (
    MEASURED_LEVEL,
    PREDICTED_LEVEL,
    Method,
    Origin,
    Quantity,
    Reading,
    derived,
)
from bitpath_cli.model.recommendation import TERM_NAMES, TermName
from bitpath_cli.model.trial import Comparison, Decision, FigureName, Tried
from bitpath_cli.model.units import SECOND, Unit
from bitpath_cli.stats import normal_z
from bitpath_cli.workflows._candidates import term_unit
from bitpath_cli.workflows._edge_part import Placement
from bitpath_cli.workflows._serving_alone import Parts
from bitpath_cli.workflows._serving_forecast import Forecast
from bitpath_cli.workflows._serving_terms import Nodes, Spent, reference, terms
from bitpath_cli.workflows._trial_comparison import compared, decided

STRATEGIES: Final[dict[str, StrategyName]] = {
    "edge": "edge", "cloud": "cloud_native", "split": "hybrid", "cascade": "hybrid",
}  # fmt: skip
_PERCENTILES: Final[tuple[tuple[FigureName, float], ...]] = (
    ("latency_p50", 0.50), ("latency_p95", 0.95), ("latency_p99", 0.99),
)  # fmt: skip
_MEASURED_AS: Final[dict[TermName, str]] = {
    "compute": "Σ of the answered requests' times, each from its arrival",
    "storage": "bytes of the weights that are kept × measured time",
    "bandwidth": "bytes that the interface counted",
    "hardware": "the site's prices × measured node-seconds, and egress",
    "energy": "the power model × measured node-seconds and processor time; no meter",
}
_MESSAGES: Final = "bytes of the messages themselves: loopback has no counter for each direction"


@dataclass(frozen=True, slots=True)
class Attempted:
    """A placement, what was foretold of it, and what it did or why it could not."""

    placement: Placement
    forecast: Forecast | None
    result: PlacementResult | None = None
    failure: str = ""

    @property
    def ran(self) -> bool:
        """Whether there is something to compare."""
        return self.result is not None and self.forecast is not None


@dataclass(frozen=True, slots=True)
class Scales:
    """What turns runs into terms: traffic, model, nodes, and the model's time alone at the edge."""

    traffic: Traffic
    parts: Parts
    nodes: Nodes
    service_seconds: float
    currency: str
    limit: "Kept | None" = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A limit on a percentile; one that is not counted here is judged by the next above it."""

    seconds: float
    share: float

    @property
    def figure(self) -> tuple[FigureName, float]:
        """The percentile that judges."""
        return next((each for each in _PERCENTILES if each[1] >= self.share), _PERCENTILES[-1])


def compare(attempted: Attempted, scales: Scales) -> Tried:
    """All figures of one placement."""
    kind = attempted.placement.kind
    tried = Tried(
        strategy=STRATEGIES[kind], nodes=1 if kind in ("edge", "cloud") else 2, sync="", every=1,
        label=str(attempted.placement), failure=attempted.failure,
    )  # fmt: skip
    if attempted.forecast is None or attempted.result is None:
        return tried
    guess, result = attempted.forecast, attempted.result
    found = [
        _compared(name, _quantile_of(guess, share), getattr(result, name), SECOND)
        for name, share in _PERCENTILES
    ]
    predicted = _predicted(attempted, scales)
    measured = _measured(attempted, scales)
    for name in TERM_NAMES:
        origin = _MEASURED_AS[name]
        if name == "bandwidth" and not isinstance(result.link_up, Quantity):
            origin = _MESSAGES
        unit = term_unit(name, scales.currency)
        value = derived(float(measured.named(name)[0, 0]), unit, origin)
        found.append(_compared(name, predicted.named(name)[0], value, unit))
    return tried.model_copy(update={"comparisons": tuple(found)})


def decide(attempts: Sequence[Attempted], scales: Scales) -> tuple[Decision, ...]:
    """Under each goal, over what ran; a limit removes what is foretold, or found, to break it."""
    runs = [each for each in attempts if each.ran]
    if len(runs) < 2:
        return ()
    predicted = [_middle(_predicted(each, scales)) for each in runs]
    measured = [_measured(each, scales) for each in runs]
    allowed = [_keeps(each, scales, is_measured=False) for each in runs]
    kept = [_keeps(each, scales, is_measured=True) for each in runs]
    found = []
    for goal, lambdas in GOALS.items():
        guessed, true = (
            torch.cat(
                [_score(each, run, scales, lambdas) for each, run in zip(rows, runs, strict=True)]
            )
            for rows in (predicted, measured)
        )
        chosen = _least(guessed, allowed), _least(true, kept)

        def noise_of(row: int, lambdas: dict[TermName, float] = lambdas) -> float:
            return _noise(runs[row], measured[row], scales, lambdas)

        found.append(decided(goal, guessed, true, chosen, noise_of, is_allowed=kept[chosen[0]]))
    return tuple(found)


def _predicted(attempted: Attempted, scales: Scales) -> TermTensors:
    guess = attempted.forecast
    if guess is None:
        raise ValueError("nothing was foretold")
    row = Spent(
        scales.traffic.count, guess.seconds.unsqueeze(0), guess.latencies.mean(0, keepdim=True),
        guess.edge_cpu.unsqueeze(0), guess.centre_cpu.unsqueeze(0), guess.sent.unsqueeze(0),
        guess.received.unsqueeze(0),
    )  # fmt: skip
    return terms(attempted.placement, row, scales.parts, scales.nodes)


def _measured(attempted: Attempted, scales: Scales) -> TermTensors:
    result = attempted.result
    if result is None:
        raise ValueError("nothing was measured")
    return terms(attempted.placement, spent(result), scales.parts, scales.nodes)


def spent(result: PlacementResult) -> Spent:
    """A run's means, as [1, 1]; bytes of the interface where it counts, else of the messages."""

    def figure(*readings: Reading) -> Tensor:
        known = next((each.value for each in readings if isinstance(each, Quantity)), 0.0)
        return torch.full((1, 1), known, dtype=torch.float64)

    return Spent(
        result.requests - result.failed, torch.full((1, 1), result.seconds, dtype=torch.float64),
        figure(result.latency_mean), figure(result.edge_cpu), figure(result.cloud_cpu),
        figure(result.link_up, result.payload_up), figure(result.link_down, result.payload_down),
    )  # fmt: skip


def _quantile_of(guess: Forecast, share: float) -> Tensor:
    return torch.quantile(guess.latencies, share, dim=0)


def _compared(name: FigureName, drawn: Tensor, found: Reading, unit: Unit) -> Comparison:
    tail = (1 - PREDICTED_LEVEL) / 2
    value, low, high = (float(torch.quantile(drawn, at)) for at in (0.5, tail, 1 - tail))
    origin = Origin(method=Method.DERIVED, source="the same arrivals through measured parts")
    predicted = Quantity(
        value=value, unit=unit, origin=origin, low=low, high=high, level=PREDICTED_LEVEL
    )
    return compared(name, predicted, found)


def _middle(drawn: TermTensors) -> TermTensors:
    """The median draw of each term, [1, 1]."""
    names = ("compute", "storage", "bandwidth", "link_time", "hardware", "energy")
    return TermTensors(*(getattr(drawn, name).median(dim=1, keepdim=True).values for name in names))


def _score(
    row: TermTensors, run: Attempted, scales: Scales, lambdas: dict[TermName, float]
) -> Tensor:
    """L [1]: the reference is what the requests come to that this run answers."""
    count = scales.traffic.count if run.result is None else run.result.requests - run.result.failed
    duration = torch.full_like(row.compute, scales.traffic.seconds)
    zero = torch.zeros_like(duration)
    asked = Spent(count, duration, zero, zero, zero, zero, zero)
    scaled = ratios(row, reference(scales.service_seconds, asked, scales.parts, scales.nodes))
    return objective(scaled, lambdas).squeeze(1)


def _keeps(run: Attempted, scales: Scales, *, is_measured: bool) -> bool:
    if scales.limit is None or run.forecast is None or run.result is None:
        return True
    name, share = scales.limit.figure
    found = getattr(run.result, name)
    if is_measured:
        return isinstance(found, Quantity) and found.value <= scales.limit.seconds
    return float(_quantile_of(run.forecast, share).median()) <= scales.limit.seconds


def _least(scores: Tensor, allowed: Sequence[bool]) -> int:
    """The lowest of the allowed, or of all where none is."""
    if not any(allowed):
        return int(scores.argmin())
    shut = torch.tensor([not each for each in allowed])
    return int(scores.masked_fill(shut, torch.inf).argmin())


def _noise(
    run: Attempted, row: TermTensors, scales: Scales, lambdas: dict[TermName, float]
) -> float:
    """One part of L is time, whose mean varies; the others drift no more than machines do."""
    whole = float(_score(row, run, scales, lambdas))
    spread = _relative_spread(run.result) if run.result is not None else 0.0
    still = TermTensors(
        torch.zeros_like(row.compute), row.storage, row.bandwidth, row.link_time, row.hardware,
        row.energy,
    )  # fmt: skip
    part = 1 - float(_score(still, run, scales, lambdas)) / whole
    return max(MEASURED_FLOOR, part * spread)


def _relative_spread(result: PlacementResult) -> float:
    """Half the width of the median's 95 % interval beside it, as one sigma for mean and median."""
    found = result.latency_p50
    if not isinstance(found, Quantity) or found.low is None or found.high is None:
        return MEASURED_FLOOR
    return (found.high - found.low) / 2 / found.value / normal_z(MEASURED_LEVEL)
