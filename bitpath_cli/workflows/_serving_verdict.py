"""A service's trial as a report holds it: what was scaled, compared and decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bitpath_cli import catalogue
from bitpath_cli.benchmarks._load import Traffic
from bitpath_cli.model.trial import Trial
from bitpath_cli.model.units import BYTE_PER_SECOND, SECOND, human
from bitpath_cli.workflows._serving_forecast import Learnt
from bitpath_cli.workflows._serving_terms import Node, Nodes
from bitpath_cli.workflows._serving_weighing import Attempted, Kept, Scales, compare, decide


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a trial beside its figures; `ends` are edge and centre."""

    name: str
    words: str
    site: str
    ends: tuple[Node, Node]
    limit: Kept | None
    stays: str
    is_local: bool


def weigh(told: Told, learnt: Learnt, attempts: Sequence[Attempted], traffic: Traffic) -> Trial:
    """The trial as a report holds it."""
    site = catalogue.site(told.site)
    passage = learnt.passage
    rates = (
        (site.uplink.up.value, site.uplink.down.value)
        if passage is None
        else (passage.up.rate, passage.down.rate)
    )
    scales = Scales(
        traffic, learnt.parts, Nodes(*told.ends, learnt.threads, rates),
        learnt.service_seconds, site.currency, told.limit,
    )  # fmt: skip
    return Trial(
        workload=told.name, site=site.name,
        scaling=_scaling(told, learnt, traffic), is_emulated=False,
        candidates=tuple(compare(each, scales) for each in attempts),
        decisions=decide(attempts, scales), findings=_findings(told, attempts),
    )  # fmt: skip


def _scaling(told: Told, learnt: Learnt, traffic: Traffic) -> str:
    """What was run instead of a month of the service, and whose prices and watts were taken."""
    words = [
        told.words,
        f"{traffic.count} requests, {traffic.rate:.3g} a second, {traffic.arrival}, in "
        f"{human(traffic.seconds, SECOND)}",
    ]
    if learnt.passage is not None:
        empty = human(median(learnt.passage.empty.seconds), SECOND)
        rate = human(learnt.passage.up.rate, BYTE_PER_SECOND)
        words.append(f"an empty exchange takes {empty} and requests go up at {rate}")
        words.append(f"the centre is priced as {told.ends[1].name}")
    return "; ".join(words)


def _findings(told: Told, attempts: Sequence[Attempted]) -> tuple[str, ...]:
    found = []
    if told.stays:
        found.append(f"nothing but the edge was tried: {told.stays}")
    elif told.is_local:
        found.append("both ends ran on this host: loopback stands for no network")
    for each in attempts:
        if each.result is not None and each.result.failed:
            found.append(
                f"{each.placement}: {each.result.failed} of {each.result.requests} requests were "
                "not answered, and its figures leave them out"
            )
    return tuple(found)
