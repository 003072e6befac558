"""The way to a service, measured raw: messages that no model answers, alone and all at once.

What is measured goes through the service's own code, so what packing and sending cost is in it.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.model.reading import Quantity
from bitpath_cli.prediction.interpolation import between
from bitpath_cli.serving.client import Client, Refused
from bitpath_cli.serving.service import BODY_BYTES
from bitpath_cli.workflows.remote import (
    REQUEST_SECONDS,
    Link,
    find_interface,
    link_bytes,
    look,
)

_STEP: Final = 4
_SMALLEST: Final = 4 << 10
_EMPTY: Final = 1
_REPEATS: Final = 8
_LEAST_REPEATS: Final = 3
_AT_ONCE: Final = 4
_LEAST_EACH: Final = 2
# Where a hiccup made the message alone slower than many: not even that of the time is certain.
_SHARE_AT_LEAST: Final = 0.5
_OPENINGS: Final = 3
_CONNECTIONS: Final = 2
_LEAST_LATER: Final = 2
# Messages of a connection that is still finding out what it can carry, beside the first.
_SETTLING: Final = 1
_MOST_PAUSE_SECONDS: Final = 0.1
_HEADER_BYTES: Final = 1 << 10


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Messages of one size, each sent alone: seconds of each, and what all of them cost.

    Bytes and processor seconds are means of one message; bytes are None where no interface that
    counts is on the way.
    """

    size_bytes: int
    seconds: tuple[float, ...]
    sent: float | None
    received: float | None
    edge_cpu: float
    centre_cpu: float


@dataclass(frozen=True, slots=True)
class Direction:
    """Messages by size that went one way, and the bytes a second when several went at once."""

    sizes: tuple[Exchanged, ...]
    rate: float

    def alone(self, size_bytes: float, empty: float) -> float:
        """Seconds that a message alone takes beyond an empty one."""
        largest = self.sizes[-1]
        beyond = max(0.0, size_bytes - largest.size_bytes) / self.rate
        points = [(float(each.size_bytes), median(each.seconds)) for each in self.sizes]
        return max(0.0, between(points, size_bytes) - empty) + beyond

    def burst(self, empty: float) -> float:
        """Bytes that passed at once before the rate began to bind."""
        largest = self.sizes[-1]
        spent = max(0.0, median(largest.seconds) - empty)
        return max(0.0, largest.size_bytes - self.rate * spent)


@dataclass(frozen=True, slots=True)
class Passage:
    """Both directions, an empty exchange, and what the first message of a connection takes more.

    `openings` is that by size; slow start makes it a matter of size.
    """

    empty: Exchanged
    up: Direction
    down: Direction
    openings: tuple[tuple[float, float], ...]

    def opening(self, size_bytes: float) -> float:
        """Seconds that a message of that size takes more where a connection is opened for it."""
        return between(self.openings, size_bytes)

    def having(self, found: Exchanged, opening: float) -> "Passage":
        """With one more request size, or more messages of one that there was."""
        same = [each for each in self.up.sizes if each.size_bytes == found.size_bytes]
        seconds = tuple(second for each in (*same, found) for second in each.seconds)
        others = [each for each in self.up.sizes if each.size_bytes != found.size_bytes]
        sizes = sorted((*others, replace(found, seconds=seconds)), key=lambda each: each.size_bytes)
        openings = {**dict(self.openings), float(found.size_bytes): opening}
        return replace(
            self, up=replace(self.up, sizes=tuple(sizes)), openings=tuple(sorted(openings.items()))
        )

    def wire_bytes(self, sent: float, received: float) -> tuple[float, float] | None:
        """What the interface counts of a request and its reply, as it did of messages like them."""
        empty = self.empty
        if empty.sent is None or empty.received is None:
            return None
        up = [(float(each.size_bytes), each.sent or 0.0) for each in (empty, *self.up.sizes)]
        ack = [(float(each.size_bytes), each.received or 0.0) for each in (empty, *self.up.sizes)]
        down = [
            (float(each.size_bytes), each.received or 0.0) for each in (empty, *self.down.sizes)
        ]
        back = [(float(each.size_bytes), each.sent or 0.0) for each in (empty, *self.down.sizes)]
        return (
            between(up, sent) + between(back, received) - empty.sent,
            between(ack, sent) + between(down, received) - empty.received,
        )

    def processor(self, sent: float, received: float, *, at_edge: bool) -> float:
        """Processor seconds of one end for a request and its reply."""
        name = "edge_cpu" if at_edge else "centre_cpu"
        empty: float = getattr(self.empty, name)
        found = empty
        for direction, size in ((self.up, sent), (self.down, received)):
            points = [
                (float(each.size_bytes), getattr(each, name))
                for each in (self.empty, *direction.sizes)
            ]
            found += max(0.0, between(points, size) - empty)
        return found


