"""A judged row as a Candidate: configuration, terms node by node, violations, and a verdict."""

import math
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.configuration import PREPARES, Configuration, NodeGroup, StrategyName
from bitpath_cli.model.reading import (
    PREDICTED_LEVEL,
    Method,
    Missing,
    Origin,
    Quantity,
    Reading,
)
from bitpath_cli.model.recommendation import (
    TERM_NAMES,
    Candidate,
    NodeShare,
    Term,
    TermName,
    Terms,
    Violation,
)
from bitpath_cli.model.units import BYTE, BYTE_SECOND, JOULE, ONE, PER_SECOND, SECOND, Unit
from bitpath_cli.strategies import (
    PRECISIONS,
    SYNCHRONISATIONS,
    TENURES,
    JobPlans,
    Question,
    ServicePlans,
)
from bitpath_cli.workflows import _wording
from bitpath_cli.workflows._expectations import expectation
from bitpath_cli.workflows._judgement import AT_RISK_BELOW, ENDLESS, Judgement
from bitpath_cli.workflows._selection import REMOVED_BELOW
from bitpath_cli.workflows._violations import violations

FORMULAS: Final[dict[TermName, str]] = {
    "compute": "elapsed time on the critical path; Σ of response times for a service",
    "storage": "Σ bytes kept × how long",
    "bandwidth": "Σ over links of bytes moved",
    "hardware": "rent, or purchase over its service life, while reserved",
    "energy": "PUE × Σ ∫ P dt, idle included",
}
_DETAIL_UNITS: Final = {
    "step_time": SECOND,
    "communication_time": SECOND,
    "stall_time": SECOND,
    "ingress_time": SECOND,
    "job_time": SECOND,
    "samples_per_second": PER_SECOND,
    "latency": SECOND,
    "response_time": SECOND,
    "upload_time": SECOND,
    "service_time": SECOND,
    "first_token": SECOND,
    "token_time": SECOND,
    "together": ONE,
    "cold_share": ONE,
    "utilisation": ONE,
}

_FIRST_ROLES: Final = {False: "trains", True: PREPARES}
_MONEY_DETAILS: Final = (
    "job_price", "month_price", "fixed_fleet_price", "price_per_1000_requests"
)  # fmt: skip


def candidate(judged: Judgement, row: int, probability_best: float) -> Candidate:
    """All that is said of one configuration."""
    name = judged.names[row]
    feasible = is_feasible(judged, row)
    score = float(judged.scores[row])
    finite = math.isfinite(score)
    broken = violations(judged, row)
    return Candidate(
        strategy=name,
        configuration=configuration(judged, row),
        feasible=feasible,
        at_risk=feasible and float(judged.probability_feasible[row]) < AT_RISK_BELOW,
        violations=broken,
        terms=_terms(judged, row),
        score=score if finite else None,
        view_currency=_money_view(judged, row),
        view_geometric=float(judged.geometric[row]) if finite else None,
        dominated=feasible and bool(judged.dominated[row]),
        on_front=feasible and not bool(judged.dominated[row]),
        probability_best=probability_best,
        predicted=_predicted(judged, row),
        verdict=_verdict(judged, row, broken),
    )


def configuration(judged: Judgement, row: int) -> Configuration:
    """A row of the plans in words and counts."""
    plans, name = judged.plans, judged.names[row]
    precision = PRECISIONS[int(plans.precision[row])]
    if isinstance(plans, JobPlans):
        pairs = (
            (plans.machine, plans.count, plans.tenure, _FIRST_ROLES[bool(plans.prepared[row])]),
            (plans.other_machine, plans.other_count, plans.other_tenure, "trains with it"),
        )
        synchronisation = _synchronisation(plans, row)
    else:
        pairs = (
            (plans.machine, plans.count, plans.tenure, "answers at every place"),
            (plans.central_machine, plans.central_count, plans.central_tenure, "answers centrally"),
        )
        synchronisation = _sharing(judged.question, plans, row)
    groups = tuple(
        _group(judged, machine, count, tenure, role, row, which)
        for which, (machine, count, tenure, role) in enumerate(pairs)
        if float(count[row]) > 0
    )
    return Configuration(
        label=_wording.label(groups, precision, synchronisation), strategy=name, nodes=groups,
        precision=precision, synchronisation=synchronisation,
        batch_per_node=_batch_per_node(judged, groups),
        escalated_fraction=_escalated(judged, row),
        hypothetical=name == "today" and not is_feasible(judged, row),
    )  # fmt: skip


