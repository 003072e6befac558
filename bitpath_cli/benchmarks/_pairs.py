"""Every two hosts alone with each other: latency and bandwidth, in rounds in which none meets two.

The rounds are those of a round-robin tournament (the circle method): one player stays, the others
move on by a seat.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median
from typing import Final

import torch
import torch.distributed as dist

from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks

_PINGS: Final = 20
_KEPT: Final = 200


def latency_of(first: int, second: int) -> str:
    """The evidence's name for half a round trip between two ranks."""
    return f"latency_{first}_{second}"


def transfer_of(first: int, second: int) -> str:
    """The evidence's name for an exchange of both ranks' messages."""
    return f"transfer_{first}_{second}"


def find_players(addresses: Sequence[str]) -> tuple[int, ...]:
    """The first rank of every host; all ranks where there is one host."""
    firsts = tuple(dict.fromkeys(addresses.index(address) for address in addresses))
    return firsts if len(firsts) > 1 else tuple(range(len(addresses)))


def schedule(players: Sequence[int]) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Rounds of pairs, in which everyone meets everyone once and no one twice in a round."""
    seats: list[int | None] = [*players, *([None] if len(players) % 2 else [])]
    rounds = []
    for _ in range(len(seats) - 1):
        half = len(seats) // 2
        facing = zip(seats[:half], reversed(seats[half:]), strict=True)
        rounds.append(
            tuple(
                (min(one, other), max(one, other))
                for one, other in facing
                if one is not None and other is not None
            )
        )
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return tuple(rounds)


class Pairs:
    """A Trial: an operation is a whole tournament; the lower rank of each pair holds the clock."""

    def __init__(self, ranks: Ranks, size_bytes: int) -> None:
        """`size_bytes` travel each way at once."""
        self._ranks = ranks
        players = find_players(ranks.addresses)
        self._rounds = schedule(players)
        self._pairs = tuple(combinations(players, 2))
        self._given = torch.full((size_bytes,), ranks.rank % 100, dtype=torch.uint8)
        self._received = torch.zeros(size_bytes, dtype=torch.uint8)
        self._seen = {pair: deque[tuple[float, float]](maxlen=_KEPT) for pair in self._pairs}

    def run(self, operations: int) -> float:
        """See Trial: the slowest rank's seconds."""
        begin = monotonic()
        for _ in range(operations):
            for pair, (latency, transfer) in zip(self._pairs, self._play(), strict=True):
                self._seen[pair].append((latency, transfer))
        return self._ranks.slowest(monotonic() - begin)

    def find_error(self) -> str | None:
        """See Trial: whether the last partner's message arrived whole."""
        self._play()
        rank = self._ranks.rank
        met = [each for pairs in self._rounds for pair in pairs if rank in pair for each in pair]
        if not met:
            return None
        partner = next(each for each in reversed(met) if each != rank)
        if bool((self._received == partner % 100).all()):
            return None
        return f"what rank {partner} sent arrived changed"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: bytes each way, and the seconds of every pair, tournament by tournament."""
        told: dict[str, tuple[float, ...]] = {"size": (float(len(self._given)),)}
        for pair, seen in self._seen.items():
            told[latency_of(*pair)] = tuple(latency for latency, _ in seen)
            told[transfer_of(*pair)] = tuple(transfer for _, transfer in seen)
        return told

    def _play(self) -> list[list[float]]:
        """One tournament: latency and transfer of every pair, known to every rank."""
        times = torch.zeros(len(self._pairs), 2, dtype=torch.float64)
        for pairs in self._rounds:
            self._ranks.align()
            for index, pair in enumerate(self._pairs):
                if pair in pairs and self._ranks.rank in pair:
                    times[index] = torch.tensor(self._meet(pair), dtype=torch.float64)
        dist.all_reduce(times)
        return [list(row) for row in times.tolist()]

    def _meet(self, pair: tuple[int, int]) -> tuple[float, float]:
        """Half a round trip and the exchange, by the lower rank's clock; zeros in the other."""
        first, second = pair
        is_first = self._ranks.rank == first
        partner = second if is_first else first
        token = torch.zeros(1, dtype=torch.uint8)
        trips = []
        for _ in range(_PINGS):
            begin = monotonic()
            for sends in (is_first, not is_first):
                if sends:
                    dist.send(token, partner)
                else:
                    dist.recv(token, partner)
            trips.append(monotonic() - begin)
        begin = monotonic()
        # Gloo asks for a message over the same connection: after ours it would have to wait.
        works = [dist.irecv(self._received, partner), dist.isend(self._given, partner)]
        _wait_for(works)
        # A message is sent when the kernel has taken it; only the partner knows that it arrived.
        _wait_for([dist.irecv(token, partner), dist.isend(torch.zeros_like(token), partner)])
        seconds = monotonic() - begin
        return (median(trips) / 2, seconds) if is_first else (0.0, 0.0)


def _wait_for(works: Sequence[dist.Work | None]) -> None:
    for work in works:
        if work is not None:
            work.wait()