async def measure_passage(
    client: Client, link: Link, interface: str, sent: int, received: int, pause: float,
    seconds: float,
) -> Passage:  # fmt: skip
    """For requests of up to `sent` bytes and replies of `received`, in about so many seconds.

    `pause` is that between requests; at most a tenth of a second of it is kept between messages,
    since those of a placement's own size are measured again (`measure_request`).
    Raises PeerFailed where the service goes away or does not know such messages.
    """
    most, pause = _most_bytes(await client.describe()), min(pause, _MOST_PAUSE_SECONDS)
    try:
        empty = await _alone(client, interface, _EMPTY, _EMPTY, pause, seconds / 8)
        ups = await _sweep(client, interface, sent, most, True, pause, seconds / 4)
        downs = await _sweep(client, interface, received, most, False, pause, seconds / 8)
        rates = [
            await _at_once(client, largest.size_bytes, is_up, seconds / 6, median(largest.seconds))
            for largest, is_up in ((ups[-1], True), (downs[-1], False))
        ]
        opening = await _opening(link, ups, pause)
    except Refused as refusal:
        raise PeerFailed(
            f"The service at {link.url} does not answer what a trial asks: {refusal}.",
            "It is of an older version, or its --max-body is smaller than a request.",
            "Start it there with the same version: bitpath serve",
        ) from refusal
    openings = ((float(ups[-1].size_bytes), opening),)
    return Passage(empty, Direction(ups, rates[0]), Direction(downs, rates[1]), openings)


async def measure_request(
    link: Link, size_bytes: int, pause: float, seconds: float
) -> tuple[Exchanged, float]:
    """Requests of just that size, one at a time, and what the first of a connection takes more.

    What lies between two sizes is no straight line: TCP sends ten segments and then waits a round
    trip (RFC 6928), and what it dares later depends on what the connection has carried before. So
    each connection is new and has carried nothing else.
    """
    interface, firsts, later = find_interface(link.url), [], []
    try:
        for _ in range(_CONNECTIONS):
            async with Client(link.url, link.token, REQUEST_SECONDS) as client:
                begin = monotonic()
                await client.exchange(size_bytes, _EMPTY)
                firsts.append(monotonic() - begin)
                for _ in range(_SETTLING):
                    await asyncio.sleep(pause)
                    await client.exchange(size_bytes, _EMPTY)
                await asyncio.sleep(pause)
                later.append(
                    await _alone(
                        client, interface, size_bytes, _EMPTY, pause, seconds / _CONNECTIONS,
                        _LEAST_LATER,
                    )
                )  # fmt: skip
    except Refused as refusal:
        raise refusal.lasting() from refusal
    taken = tuple(second for each in later for second in each.seconds)
    return replace(later[-1], seconds=taken), max(0.0, median(firsts) - median(taken))


async def _alone(
    client: Client, interface: str, sent: int, received: int, pause: float, seconds: float,
    least: int = _LEAST_REPEATS,
) -> Exchanged:  # fmt: skip
    taken: list[float] = []
    used = await _usage(client)
    before, working = look(), time.process_time()
    deadline = monotonic() + seconds
    while len(taken) < least or (len(taken) < _REPEATS and monotonic() < deadline):
        begin = monotonic()
        await client.exchange(sent, received)
        taken.append(monotonic() - begin)
        await asyncio.sleep(pause)
    busy, after = time.process_time() - working, look()
    up, down = link_bytes(interface, before, after)
    count = len(taken)
    return Exchanged(
        max(sent, received), tuple(taken),
        up.value / count if isinstance(up, Quantity) else None,
        down.value / count if isinstance(down, Quantity) else None,
        busy / count, max(0.0, await _usage(client) - used) / count,
    )  # fmt: skip


async def _sweep(
    client: Client,
    interface: str,
    largest: int,
    most: int,
    is_up: bool,
    pause: float,
    seconds: float,
) -> tuple[Exchanged, ...]:
    """From 4 KiB on, by fours, to the first size beyond four times the largest, or to `most`.

    Larger ones than will be sent show what binds when a burst is used up.
    """
    found: list[Exchanged] = []
    size, deadline = _SMALLEST, monotonic() + seconds
    while True:
        sent, received = (size, _EMPTY) if is_up else (_EMPTY, size)
        found.append(await _alone(client, interface, sent, received, pause, seconds / 4))
        if size >= min(_STEP * largest, most) or monotonic() >= deadline:
            return tuple(found)
        size = min(size * _STEP, most)


async def _at_once(
    client: Client, size: int, is_up: bool, seconds: float, alone_seconds: float
) -> float:
    """Bytes a second of four that never rest, each at least twice.

    One message alone takes an empty one's time and what a burst leaves of it; so do all of them
    together. What they take longer is the time of the other bytes at the lasting rate.
    """
    sent, received = (size, _EMPTY) if is_up else (_EMPTY, size)
    begin = monotonic()

    async def send() -> int:
        count = 0
        while count < _LEAST_EACH or monotonic() < begin + seconds:
            await client.exchange(sent, received)
            count += 1
        return count

    counts = await asyncio.gather(*(send() for _ in range(_AT_ONCE)))
    spent = monotonic() - begin
    return (sum(counts) - 1) * size / max(spent - alone_seconds, _SHARE_AT_LEAST * spent)


async def _opening(link: Link, ups: Sequence[Exchanged], pause: float) -> float:
    """What the first message of a connection takes more than a later one."""
    size = ups[-1].size_bytes
    found = []
    for _ in range(_OPENINGS):
        async with Client(link.url, link.token, 30.0) as fresh:
            begin = monotonic()
            await fresh.exchange(size, _EMPTY)
            found.append(monotonic() - begin)
        await asyncio.sleep(pause)
    return max(0.0, median(found) - median(ups[-1].seconds))


def _most_bytes(told: dict[str, object]) -> int:
    """What a message may hold beside its header."""
    limit = told.get("body_bytes")
    return (limit if isinstance(limit, int) else BODY_BYTES) - _HEADER_BYTES


async def _usage(client: Client) -> float:
    told = (await client.describe()).get("cpu_seconds")
    return float(told) if isinstance(told, int | float) else 0.0
