"""From a report's advice to a blueprint: which configuration, and the numbers behind it."""

import statistics
from typing import Final, Literal

from bitpath_cli.errors import MissingProgram, NothingToPlan, UnknownName
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.configuration import PREPARES, Configuration, NodeGroup
from bitpath_cli.model.plan import Blueprint, Expectation, Program
from bitpath_cli.model.reading import PREDICTED_LEVEL, Quantity, Reading, absent
from bitpath_cli.model.recommendation import Candidate, Input, Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.redaction import is_token
from bitpath_cli.workflows._stand_in import stand_in

_FLOOR: Final = 1.03
"""Machines drift by 3 % (one sigma), however narrow an interval was."""
_MOST_NODES: Final = 4096
_SHARED_INPUTS: Final = (
    "data.", "limit.", "serving.", "training.", "work.", "wire.", "uplink.", "cloud.", "site.",
)  # fmt: skip


def blueprint(
    report: Report, workload: str | None, strategy: str | None, target: str, program: Program
) -> Blueprint:
    """The chosen configuration with all that a target needs to know.

    Raises UnknownName for a workload or strategy without advice, NothingToPlan where nothing of it
    is feasible.
    """
    advice = _advice(report, workload)
    chosen = _candidate(advice, strategy)
    _check_size(chosen.configuration)
    task: Literal["training", "serving"] = (
        "serving" if "month" in advice.unit_of_account else "training"
    )
    return Blueprint(
        tool=report.tool,
        report_created=report.created,
        host=report.host,
        target=target,
        workload=advice.workload,
        workload_is_example=advice.workload_is_example,
        task=task,
        site=advice.site,
        goal=advice.goal,
        strategy=chosen.strategy,
        verdict=advice.verdict if chosen.configuration == advice.winner else chosen.verdict,
        probability_best=chosen.probability_best,
        at_risk=chosen.at_risk,
        configuration=chosen.configuration,
        forecast=chosen.predicted,
        terms=chosen.terms,
        inputs=_inputs(advice),
        expectations=_expectations(chosen, advice, is_training=task == "training"),
        cpus=_cpus(report),
        program=_program(program, task, chosen.configuration, advice),
    )


def _program(
    program: Program,
    task: Literal["training", "serving"],
    configuration: Configuration,
    advice: Recommendation,
) -> Program:
    """The user's own, or the stand-in for a training job; a service has none.

    Nodes whose names a fleet's report knows are called by them, unless the user names them.
    """
    if not program.hosts:
        program = program.model_copy(update={"hosts": _hosts(configuration)})
    if program.words or program.image:
        return program
    if task == "serving":
        raise MissingProgram(advice.workload)
    words = stand_in(configuration, advice)
    return program.model_copy(update={"words": words, "is_stand_in": True})


def _hosts(configuration: Configuration) -> tuple[str, ...]:
    """Every node's name, or none: a redacted name reaches nobody."""
    named = [host for group in configuration.nodes for host in group.hosts]
    complete = len(named) == sum(group.count for group in configuration.nodes)
    return tuple(named) if complete and not any(map(is_token, named)) else ()


def _advice(report: Report, workload: str | None) -> Recommendation:
    known = {each.workload: each for each in report.recommendations}
    if not known:
        raise NothingToPlan(
            "This report", "it holds no advice for any workload",
            "Add advice first: bitpath recommend report.json -w WORKLOAD -o advised.json",
        )  # fmt: skip
    if workload is None:
        return report.recommendations[0]
    if workload not in known:
        raise UnknownName(
            "workload with advice in this report", workload, tuple(sorted(known)),
            f"Add it: bitpath recommend report.json -w {workload} -o advised.json",
        )  # fmt: skip
    return known[workload]


def _candidate(advice: Recommendation, strategy: str | None) -> Candidate:
    """The winner, or the best feasible configuration of the named strategy."""
    if strategy is None:
        if advice.winner is None:
            raise NothingToPlan(
                advice.workload, f"nothing is feasible; {advice.smallest_change}".rstrip("; "),
                "See every limit that is missed: bitpath report REPORT",
            )  # fmt: skip
        return next(each for each in advice.candidates if each.configuration == advice.winner)
    of_name = [each for each in advice.candidates if each.strategy == strategy]
    if not of_name:
        names = tuple(dict.fromkeys(each.strategy for each in advice.candidates))
        raise UnknownName(
            f"strategy considered for {advice.workload}", strategy, names,
            "Leave --strategy away for the recommended one.",
        )  # fmt: skip
    feasible = [each for each in of_name if each.feasible]
    if not feasible:
        reasons = "; ".join(each.sentence for each in of_name[0].violations if each.removes)
        raise NothingToPlan(
            f"{strategy} for {advice.workload}", reasons or "none of it is feasible",
            "Leave --strategy away for the recommended one.",
        )  # fmt: skip
    return feasible[0]