def is_feasible(judged: Judgement, row: int) -> bool:
    """Whether it keeps its limits in so many draws that it may be chosen."""
    return float(judged.probability_feasible[row]) >= REMOVED_BELOW


def _escalated(judged: Judgement, row: int) -> Quantity | None:
    """What a cascade's small model leaves to the centre."""
    serving, plans = judged.question.workload.serving, judged.plans
    if serving is None or serving.cascade is None or not isinstance(plans, ServicePlans):
        return None
    return serving.cascade.escalated if bool(plans.is_cascade[row]) else None


def _synchronisation(plans: JobPlans, row: int) -> str:
    """The way of training together, with the steps between averages or the factors' rank."""
    kind = SYNCHRONISATIONS[int(plans.synchronisation[row])]
    if plans.interval[row] > 1:
        return f"{kind} every {int(plans.interval[row])} steps"
    return f"{kind} of rank {int(plans.rank[row])}" if plans.rank[row] > 0 else kind


def _sharing(question: Question, plans: ServicePlans, row: int) -> str:
    """How places and centre share the work, and how many requests are computed together."""
    said = "cascade" if bool(plans.is_cascade[row]) else ""
    serving, split = question.workload.serving, int(plans.split[row])
    if serving is not None and split >= 0:
        said = f"cut after {serving.splits[split].after}"
    batch = f"batches of up to {int(plans.batch[row])}" if plans.batch[row] > 1 else ""
    return ", ".join(each for each in (said, batch) if each) or "none"


def interval(nominal: Tensor, drawn: Tensor, unit: Unit, source: str) -> Quantity | Missing:
    """A predicted figure with the 80 % interval of its draws."""
    value = float(nominal)
    if not math.isfinite(value):
        return ENDLESS
    usable = drawn[torch.isfinite(drawn)]
    tail = (1 - PREDICTED_LEVEL) / 2
    low, high = (
        (float(each) for each in torch.quantile(usable, torch.tensor([tail, 1 - tail]).double()))
        if len(usable)
        else (value, value)
    )
    return Quantity(
        value=value, unit=unit, origin=Origin(method=Method.DERIVED, source=source),
        low=min(low, value), high=max(high, value), level=PREDICTED_LEVEL,
    )  # fmt: skip


def _group(
    judged: Judgement,
    machine: Tensor,
    count: Tensor,
    tenure: Tensor,
    role: str,
    row: int,
    which: int,
) -> NodeGroup:
    chosen = judged.question.machines[int(machine[row])]
    plans = judged.plans
    follows = {}
    if (
        isinstance(plans, ServicePlans)
        and which == 1
        and float(plans.hours[row].min()) < count[row]
    ):
        follows = {"least": float(plans.hours[row].min()), "most": float(count[row])}
        count = plans.hours.mean(dim=1)
    return NodeGroup(
        device=chosen.name, count=float(count[row]), place=chosen.place, **follows,
        tenure=TENURES[int(tenure[row])], role=role,
        expected=expectation(judged, int(machine[row]), which, row),
        hosts=chosen.hosts[: int(count[row])],
    )  # fmt: skip


def _batch_per_node(judged: Judgement, groups: tuple[NodeGroup, ...]) -> float | None:
    training = judged.question.workload.training
    if training is None:
        return None
    return training.global_batch.value / sum(each.count for each in groups)


def _terms(judged: Judgement, row: int) -> Terms:
    return Terms(**{name: _term(judged, row, name) for name in TERM_NAMES})


def _term(judged: Judgement, row: int, name: TermName) -> Term:
    unit = term_unit(name, judged.question.site.currency)
    found = interval(
        judged.nominal.total().named(name)[row, 0],
        judged.drawn.total().named(name)[row],
        unit,
        FORMULAS[name],
    )
    origin = Origin(method=Method.DERIVED, source=FORMULAS[name])
    if isinstance(found, Missing):
        return Term(kind="missing", value=None, unit=unit, origin=origin, ratio=None, missing=found)
    ratio = float(judged.ratios.values[row, 0, judged.ratios.names.index(name)])
    return Term(
        value=found.value, unit=unit, low=found.low, high=found.high, level=found.level,
        origin=origin, ratio=ratio, per_node=_per_node(judged, row, name, unit),
    )  # fmt: skip


