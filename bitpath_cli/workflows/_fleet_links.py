"""The links between a fleet's hosts: from the pairs of a collective, and from TCP between two."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_high
from typing import Final

from bitpath_cli.model.components.network import Route
from bitpath_cli.model.reading import Fact, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Doubt
from bitpath_cli.model.units import significant
from bitpath_cli.workflows._combine import scaled

SLOW: Final = 0.7
"""A link that carries less than this share of its kind's median holds up every set that has it."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Link:
    """Seconds a message and bytes a second one way; either may not have been measured."""

    latency: Quantity | None
    bandwidth: Quantity | None


@dataclass(frozen=True, slots=True)
class HostLinks:
    """The links that were measured between two hosts, by their names in order."""

    known: Mapping[Pair, Link]
    notes: tuple[str, ...]

    def divide(self, names: Sequence[str]) -> list[list[str]]:
        """The hosts that reach each other well, and each apart that would slow them.

        While a link is slow beside the others, the end whose other links are worse leaves.
        """
        inside = set(names)
        rates = {
            pair: link.bandwidth.value
            for pair, link in self.known.items()
            if link.bandwidth is not None and inside.issuperset(pair)
        }
        kept, apart = list(names), []
        while rates:
            worst = min(rates, key=lambda pair: rates[pair])
            if rates[worst] >= SLOW * median_high(rates.values()):
                break
            leaving = min(worst, key=lambda name: (_typical(rates, name), -kept.index(name)))
            kept.remove(leaving)
            apart.append([leaving])
            rates = {pair: rate for pair, rate in rates.items() if leaving not in pair}
        return [kept, *apart]

    def among(self, kinds: Sequence[Sequence[str]]) -> dict[tuple[int, int], Link]:
        """The slowest link within each kind and between any two, where one was measured."""
        kind_of = {name: number for number, names in enumerate(kinds) for name in names}
        found: dict[tuple[int, int], list[Link]] = {}
        for (one, other), link in self.known.items():
            if one in kind_of and other in kind_of:
                first, second = sorted((kind_of[one], kind_of[other]))
                found.setdefault((first, second), []).append(link)
        return {kinds_met: _slowest(links) for kinds_met, links in found.items()}


def find_links(report: Report, names: Sequence[str]) -> HostLinks:
    """What the members' reports, and the fleet's own, measured between them."""
    hosts = _addresses(report, names)
    known: dict[Pair, Link] = {}
    ways: dict[Pair, list[Link]] = {}
    lost = False
    for at, member in (*enumerate(report.members), (None, report)):
        for result in _usable(member):
            if result.pairs and result.parameters.get("nodes", 1) != 1:
                pairs = dict(_of_ranks(result, hosts))
                lost = lost or not pairs
                known |= pairs
            elif result.benchmark == "tcp" and at is not None:
                _take_tcp(ways, result, names[at], hosts)
    for (sender, receiver), links in ways.items():
        pair = (min(sender, receiver), max(sender, receiver))
        known[pair] = _slowest([*([known[pair]] if pair in known else []), _fastest(links)])
    return HostLinks(known, _notes(known, lost))


def outward(report: Report) -> Report:
    """What all members measured together, without what they measured to each other by TCP."""
    hosts = _addresses(report, [each.host.name for each in report.members])
    found = [
        each
        for member in (*report.members, report)
        for each in member.results
        if each.benchmark != "tcp" or _peer(each, hosts) is None
    ]
    return report.model_copy(update={"results": tuple(found)})


def _addresses(report: Report, names: Sequence[str]) -> dict[str, str]:
    """Which host an address or a name is: its own name, and where its routes leave from."""
    found: dict[str, str] = {}
    for name, member in zip(names, report.members, strict=True):
        found[name] = name
        found.setdefault(member.host.name, name)
        for each in member.components:
            if isinstance(each, Route) and isinstance(each.source_address, Fact):
                found.setdefault(str(each.source_address.value), name)
    return found


def _usable(report: Report) -> Iterator[BenchmarkResult]:
    for each in report.results:
        if each.is_usable and Doubt.LOOPBACK_ONLY not in each.reasons:
            yield each


def _of_ranks(result: BenchmarkResult, hosts: Mapping[str, str]) -> Iterator[tuple[Pair, Link]]:
    """The pairs of a collective whose ranks' addresses are known hosts'."""
    where = {each.rank: hosts.get(str(each.source_address.value)) for each in result.ranks}
    for each in result.pairs:
        one, other = where.get(each.rank_a), where.get(each.rank_b)
        if one is None or other is None or one == other:
            continue
        latency = each.latency if isinstance(each.latency, Quantity) else None
        bandwidth = each.bandwidth if isinstance(each.bandwidth, Quantity) else None
        yield (min(one, other), max(one, other)), Link(latency, bandwidth)


def _take_tcp(
    ways: dict[Pair, list[Link]], result: BenchmarkResult, name: str, hosts: Mapping[str, str]
) -> None:
    """What one member sent to another, or received from it; keys are sender and receiver."""
    peer = _peer(result, hosts)
    way = {"send": (name, peer), "receive": (peer, name)}.get(
        str(result.parameters.get("direction"))
    )
    if peer is None or peer == name or way is None:
        return
    rate, trip = result.metric("bandwidth"), result.metric("latency_p50")
    half = scaled(trip.reading, 0.5) if trip and isinstance(trip.reading, Quantity) else None
    found = rate.reading if rate and isinstance(rate.reading, Quantity) else None
    ways.setdefault((str(way[0]), str(way[1])), []).append(Link(half, found))


def _peer(result: BenchmarkResult, hosts: Mapping[str, str]) -> str | None:
    """The member that a result's peer is, with or without its port."""
    told = str(result.parameters.get("peer", ""))
    return hosts.get(told) or hosts.get(told.rsplit(":", 1)[0])


def _fastest(links: Sequence[Link]) -> Link:
    """What a way carries with as many streams as help it."""
    return _most(links, 1)


def _slowest(links: Sequence[Link]) -> Link:
    return _most(links, -1)


def _most(links: Sequence[Link], sign: int) -> Link:
    """The link of the highest rate and the shortest latency, or with -1 of the other ends."""
    latencies = [each.latency for each in links if each.latency is not None]
    rates = [each.bandwidth for each in links if each.bandwidth is not None]
    return Link(
        min(latencies, key=lambda each: sign * each.value, default=None),
        max(rates, key=lambda each: sign * each.value, default=None),
    )


def _typical(rates: Mapping[Pair, float], name: str) -> float:
    return median_high(rate for pair, rate in rates.items() if name in pair)


def _notes(known: Mapping[Pair, Link], lost: bool) -> tuple[str, ...]:
    """The slow links by name, and ranks that nobody can place."""
    notes = []
    rates = {pair: each.bandwidth.value for pair, each in known.items() if each.bandwidth}
    usual = median_high(rates.values()) if rates else 0.0
    slow = [pair for pair, rate in rates.items() if rate < SLOW * usual]
    if slow:
        told = ", ".join(
            f"{one} – {other} {significant(100 * rates[one, other] / usual, 2)} %"
            for one, other in sorted(slow, key=lambda pair: rates[pair])[:3]
        )
        more = f" and {len(slow) - 3} more" if len(slow) > 3 else ""
        notes.append(
            f"slow links, as a share of the median link: {told}{more}; a set of hosts is as slow "
            "as its slowest link"
        )
    if lost:
        notes.append(
            "a collective was measured, but which of its ranks is which host cannot be told from "
            "the reports; its all-reduce stands for the link of any two"
        )
    return tuple(notes)
