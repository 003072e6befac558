"""The five terms over a fleet: C_T = Σ C_Ti, S = Σ S_i and so on, every node doing the workload."""

from collections.abc import Iterable, Sequence

from bitpath_cli.model.fleet import FleetTerms, NodeTerms
from bitpath_cli.model.reading import Missing, Quantity, Reading, absent, derived
from bitpath_cli.model.recommendation import TERM_NAMES, TermName
from bitpath_cli.model.report import Report

Told = dict[tuple[str, str, str], dict[TermName, Reading]]
"""The terms of one node as it is, by workload, site and unit of account."""


def todays_terms(report: Report) -> Told:
    """What the report predicts for this host as it is, for every workload that it advises on."""
    found: Told = {}
    for advice in report.recommendations:
        today = next((each for each in advice.candidates if each.strategy == "today"), None)
        if today is not None:
            key = (advice.workload, advice.site, advice.unit_of_account)
            found[key] = {name: today.terms.by_name(name).reading for name in TERM_NAMES}
    return found


def sum_terms(nodes: Sequence[tuple[str, Told]]) -> tuple[FleetTerms, ...]:
    """Per workload the terms of the nodes that know them, and their sums."""
    keys = dict.fromkeys(key for _, told in nodes for key in told)
    return tuple(_sum(key, nodes) for key in keys)


def _sum(key: tuple[str, str, str], nodes: Sequence[tuple[str, Told]]) -> FleetTerms:
    told = [(name, terms[key]) for name, terms in nodes if key in terms]
    workload, site, unit_of_account = key
    return FleetTerms(
        workload=workload, site=site, unit_of_account=unit_of_account,
        nodes=tuple(NodeTerms(node=name, terms=terms) for name, terms in told),
        sums={name: _total([(node, terms[name]) for node, terms in told]) for name in TERM_NAMES},
    )  # fmt: skip


def _total(readings: Sequence[tuple[str, Reading]]) -> Reading:
    """The sum; Missing where a part is, because a sum without it would be another number.

    The bounds are summed too: what the nodes do not know, such as a price, they share.
    """
    unknown = [name for name, each in readings if isinstance(each, Missing)]
    known = [each for _, each in readings if isinstance(each, Quantity)]
    if unknown or not known:
        return absent(f"not known of {_some(unknown)}")
    if len({each.unit for each in known}) > 1:
        return absent(f"in different units: {', '.join(sorted({str(e.unit) for e in known}))}")
    total = derived(sum(each.value for each in known), known[0].unit, f"Σ over {len(known)} nodes")
    low = [each.low for each in known if each.low is not None]
    high = [each.high for each in known if each.high is not None]
    if len(low) < len(known) or len({each.level for each in known}) > 1:
        return total
    return total.model_copy(update={"low": sum(low), "high": sum(high), "level": known[0].level})


def _some(names: Iterable[str]) -> str:
    told = list(names)
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")
