"""A rank that sleeps for as long as an accelerator of a stated speed would compute.

As MLPerf Storage does with its think time: the computing is pretended, the all-reduce is real, so
that more nodes than cores can be tried. What comes of it is labelled simulated.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.distributed as dist

from bitpath_cli.benchmarks._buckets import Bucket
from bitpath_cli.benchmarks._training import Sender
from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks


@dataclass(frozen=True, slots=True)
class Pretence:
    """Seconds of a step's parts, the buckets of its gradient, and the steps between averages.

    `every` 0 means that gradients are reduced in every step, bucket by bucket.
    """

    forward_seconds: float
    backward_seconds: float
    buckets: tuple[Bucket, ...]
    every: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """All ranks there are; the first `busy` train, and talk over `group` (None: all of them)."""

    ranks: Ranks | None
    busy: int
    group: dist.ProcessGroup | None = None

    @property
    def is_idle(self) -> bool:
        """Whether this rank only waits."""
        return self.ranks is not None and self.ranks.rank >= self.busy

    @property
    def talks(self) -> bool:
        """Whether there is anybody to talk to."""
        return self.busy > 1


class SimulatedTraining:
    """A Trial; an operation is a step, or as many as lie between two averages."""

    def __init__(self, pretence: Pretence, crowd: Crowd, interface: str) -> None:
        """Allocates what is reduced."""
        self._pretence = pretence
        self._crowd = crowd
        self._link = Sender(interface)
        self._sent_bytes: list[float] = []
        ranks = crowd.ranks
        self._here = 1 if ranks is None else ranks.addresses.count(ranks.addresses[ranks.rank])
        self._gradients = [torch.zeros(each.size_bytes // 4) for each in pretence.buckets]

    def run(self, operations: int) -> float:
        """See Trial."""
        ranks = self._crowd.ranks
        if ranks is not None:
            ranks.align()
        sent, begin = self._link.bytes(), monotonic()
        for _ in range(0 if self._crowd.is_idle else operations):
            self._round()
        seconds = monotonic() - begin
        if ranks is not None:
            seconds = ranks.slowest(seconds)
        steps = operations * max(1, self._pretence.every)
        self._sent_bytes.append((self._link.bytes() - sent) / steps / self._here)
        return seconds

    def find_error(self) -> str | None:
        """See Trial: ones reduced over the ranks are their number."""
        if not self._crowd.talks or self._crowd.is_idle:
            return None
        for each in self._gradients:
            each.fill_(1.0)
        self._round()
        if all(bool((each == self._crowd.busy).all()) for each in self._gradients):
            return None
        return "an all-reduce of ones did not give the number of ranks"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {"sent_bytes_per_step": tuple(self._sent_bytes) if self._link.is_known else ()}

    def _round(self) -> None:
        told = self._pretence
        group = self._crowd.group
        if told.every or not self._crowd.talks:
            time.sleep(max(1, told.every) * (told.forward_seconds + told.backward_seconds))
            for each in self._gradients if self._crowd.talks else ():
                dist.all_reduce(each, group=group)
            return
        time.sleep(told.forward_seconds)
        begin, works = monotonic(), []
        for bucket, gradient in zip(told.buckets, self._gradients, strict=True):
            # Until a moment, not for a while: what the calls between take is not added.
            time.sleep(max(0.0, begin + bucket.ready * told.backward_seconds - monotonic()))
            works.append(dist.all_reduce(gradient, group=group, async_op=True))
        time.sleep(max(0.0, begin + told.backward_seconds - monotonic()))
        for work in works:
            work.wait()
