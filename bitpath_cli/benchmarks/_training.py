"""A training loop that knows where its time goes: a Trial whose operation is a round of steps.

A round is one step, or as many as lie between two averages of the models. Learning is looked at
between the timed runs, each time that the samples seen have doubled.
"""

import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from bitpath_cli.benchmarks._models import Family, Kind, sample_inputs
from bitpath_cli.benchmarks._synchronise import Replica
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.protocols import Ranks

Part = Literal["load", "forward", "backward", "combine", "optimise", "average"]
PARTS: Final[tuple[Part, ...]] = ("load", "forward", "backward", "combine", "optimise", "average")
_HELD_OUT: Final = 256
_HELD_OUT_SEED: Final = 97
_AGREEMENT: Final = 1e-4


class Batches(Protocol):
    """Where inputs and targets come from."""

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Inputs and targets of one step."""
        ...


@dataclass(frozen=True, slots=True)
class Course:
    """What is trained: a model under a way of synchronising, `every` steps a round.

    The first `busy` ranks train while any others wait; together they keep one model if `is_shared`.
    """

    family: Family
    kind: Kind
    model: nn.Module
    replica: Replica
    every: int = 1
    busy: int = 1
    is_shared: bool = False


@dataclass
class _Tally:
    """What was seen over all runs, of this rank."""

    rounds: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    processor_seconds: float = 0.0
    sent_bytes: list[float] = field(default_factory=list)
    parts: dict[Part, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    curve: list[tuple[float, int, float]] = field(default_factory=list)


class Training:
    """A Trial; its time is the slowest rank's."""

    def __init__(
        self, course: Course, batches: Batches, batch: int, ranks: Ranks | None, interface: str
    ) -> None:
        """`batch` is this rank's; the bytes that `interface` sends are counted beside."""
        self._course = course
        self._batches = batches
        self._batch = batch
        self._ranks = ranks
        self._is_idle = ranks is not None and ranks.rank >= course.busy
        # One interface counts what all ranks of this host send.
        self._here = 1 if ranks is None else ranks.addresses.count(ranks.addresses[ranks.rank])
        self._link = Sender(interface)
        self._tally = _Tally()
        self._held_out = sample_inputs(course.family, _HELD_OUT, _HELD_OUT_SEED)
        self._looked_at = 0
        self._look()

    def run(self, operations: int) -> float:
        """See Trial: so many rounds, from the ranks' coming together to the slowest one's end."""
        tally = self._tally
        if self._ranks is not None:
            self._ranks.align()
        sent, busy, begin = self._link.bytes(), time.process_time(), monotonic()
        for _ in range(0 if self._is_idle else operations):
            self._round()
        seconds = monotonic() - begin
        tally.own_seconds += seconds
        tally.processor_seconds += time.process_time() - busy
        if self._ranks is not None:
            seconds = self._ranks.slowest(seconds)
        tally.sent_bytes.append(
            (self._link.bytes() - sent) / self._here / self._course.every / operations
        )
        tally.rounds += operations
        tally.seconds += seconds
        if self._steps >= 2 * self._looked_at:
            self._look()
        return seconds

    def find_error(self) -> str | None:
        """See Trial: after a round the replicas must be one model, where they mean to be."""
        self.run(1)
        if self._ranks is None or not self._course.is_shared:
            return None
        mine = torch.cat([each.detach().flatten() for each in self._course.model.parameters()])
        theirs = mine.clone()
        dist.broadcast(theirs, src=0)
        apart = float((mine - theirs).abs().max())
        if self._is_idle or apart <= _AGREEMENT * float(theirs.abs().max()):
            return None
        return f"after a synchronisation the replicas are {apart:.2g} apart"

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: seconds of a step's parts, bytes, processor time, and what was learnt."""
        self._look()
        tally, steps = self._tally, max(1, self._steps)
        curve = tally.curve
        return {
            **{f"{part}_seconds": tuple(tally.parts[part]) for part in PARTS},
            "sent_bytes_per_step": tuple(tally.sent_bytes) if self._link.is_known else (),
            "processor_seconds_per_step": (tally.processor_seconds / steps,),
            "rank_seconds_per_step": self._by_rank(tally.own_seconds / steps),
            "curve_seconds": tuple(each[0] for each in curve),
            "curve_samples": tuple(float(each[1]) for each in curve),
            "curve_loss": tuple(each[2] for each in curve),
            "steps": (float(self._steps),),
        }

    def _by_rank(self, mine: float) -> tuple[float, ...]:
        """The same figure of every rank that trains, in their order."""
        if self._ranks is None:
            return (mine,)
        told = torch.zeros(self._ranks.size, dtype=torch.float64)
        told[self._ranks.rank] = mine
        dist.all_reduce(told)
        return tuple(told.tolist()[: self._course.busy])

    @property
    def _steps(self) -> int:
        return self._tally.rounds * self._course.every

    def _round(self) -> None:
        """The parts of every step of the round, summed over it."""
        spent = dict.fromkeys(PARTS, 0.0)
        for _ in range(self._course.every):
            self._step(spent)
        for part in PARTS:
            self._tally.parts[part].append(spent[part] / self._course.every)

    def _step(self, spent: dict[Part, float]) -> None:
        course, replica = self._course, self._course.replica
        at = monotonic()
        inputs, targets = self._batches.next_batch()
        at = _add(spent, "load", at)
        loss = course.kind.loss(replica.forward(inputs), targets)
        at = _add(spent, "forward", at)
        loss.backward()  # type: ignore[no-untyped-call]
        at = _add(spent, "backward", at)
        replica.combine()
        at = _add(spent, "combine", at)
        replica.optimise()
        at = _add(spent, "optimise", at)
        # The averagers take the parameters that have a gradient: it may go only after them.
        replica.average()
        at = _add(spent, "average", at)
        replica.clear()
        _add(spent, "optimise", at)

    def _look(self) -> None:
        """The loss on samples that are never trained on, beside the time and samples until now."""
        model, kind = self._course.model, self._course.kind
        inputs, targets = self._held_out
        model.eval()
        with torch.no_grad():
            loss = float(kind.loss(model(inputs), targets))
        model.train()
        self._looked_at = max(1, self._steps)
        samples = self._steps * self._batch * (self._course.busy if self._course.is_shared else 1)
        curve = self._tally.curve
        # A loss that is no number says that it diverged; it has no place on a curve.
        if math.isfinite(loss) and (not curve or curve[-1][1] < samples):
            curve.append((self._tally.seconds, samples, loss))


