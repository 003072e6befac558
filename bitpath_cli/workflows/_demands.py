"""What a person's demands change: weights, references, limits, and the imagined site."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bitpath_cli import amounts
from bitpath_cli.cost.objective import GOALS
from bitpath_cli.errors import BadValue
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.reading import Quantity, assumed
from bitpath_cli.model.recommendation import TERM_NAMES, TermName
from bitpath_cli.model.units import (
    BYTE_PER_SECOND,
    BYTE_SECOND,
    JOULE,
    ONE,
    PER_SECOND,
    SECOND,
    Unit,
)
from bitpath_cli.model.workload import Limit, Workload
from bitpath_cli.strategies import Question
from bitpath_cli.workflows._judgement import DECAY, Wishes

_STATED: Final = "stated on the command line"
_DECAY: Final = "decay="
"""The λ that holds the optimiser to today's infrastructure, not one of a term."""


def wishes(demands: Demands, currency: str) -> Wishes:
    """The weights in use, the references that budgets replace, and how today's host is counted."""
    weights = dict(GOALS[demands.goal])
    holding = tuple(each for each in demands.lambdas if each.startswith(_DECAY))
    own = {
        _term("--lambda", each): _weight(each) for each in demands.lambdas if each not in holding
    }
    weights.update(own)
    if sum(weights.values()) <= 0:
        raise BadValue("--lambda", "0 for every term", "at least one term above 0")
    source = f"the goal '{demands.goal}'"
    if own:
        source += f" and --lambda for {', '.join(sorted(own))}"
    return Wishes(
        goal=demands.goal,
        lambdas=weights,
        lambdas_source=source,
        references={
            _term("--reference", each): _reference(each, currency) for each in demands.references
        },
        is_sunk=demands.owned == "sunk",
        decay=_weight(holding[-1]) if holding else DECAY,
    )


def bounded(workload: Workload, demands: Demands, currency: str) -> Workload:
    """The workload with the budget and the deadline that the person states; both bind."""
    if demands.budget is not None:
        money = amounts.money(demands.budget, currency, "--budget-money")
        limit = Limit(at=assumed(money, Unit(currency), _STATED, 1), binds=True)
        workload = workload.model_copy(update={"budget": limit})
    if demands.deadline is not None:
        if workload.training is None:
            allowed = "a training job; a service has a latency in its profile instead"
            raise BadValue("--deadline", demands.deadline, allowed)
        seconds = amounts.parse(demands.deadline, SECOND, "--deadline")
        limit = Limit(at=assumed(seconds, SECOND, _STATED, 1), binds=True)
        training = workload.training.model_copy(update={"deadline": limit})
        workload = workload.model_copy(update={"training": training})
    return workload


def imagined(question: Question, what_if: tuple[str, ...]) -> Question:
    """The question with what would be different."""
    for each in what_if:
        for part in each.split(","):
            key, _, typed = part.strip().partition("=")
            if key not in WHAT_IFS or not typed:
                allowed = f"KEY=VALUE, where KEY is one of {', '.join(WHAT_IFS)}"
                raise BadValue("--what-if", part.strip(), f"{allowed}; as in network=10Gbit/s")
            question = WHAT_IFS[key](question, typed)
    return question


def _term(option: str, typed: str) -> TermName:
    name, _, value = typed.partition("=")
    for term in TERM_NAMES:
        if term == name.strip() and value.strip():
            return term
    allowed = f"TERM=X, where TERM is one of {', '.join(TERM_NAMES)}"
    if option == "--lambda":
        allowed += "; or decay=X, which holds the optimiser to what there is today"
    raise BadValue(option, typed, allowed)


def _weight(typed: str) -> float:
    text = typed.partition("=")[2]
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise BadValue("--lambda", typed, "a number of at least 0, as in hardware=10")
    return value


def _reference(typed: str, currency: str) -> float:
    name, text = _term("--reference", typed), typed.partition("=")[2]
    if name == "bandwidth":
        allowed = "compute, storage, hardware or energy; bandwidth is the share of each link's time"
        raise BadValue("--reference", typed, allowed)
    if name == "hardware":
        value = amounts.money(text, currency, "--reference")
    else:
        units = {"compute": SECOND, "storage": BYTE_SECOND, "energy": JOULE}
        value = amounts.parse(text, units[name], "--reference")
    if value <= 0:
        raise BadValue("--reference", typed, "an amount above 0")
    return value


def _stated(typed: str, unit: Unit) -> Quantity:
    value = amounts.parse(typed, unit, "--what-if")
    if value <= 0:
        raise BadValue("--what-if", typed, "an amount above 0")
    return assumed(value, unit, _STATED, 1)


def _with_network(question: Question, typed: str) -> Question:
    rate = _stated(typed, BYTE_PER_SECOND)
    return replace(question, wire=replace(question.wire, bandwidth=rate))


def _with_latency(question: Question, typed: str) -> Question:
    return replace(question, wire=replace(question.wire, latency=_stated(typed, SECOND)))


def _with_uplink(question: Question, typed: str) -> Question:
    rate = _stated(typed, BYTE_PER_SECOND)
    link = question.site.uplink.model_copy(update={"up": rate, "down": rate})
    return replace(question, site=question.site.model_copy(update={"uplink": link}))


def _with_round_trip(question: Question, typed: str) -> Question:
    link = question.site.uplink.model_copy(update={"round_trip": _stated(typed, SECOND)})
    return replace(question, site=question.site.model_copy(update={"uplink": link}))


def _with_nodes(question: Question, typed: str) -> Question:
    if not typed.isdecimal() or not 1 <= int(typed) <= _MOST_NODES:
        raise BadValue("--what-if", f"nodes={typed}", f"a whole number from 1 to {_MOST_NODES}")
    return replace(question, largest_cluster=int(typed))


def _with_batch(question: Question, typed: str) -> Question:
    training = question.workload.training
    if training is None:
        raise BadValue("--what-if", f"batch={typed}", "a training job")
    changed = training.model_copy(update={"global_batch": _stated(typed, ONE)})
    workload = question.workload.model_copy(update={"training": changed})
    return replace(question, workload=workload)


def _with_requests(question: Question, typed: str) -> Question:
    serving = question.workload.serving
    if serving is None:
        raise BadValue("--what-if", f"requests={typed}", "a service")
    changed = serving.model_copy(update={"request_rate": _stated(typed, PER_SECOND)})
    workload = question.workload.model_copy(update={"serving": changed})
    return replace(question, workload=workload)


_MOST_NODES: Final = 1024
WHAT_IFS: Final[Mapping[str, Callable[[Question, str], Question]]] = {
    "network": _with_network,
    "latency": _with_latency,
    "uplink": _with_uplink,
    "rtt": _with_round_trip,
    "nodes": _with_nodes,
    "batch": _with_batch,
    "requests": _with_requests,
}
"""What can be imagined: the LAN's bandwidth and message latency, the uplink, its round trip, …"""
