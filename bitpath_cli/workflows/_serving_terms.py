"""The five terms of a placement under its traffic, by one rule for what is predicted and measured.

Machines and prices are the site's: the edge is today's host, the centre the offer that is cheapest
by the hour, or one more like today's where the site names none.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli import catalogue
from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.errors import BitpathError
from bitpath_cli.model.report import Report
from bitpath_cli.model.site import Offer, Site
from bitpath_cli.prediction.energy import energy, power
from bitpath_cli.prediction.latency import PLANNED_UTILISATION
from bitpath_cli.prediction.money import amortised
from bitpath_cli.strategies import Machine
from bitpath_cli.workflows._edge_part import Placement
from bitpath_cli.workflows._machines import rented_machine
from bitpath_cli.workflows._serving_alone import Parts
from bitpath_cli.workflows._todays_host import todays_machine

_AT_EDGE: Final = ("edge", "split", "cascade")
_AT_CENTRE: Final = ("cloud", "split", "cascade")


@dataclass(frozen=True, slots=True)
class Node:
    """What a node costs a second while it is kept, and draws; `name` says whose figures these are.

    `egress` is the currency for a byte that leaves it.
    """

    name: str
    price: float
    egress: float
    idle_watts: float
    full_watts: float
    pue: float


@dataclass(frozen=True, slots=True)
class Nodes:
    """Both ends, how many threads each computes with, and what the link carries a second."""

    edge: Node
    centre: Node
    threads: tuple[int, int]
    rates: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spent:
    """A run: requests, seconds, and means of a request; each one figure, or [1, draws]."""

    requests: int
    seconds: Tensor
    latency: Tensor
    edge_cpu: Tensor
    centre_cpu: Tensor
    sent: Tensor
    received: Tensor


def find_nodes(report: Report, site: Site) -> tuple[Node, Node]:
    """Edge and centre; UnmeasuredHost where the report does not tell what today's host is."""
    today = todays_machine(report, site)
    one = torch.ones(1, dtype=torch.float64)
    owned = float(amortised(one * today.prices["owned"].value, one * site.lifetime.value, one))
    edge = Node(
        "today's host", owned, 0.0, today.power_idle.value, today.power_max.value,
        site.place.pue.value,
    )  # fmt: skip
    return edge, _centre(site) or edge


def terms(placement: Placement, spent: Spent, parts: Parts, nodes: Nodes) -> TermTensors:
    """Of the whole run: what is kept is kept until its last answer."""
    requests, seconds = spent.requests, spent.seconds
    sent, received = requests * spent.sent, requests * spent.received
    hardware, joules = torch.zeros_like(seconds), torch.zeros_like(seconds)
    for node, threads, used, here in (
        (nodes.edge, nodes.threads[0], spent.edge_cpu, placement.kind in _AT_EDGE),
        (nodes.centre, nodes.threads[1], spent.centre_cpu, placement.kind in _AT_CENTRE),
    ):
        if not here:
            continue
        utilisation = requests * used / seconds / threads
        watts = power(seconds * 0 + node.idle_watts, seconds * 0 + node.full_watts, utilisation)
        hardware = hardware + node.price * seconds + node.egress * received
        joules = joules + energy(watts, seconds, seconds * 0 + node.pue)
    return TermTensors(
        compute=requests * spent.latency,
        storage=_kept(placement, parts) * seconds,
        bandwidth=sent + received,
        link_time=sent / nodes.rates[0] + received / nodes.rates[1],
        hardware=hardware,
        energy=joules,
    )


def reference(service_seconds: float, spent: Spent, parts: Parts, nodes: Nodes) -> TermTensors:
    """The same requests answered at the edge without waiting, by as many hosts as ρ = 0.7 needs.

    Links could carry bytes for as long as the requests come.
    """
    busy, duration = spent.requests * service_seconds, spent.seconds
    hosts = busy / duration / PLANNED_UTILISATION
    full = torch.full_like(duration, PLANNED_UTILISATION)
    watts = power(
        torch.full_like(duration, nodes.edge.idle_watts),
        torch.full_like(duration, nodes.edge.full_watts), full,
    )  # fmt: skip
    return TermTensors(
        compute=torch.full_like(duration, busy),
        storage=hosts.clamp_min(1.0) * parts.weight_bytes * duration,
        bandwidth=nodes.rates[0] * duration,
        link_time=duration,
        hardware=hosts * nodes.edge.price * duration,
        energy=hosts * energy(watts, duration, torch.full_like(duration, nodes.edge.pue)),
    )


def _kept(placement: Placement, parts: Parts) -> float:
    """Bytes of weights: a split's lie at one end or the other, a cascade keeps both models."""
    small = parts.small_weight_bytes if placement.kind == "cascade" else 0
    return float(parts.weight_bytes + small)


def _centre(site: Site) -> Node | None:
    cloud = site.cloud
    if cloud is None:
        return None
    offers = sorted(cloud.offers, key=lambda each: each.on_demand.value)
    found = next(((each, known) for each in offers if (known := _rented(each, site))), None)
    if found is None:
        return None
    offer, machine = found
    return Node(
        f"{offer.name} of {cloud.provider}", offer.on_demand.value, cloud.egress_price.value,
        machine.power_idle.value, machine.power_max.value, cloud.place.pue.value,
    )  # fmt: skip


def _rented(offer: Offer, site: Site) -> Machine | None:
    try:
        return rented_machine(offer, catalogue.device(offer.device), site)
    except BitpathError:
        return None