def readiness(course: Course, batches: Batches, passes: int = 5) -> tuple[list[int], list[float]]:
    """When gradients are ready: their bytes in order, and the share of backward gone by then.

    From hooks that autograd calls as each gradient is complete (the median over the passes); it is
    what decides how much of an all-reduce can hide behind the computation.
    """
    parameters = [each for each in course.model.parameters() if each.requires_grad]
    moments: list[tuple[int, float]] = []
    shares: list[list[float]] = []
    order: list[int] = []
    with _noting(parameters, moments):
        for _ in range(passes):
            inputs, targets = batches.next_batch()
            loss = course.kind.loss(course.model(inputs), targets)
            moments.clear()
            begin = monotonic()
            loss.backward()  # type: ignore[no-untyped-call]
            whole = monotonic() - begin
            order = [index for index, _ in moments]
            shares.append([(at - begin) / whole for _, at in moments])
            course.model.zero_grad()
    middle = [sorted(each)[len(each) // 2] for each in zip(*shares, strict=True)]
    sizes = [parameters[index].numel() * parameters[index].element_size() for index in order]
    return sizes, middle


@contextlib.contextmanager
def _noting(parameters: list[nn.Parameter], moments: list[tuple[int, float]]) -> Iterator[None]:
    handles = [
        each.register_post_accumulate_grad_hook(  # type: ignore[no-untyped-call]
            lambda _, index=index: moments.append((index, monotonic()))
        )
        for index, each in enumerate(parameters)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Sender:
    """What an interface has sent since the machine started, where there is one to ask."""

    def __init__(self, interface: str) -> None:
        self._path = f"/sys/class/net/{interface}/statistics/tx_bytes"
        self._host = Host()
        self.is_known = bool(interface) and isinstance(self._host.read_text(self._path), str)

    def bytes(self) -> int:
        """The counter; a constant where it is not known."""
        text = self._host.read_text(self._path) if self.is_known else ""
        return int(text) if isinstance(text, str) and text.strip().isdigit() else 0


def _add(spent: dict[Part, float], part: Part, since: float) -> float:
    now = monotonic()
    spent[part] += now - since
    return now
