"""Which constraints a judged configuration breaks or risks, in sentences."""

import math

from bitpath_cli.model.reading import Method, Origin, Quantity
from bitpath_cli.model.recommendation import Violation
from bitpath_cli.model.units import SECOND, human, significant
from bitpath_cli.strategies import Bound
from bitpath_cli.workflows import _wording
from bitpath_cli.workflows._judgement import AT_RISK_BELOW, ENDLESS, Judgement
from bitpath_cli.workflows._selection import REMOVED_BELOW


def violations(judged: Judgement, row: int) -> tuple[Violation, ...]:
    """What breaks in some draws, or now; the worst of each constraint, the telling ones first."""
    found: dict[str, Violation] = {}
    for nominal, drawn in zip(judged.nominal.bounds, judged.drawn.bounds, strict=True):
        probability = float(drawn.satisfied()[row].double().mean())
        if probability >= AT_RISK_BELOW and bool(nominal.satisfied()[row].all()):
            continue
        made = _violation(judged, row, nominal, probability)
        if nominal.name not in found or probability < found[nominal.name].probability_feasible:
            found[nominal.name] = made
    order = ("residency", "token", "latency", "first_token", "memory")
    return tuple(
        sorted(
            found.values(),
            key=lambda each: (
                order.index(each.constraint) if each.constraint in order else len(order)
            ),
        )
    )


def _violation(judged: Judgement, row: int, bound: Bound, probability: float) -> Violation:
    currency = judged.question.site.currency
    unit = _wording.bound_unit(bound.name, currency)
    predicted = float(bound.predicted[row].mean())
    limit = float(bound.limit[row if len(bound.limit) > 1 else 0].mean())
    reason = _reason(judged, row, bound, limit)
    if bool(bound.satisfied()[row].all()):
        sentence = _wording.at_risk(bound.name, predicted, limit, unit, probability)
    elif math.isfinite(predicted) or reason:
        sentence = _wording.violation(bound.name, predicted, limit, unit, reason, binds=bound.binds)
    else:
        sentence = _endless(judged, row)
    origin = Origin(method=Method.DERIVED, source="the cost model")
    return Violation(
        constraint=bound.name,
        limit=Quantity(value=limit, unit=unit, origin=origin),
        predicted=Quantity(value=predicted, unit=unit, origin=origin)
        if math.isfinite(predicted)
        else ENDLESS,
        sentence=sentence,
        probability_feasible=probability,
        binds=bound.binds,
        removes=bound.binds and probability < REMOVED_BELOW,
    )


def _endless(judged: Judgement, row: int) -> str:
    """A queue that never ends, with what makes it so: the nodes, or else the uplink."""
    busy = float(judged.nominal.details["utilisation"][row].mean())
    if busy < 1:
        return f"{ENDLESS.detail}, on the uplink"
    return f"{ENDLESS.detail} (utilisation {significant(busy)})"


def _reason(judged: Judgement, row: int, bound: Bound, limit: float) -> str:
    """What a bare number would not tell: a residency's rule, an upload that alone is too long."""
    if bound.name == "residency":
        return judged.question.workload.residency.reason
    if bound.name == "latency":
        upload = float(judged.nominal.details["upload_time"][row].mean())
        if upload > limit:
            return f"sending one request takes {human(upload, SECOND)}"
    if bound.name == "token":
        reading = float(judged.nominal.details["weight_time"][row].mean())
        if reading > limit:
            return f"reading the weights from memory for each token takes {human(reading, SECOND)}"
    return ""