def _per_node(judged: Judgement, row: int, name: TermName, unit: Unit) -> tuple[NodeShare, ...]:
    """Each node group's part, per node, so that Σ count × value is the whole term."""
    nodes = configuration(judged, row).nodes
    parts = [float(each.named(name)[row, 0]) for each in judged.nominal.groups]
    plans = judged.plans
    second = plans.other_count if isinstance(plans, JobPlans) else plans.central_count
    present = [
        part
        for part, count in zip(parts, (plans.count[row], second[row]), strict=True)
        if float(count) > 0
    ]
    return tuple(
        NodeShare(node=each.device, count=each.count, value=part / each.count, unit=unit)
        for each, part in zip(nodes, present, strict=True)
    )


def term_unit(name: TermName, currency: str) -> Unit:
    """The unit of a term."""
    units: dict[TermName, Unit] = {
        "compute": SECOND, "storage": BYTE_SECOND, "bandwidth": BYTE,
        "hardware": Unit(currency), "energy": JOULE,
    }  # fmt: skip
    return units[name]


def _money_view(judged: Judgement, row: int) -> Reading:
    value = float(judged.currency[row])
    if not math.isfinite(value):
        return ENDLESS
    source = "value of time × time + hardware + tariff × energy that the site pays for"
    return Quantity(
        value=value, unit=Unit(judged.question.site.currency),
        origin=Origin(method=Method.DERIVED, source=source),
    )  # fmt: skip


def _predicted(judged: Judgement, row: int) -> dict[str, Reading]:
    serving = judged.question.workload.serving
    money = Unit(judged.question.site.currency)
    found: dict[str, Reading] = {}
    for name, values in judged.nominal.details.items():
        unit = money if name in _MONEY_DETAILS else _DETAIL_UNITS.get(name)
        if unit is None or not _is_telling(judged, row, name):
            continue
        shown = name
        if name == "latency" and serving is not None:
            shown = f"latency_p{100 * serving.percentile:g}".replace(".", "_")
        drawn = judged.drawn.details[name]
        width = drawn[row].expand(judged.drawn.elapsed.shape[1])
        found[shown] = interval(values[row].mean(), width, unit, "the cost model")
    return found


def _is_telling(judged: Judgement, row: int, name: str) -> bool:
    """Whether a figure is one of this configuration: not every service makes tokens or batches."""
    serving, details = judged.question.workload.serving, judged.nominal.details
    if name in ("first_token", "token_time"):
        return serving is not None and serving.generation is not None
    if name == "together":
        return float(details[name][row].mean()) > 1
    if name == "cold_share":
        plans = judged.plans
        tenure = int(plans.central_tenure[row]) if isinstance(plans, ServicePlans) else 0
        return TENURES[tenure] == "per_request"
    if name == "fixed_fleet_price":
        return float(details[name][row].mean()) > 1.0001 * float(details["month_price"][row].mean())
    return True


def _verdict(judged: Judgement, row: int, violations: tuple[Violation, ...]) -> str:
    """Why it won, or why it lost, in a sentence."""
    removing = [each for each in violations if each.removes]
    if removing:
        return f"out: {removing[0].sentence}"
    if not is_feasible(judged, row):
        return "out: " + "; ".join(each.sentence for each in violations)
    if judged.winner is None:
        return ""
    if row == judged.winner:
        return "recommended"
    broken = next((each.sentence for each in violations if each.binds), None)
    if broken is not None and float(judged.scores[row]) < float(judged.scores[judged.winner]):
        return f"less L than the winner, but {broken}"
    here, there = _ratios(judged, row), _ratios(judged, judged.winner)
    score = _wording.margin(float(judged.scores[judged.winner]), float(judged.scores[row]))
    worst = _wording.worst_terms(here, there)
    return f"{score}{', ' + worst if worst else ''}"


def _ratios(judged: Judgement, row: int) -> dict[TermName, float]:
    return {
        name: float(judged.ratios.values[row, 0, index])
        for index, name in enumerate(judged.ratios.names)
    }


def strategy_order(judged: Judgement) -> tuple[StrategyName, ...]:
    """All strategies that planned anything, the winner first and today last."""
    winner = None if judged.winner is None else judged.names[judged.winner]
    names = dict.fromkeys(judged.names)
    return tuple(sorted(names, key=lambda name: (name != winner, name == "today")))
