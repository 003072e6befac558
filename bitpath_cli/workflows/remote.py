"""Runs a placement of a model between this host and a service, and measures what it costs.

Latencies count from each request's arrival on a schedule that was drawn before (no coordinated
omission); bytes are those of the messages and, beside them, of the interface on the way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bitpath_cli.benchmarks._load import Traffic, draw_arrivals
from bitpath_cli.errors import BadModel, BadValue, PeerFailed
from bitpath_cli.host import Host, monotonic
from bitpath_cli.launchers._way import find_way, is_loopback
from bitpath_cli.meters import Snapshot, interfaces
from bitpath_cli.meters._counter import difference
from bitpath_cli.model.placement import PlacementResult
from bitpath_cli.model.reading import (
    Reading,
    absent,
    failed,
    unsupported,
)
from bitpath_cli.serving.client import Client
from bitpath_cli.workflows._drive import Outcome, drive, warm_up
from bitpath_cli.workflows._edge_part import EdgePart, Placement, parse_placement
from bitpath_cli.workflows._placement_account import NOT_ASKED, Account

REQUEST_SECONDS: Final = 30.0
_MOST_REQUESTS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Link:
    """The service and its token."""

    url: str
    token: str


def measure_placement(
    model: str,
    placement: Placement | str,
    traffic: Traffic,
    link: Link | None,
    threads: int,
    small: str = "",
    request_seconds: float = REQUEST_SECONDS,
    prepared: EdgePart | None = None,
) -> PlacementResult:
    """One run of a placement; `link` may be None for `edge` alone.

    `prepared` is the edge's part of a cascade of the same model, for who runs several placements.

    Raises PeerFailed where the service cannot be reached, refuses the token, has another model or
    goes away; BadModel and BadValue for what cannot be run. A request that the service refuses, or
    that takes longer than `request_seconds`, is counted as failed.
    """
    where = parse_placement(placement) if isinstance(placement, str) else placement
    if where.kind == "edge":
        link = None
    elif link is None:
        raise BadValue("--placement", str(where), "edge, or a service with --remote")
    interface = "" if link is None else find_interface(link.url)
    count = traffic.count
    if not traffic.rate > 0 or count > _MOST_REQUESTS:
        raise BadValue(
            "--rate",
            f"{traffic.rate:g}/s",
            f"more than 0, and at most {_MOST_REQUESTS} requests a run",
        )
    edge = EdgePart(model, where, threads, small) if prepared is None else prepared.at(where)
    arrivals = draw_arrivals(traffic.rate, count, traffic.arrival, traffic.seed)
    outcome, before, after = asyncio.run(_run(edge, link, arrivals, request_seconds))
    if isinstance(outcome.lost, BadModel):
        raise outcome.lost
    if outcome.lost is not None:
        done = f"{len(outcome.done)} of {count} requests were answered before."
        raise PeerFailed(f"{outcome.lost.what} {done}", outcome.lost.why, outcome.lost.next_step)
    conclude = Account(model, edge, traffic, outcome)
    return conclude.result(count, link_bytes(interface, before, after))


async def _run(
    edge: EdgePart, link: Link | None, arrivals: Sequence[float], request_seconds: float
) -> tuple[Outcome, Snapshot, Snapshot]:
    if link is None:
        await warm_up(edge, None)
        before = look()
        return await drive(edge, None, arrivals, request_seconds), before, look()
    async with Client(link.url, link.token, request_seconds) as client:
        check_served(await client.describe(), edge, link)
        await warm_up(edge, client)
        before = look()
        outcome = await drive(edge, client, arrivals, request_seconds)
        return outcome, before, look()


def check_served(told: dict[str, object], edge: EdgePart, link: Link) -> None:
    """Two ends with other weights would compute something, and nobody would know what."""
    if told.get("digest") != edge.subject.digest():
        raise PeerFailed(
            f"The service at {link.url} has another model than {edge.subject.name} here: its "
            f"{told.get('model')} has other weights.",
            "The name, the file or the version differs.",
            f"Start it with the same: bitpath serve --model {edge.subject.name}",
        )
    if edge.placement.kind == "split" and told.get("modules") == 1:
        raise PeerFailed(
            f"The service at {link.url} can only be asked for the whole model.",
            f"It serves it in {told.get('precision')} on {told.get('engine')}, which has no parts.",
            "Start it without --precision and --engine.",
        )


def look() -> Snapshot:
    """What every interface has counted until now."""
    return Snapshot(monotonic(), interfaces.METER.read(Host()))


def find_interface(url: str) -> str:
    """The interface on the way to the service; BadValue for what is no address of one."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or not port:
        raise BadValue("--remote", url, "an address such as http://10.0.0.1:29471")
    return find_way("--remote", parts.hostname, port)[1]


def link_bytes(interface: str, before: Snapshot, after: Snapshot) -> tuple[Reading, Reading]:
    """What the interface sent and received meanwhile, whoever caused it."""
    if not interface:
        return absent(NOT_ASKED), absent(NOT_ASKED)
    if interface == "lo":
        why = unsupported("loopback counts both directions as one")
        return why, why
    changes = {(each.name, each.subject): each.reading for each in difference(before, after)}
    lacking = failed(f"{interface} has no counters in /proc/net/dev")
    return (
        changes.get(("network_sent", interface), lacking),
        changes.get(("network_received", interface), lacking),
    )


def is_local(url: str) -> bool:
    """Whether a service is on this host, where no network is between the ends."""
    host = urlsplit(url).hostname or ""
    try:
        return is_loopback(host)
    except ValueError:
        return host == "localhost"