def _check_size(configuration: Configuration) -> None:
    """Some targets take a file a node, so there must be some nodes, and not without end.

    They start what trains: nodes that reduce the data first have no place among the ranks.
    """
    if any(group.role == PREPARES for group in configuration.nodes):
        raise NothingToPlan(
            configuration.label, "what reduces its data before it travels is a program of its own",
            "Plan another strategy with --strategy, or reduce the data yourself and rent the rest.",
        )  # fmt: skip
    nodes = sum(max(0.0, group.count) for group in configuration.nodes)
    if not 0 < nodes <= _MOST_NODES:
        raise NothingToPlan(
            configuration.label, f"it has {nodes:g} nodes, and a plan has 1 to {_MOST_NODES}",
            "Leave --strategy away for the recommended one.",
        )  # fmt: skip


def _inputs(advice: Recommendation) -> tuple[Input, ...]:
    return tuple(each for each in advice.inputs if each.name.startswith(_SHARED_INPUTS))


def _cpus(report: Report) -> Reading:
    limits = next((each for each in report.components if isinstance(each, Limits)), None)
    if limits is None:
        return absent("the report does not say how many CPUs the host may use")
    return limits.effective_cpus


def _expectations(
    chosen: Candidate, advice: Recommendation, *, is_training: bool
) -> tuple[Expectation, ...]:
    """What each node must be able to do, and the network between them."""
    found = [each for group in chosen.configuration.nodes for each in _of_nodes(chosen, group)]
    nodes = sum(group.count for group in chosen.configuration.nodes)
    if is_training and nodes > 1:
        found += _of_network(chosen, {each.name: each.reading for each in advice.inputs})
    return tuple({each.name: each for each in found}.values())


def _of_nodes(chosen: Candidate, group: NodeGroup) -> list[Expectation]:
    expected, precision = group.expected, chosen.configuration.precision
    if expected is None:
        return []
    return [
        Expectation(
            name=f"{precision} rate of {group.device}", forecast=_widened(expected.compute_rate),
            benchmark="gemm", metric="throughput", parameters={"dtype": precision},
            device=group.device,
        ),
        Expectation(
            name=f"memory bandwidth of {group.device}",
            forecast=_widened(expected.memory_bandwidth),
            benchmark="memory_bandwidth", metric="triad", device=group.device,
        ),
        Expectation(
            name=f"sequential read rate of {group.device}",
            forecast=_widened(expected.storage_rate),
            benchmark="disk", metric="bandwidth",
            parameters={"operation": "read", "pattern": "sequential"}, device=group.device,
        ),
    ]  # fmt: skip


def _of_network(chosen: Candidate, known: dict[str, Quantity]) -> list[Expectation]:
    """Bytes a second and seconds a message of an all-reduce, as the step time assumes them."""
    places = {each.place for each in chosen.configuration.nodes}
    rate, delay, part = {
        frozenset({"cloud"}): ("cloud.up", "cloud.round_trip", 0.5),
        frozenset({"edge", "cloud"}): ("uplink.up", "uplink.round_trip", 0.5),
    }.get(frozenset(places), ("wire.bandwidth", "wire.latency", 1.0))
    found = []
    rate, delay = (_slowest(known, each, chosen.configuration) for each in (rate, delay))
    if rate in known:
        found.append(
            Expectation(
                name="all-reduce bandwidth, 1/β", forecast=_widened(known[rate]),
                benchmark="collectives", metric="beta", parameters={"op": "all_reduce"},
                is_inverse=True,
            )
        )  # fmt: skip
    if delay in known:
        found.append(
            Expectation(
                name="all-reduce latency, α", forecast=_widened(known[delay], part),
                benchmark="collectives", metric="alpha", parameters={"op": "all_reduce"},
            )
        )  # fmt: skip
    return found


def _slowest(known: dict[str, Quantity], name: str, configuration: Configuration) -> str:
    """The input of that name; of a fleet's measured links the one that holds its nodes up."""
    devices = [group.device for group in configuration.nodes]
    own = [
        each
        for each in known
        if each.startswith(f"{name} ") and any(device in each for device in devices)
    ]
    if not own:
        return name
    pick = max if name.endswith("latency") else min
    return pick(own, key=lambda each: known[each].value)


def _widened(quantity: Quantity, factor: float = 1.0) -> Quantity:
    """At least the 80 % interval that the quantity's own spread gives, and 3 % a sigma."""
    sigmas = statistics.NormalDist().inv_cdf(0.5 + PREDICTED_LEVEL / 2)
    low, high, level = quantity.low, quantity.high, quantity.level
    up = down = _FLOOR
    if low is not None and high is not None and level is not None and low > 0:
        told = statistics.NormalDist().inv_cdf(0.5 + level / 2)
        up = max(up, (high / quantity.value) ** (1 / told))
        down = max(down, (quantity.value / low) ** (1 / told))
    value = quantity.value * factor
    return Quantity(
        value=value, unit=quantity.unit, origin=quantity.origin,
        low=value / down**sigmas, high=value * up**sigmas, level=PREDICTED_LEVEL,
    )  # fmt: skip
