"""What the strategies are asked: a workload at a site, the machines there are, and the wire."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bitpath_cli import catalogue
from bitpath_cli.model.reading import Quantity, assumed
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Doubt
from bitpath_cli.model.site import Site
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE
from bitpath_cli.model.workload import Workload
from bitpath_cli.strategies import Machine, Question, Wire
from bitpath_cli.workflows._combine import scaled
from bitpath_cli.workflows._fleet_hosts import Fleet, fleet_of
from bitpath_cli.workflows._fleet_links import Link, outward
from bitpath_cli.workflows._known_devices import devices_in
from bitpath_cli.workflows._machines import bought_machine, rented_machine
from bitpath_cli.workflows._step_error import step_error
from bitpath_cli.workflows._todays_host import todays_machine
from bitpath_cli.workflows._uplink import with_measured_uplink

SLOWDOWN: Final = assumed(
    1.13, ONE, "κ, measured by Galvatron on its GPUs (1.1256); not on this host", 1.05
)
_OVERLAP_CPU: Final = assumed(
    0.1, ONE, "15 cases with one core a rank took the sum of compute and all-reduce", 3.0
)
OVERLAP_ACCELERATOR: Final = assumed(
    0.9, ONE, "a guess: DDP hides what the last bucket does not expose", 1.1
)


def question_for(
    report: Report,
    workload: Workload,
    site: Site,
    largest_cluster: int | None = None,
    measured: Mapping[str, Report] = MappingProxyType({}),
) -> Question:
    """Today's host or a fleet's first, then what the site's purchases and offers name.

    What was measured to a peer takes the place of the site's assumed uplink; a fleet's members are
    no peers of that kind. All of a fleet may work together unless `largest_cluster` says less.
    `measured` are reports of machines with devices that could be had, by the devices' names.
    """
    fleet = fleet_of(report, site) if report.members else None
    told = outward(report) if fleet else report
    site = with_measured_uplink(told, site)
    wire = _wire(told, site)
    here = fleet.machines if fleet else (todays_machine(report, site),)
    return Question(
        workload=workload,
        site=site,
        machines=(*here, *_to_be_had(site, _known_devices(here, report, site, measured))),
        wire=wire,
        largest_cluster=_largest(site, fleet) if largest_cluster is None else largest_cluster,
        links={} if fleet is None else {
            kinds: _over(wire, link) for kinds, link in fleet.links.items()
        },
        notes=() if fleet is None else fleet.notes,
        step_error=step_error(report),
    )  # fmt: skip


def _to_be_had(site: Site, known: Mapping[str, Machine]) -> Iterator[Machine]:
    """What can be bought, then what can be rented; measured where such a device was."""
    bought = (
        bought_machine(catalogue.device(name), site, known.get(name)) for name in site.purchases
    )
    yield from (each for each in bought if each is not None)
    if site.cloud is not None:
        rented = (
            rented_machine(offer, catalogue.device(offer.device), site, known.get(offer.device))
            for offer in site.cloud.offers
        )
        yield from (each for each in rented if each is not None)


def _known_devices(
    here: Sequence[Machine], report: Report, site: Site, measured: Mapping[str, Report]
) -> dict[str, Machine]:
    """Devices of profiles that were measured: the accelerators here, and what the user names."""
    wanted = {*site.purchases, *(each.device for each in (site.cloud.offers if site.cloud else ()))}
    found: dict[str, Machine] = {}
    if here[0].is_accelerator:
        for source in report.members or (report,):
            for name in wanted & set(devices_in(source)):
                found.setdefault(name, todays_machine(source, site))
    return found | {name: todays_machine(each, site) for name, each in measured.items()}


def _largest(site: Site, fleet: Fleet | None) -> int:
    hosts = 0 if fleet is None else sum(len(each.hosts) for each in fleet.machines)
    return max(site.largest_cluster, hosts)


def _over(wire: Wire, link: Link) -> Wire:
    """The wire with what was measured of a link, and without reductions of other links."""
    return replace(
        wire, latency=link.latency or wire.latency, bandwidth=link.bandwidth or wire.bandwidth,
        ranks=None, sizes=None,
    )  # fmt: skip


def _wire(report: Report, site: Site) -> Wire:
    """The latest all-reduce that crossed a network, with what it cost computing; else the LAN."""
    crossed = [each for each in report.results if _crossed_a_network(each)]
    measured = crossed[-1] if crossed else None
    slowdown = SLOWDOWN
    latency = scaled(site.lan.round_trip, 0.5)
    slower = min((site.lan.up, site.lan.down), key=lambda each: each.value)
    bandwidth = slower
    if measured is not None:
        alpha, beta = measured.metric("alpha"), measured.metric("beta")
        if alpha is not None and isinstance(alpha.reading, Quantity):
            latency = alpha.reading
        if beta is not None and isinstance(beta.reading, Quantity):
            bandwidth = _inverse(beta.reading)
        overlap = measured.metric("overlap_compute_slowdown")
        if overlap is not None and isinstance(overlap.reading, Quantity):
            slowdown = overlap.reading
    return Wire(
        latency=latency, bandwidth=bandwidth, slowdown=slowdown,
        overlap_cpu=_OVERLAP_CPU, overlap_accelerator=OVERLAP_ACCELERATOR,
        ranks=None if measured is None else _world_size(measured),
        sizes=None if measured is None else _sizes(measured),
    )  # fmt: skip


def _world_size(result: BenchmarkResult) -> int | None:
    told = result.parameters.get("world_size")
    return told if isinstance(told, int) else None


def _sizes(result: BenchmarkResult) -> tuple[float, float] | None:
    sizes = [float(each.size_bytes) for each in result.points]
    return (min(sizes), max(sizes)) if sizes else None


def _crossed_a_network(result: BenchmarkResult) -> bool:
    return (
        result.benchmark == "collectives"
        and result.parameters.get("op") == "all_reduce"
        and result.is_usable
        and Doubt.LOOPBACK_ONLY not in result.reasons
        and result.parameters.get("nodes") != 1
    )


def _inverse(seconds_per_byte: Quantity) -> Quantity:
    low, high, level = seconds_per_byte.low, seconds_per_byte.high, seconds_per_byte.level
    bounded = low is not None and high is not None and low > 0
    return Quantity(
        value=1 / seconds_per_byte.value, unit=BYTE_PER_SECOND, origin=seconds_per_byte.origin,
        low=1 / high if bounded and high is not None else None,
        high=1 / low if bounded and low is not None else None,
        level=level if bounded else None,
    )  # fmt: skip
