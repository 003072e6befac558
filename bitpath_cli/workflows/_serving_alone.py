"""A model alone, one request at a time with rests between: module by module here, and over there.

Rests let a quota's budget and a link's burst recover, so what is measured is the work itself. What
is measured here comes as requests will, so that it is as cold and is handed over as they are.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from statistics import median
from typing import Final

from bitpath_cli.benchmarks._inference_stages import Stages
from bitpath_cli.benchmarks._inference_subject import Subject, Tensors
from bitpath_cli.errors import BadModel
from bitpath_cli.host import Host, monotonic
from bitpath_cli.meters import throttling
from bitpath_cli.serving.client import Client, Refused
from bitpath_cli.workflows._drive import drive
from bitpath_cli.workflows._edge_part import EdgePart, Placement, Sent, blamed
from bitpath_cli.workflows._tensors import to_array

_LEAST_SAMPLES: Final = 3
_MOST_SAMPLES: Final = 60
_WARM_UPS: Final = 2
_THROTTLED: Final = "throttled_time"
# Work that begins this much later than its like takes never waits for it.
_SPARE: Final = 1.5
_PATIENCE_SECONDS: Final = 600.0
# Of a quota's budget, no more than this is used while measuring.
_USED_SHARE: Final = 0.5
_ESCALATED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Parts:
    """What the model is: modules, bytes of what enters each and of the answer, bytes of weights."""

    entering_bytes: tuple[int, ...]
    answer_bytes: int
    weight_bytes: int
    small_weight_bytes: int

    @property
    def modules(self) -> int:
        """How many there are; it can be split before each but the first."""
        return len(self.entering_bytes)


@dataclass(frozen=True, slots=True)
class AtEdge:
    """Seconds of each module in each sample, of the small model, and of handing a request over.

    `busy` is processor seconds a second of computing: the threads that really work.
    """

    modules: tuple[tuple[float, ...], ...]
    small: tuple[float, ...]
    hand_over: float
    busy: float

    @property
    def whole(self) -> tuple[float, ...]:
        """Seconds of the whole model, sample by sample."""
        return self.until(len(self.modules[0]))

    def until(self, module: int) -> tuple[float, ...]:
        """Seconds of the modules before that one."""
        return tuple(sum(each[:module]) for each in self.modules)

    def share_from(self, module: int) -> float:
        """What the modules from that one on take, as a share of the whole."""
        return 1 - median(self.until(module)) / median(self.whole)


@dataclass(frozen=True, slots=True)
class AtCentre:
    """Seconds of the whole model as the service told them, and processor seconds a second."""

    whole: tuple[float, ...]
    busy: float


def prepare(model: str, small: str, threads: int, must_cascade: bool) -> EdgePart:
    """The edge's part of a cascade, which any placement can be made of.

    Where the model cannot be made smaller and nobody asked for a cascade, one of the others'.
    BadModel for what cannot be run.
    """
    try:
        return EdgePart(model, Placement("cascade", escalated=_ESCALATED), threads, small)
    except BadModel:
        if small or must_cascade:
            raise
        return EdgePart(model, Placement("edge"), threads, "")


def parts_of(part: EdgePart) -> Parts:
    """What enters each module, and what the models weigh."""
    inputs = part.pool[0]
    entering = [_bytes_of(inputs)]
    for module in range(part.stages.count):
        inputs = (part.stages.run(inputs, module, module + 1),)
        entering.append(_bytes_of(inputs))
    return Parts(
        tuple(entering[:-1]), entering[-1], part.stages.weight_bytes, part.small_weight_bytes
    )


def measure_edge(part: EdgePart, seconds: float, pause: float, quota: float | None) -> AtEdge:
    """In turn the whole and the small model, for about so many seconds; BadModel if one raises.

    `pause` is that between requests: what rests as long is as cold as it will be then. Seconds in
    which the kernel stopped the process for its quota are taken off.
    """
    trying = _Rehearsal(part)
    trying.prepare()
    for turn in range(trying.turns):
        trying.compute(turn)
    gaps = [max(pause, _SPARE * each.spent, _period(each, quota)) for each in trying.ran]
    least, most = _LEAST_SAMPLES * len(gaps), _MOST_SAMPLES * len(gaps)
    count = min(most, max(least, int(len(gaps) * seconds / sum(gaps))))
    arrivals = list(accumulate((gaps[index % len(gaps)] for index in range(count)), initial=0.0))
    trying.ran.clear()
    outcome = asyncio.run(drive(trying, None, arrivals[:count], _PATIENCE_SECONDS))
    if outcome.lost is not None:
        raise outcome.lost
    whole, small = (trying.ran[turn :: trying.turns] for turn in (0, trying.turns - 1))
    handed = median(each.latency - each.edge_seconds for each in outcome.done)
    return AtEdge(
        tuple(each.alone for each in whole),
        tuple(each.alone[0] for each in small) if trying.turns > 1 else (),
        handed, sum(each.used for each in whole) / sum(each.share * each.spent for each in whole),
    )  # fmt: skip


async def measure_centre(
    client: Client,
    subject: Subject,
    seconds: float,
    pause: float,
    quota: float | None,
    threads: int,
) -> AtCentre:
    """Single requests for the whole model; PeerFailed where the service does not answer them."""
    found: list[float] = []
    busy = 0.0
    deadline = monotonic() + seconds
    asked = 0
    while len(found) < _LEAST_SAMPLES or (monotonic() < deadline and len(found) < _MOST_SAMPLES):
        try:
            reply = await client.ask(0, [to_array(each) for each in subject.draw(1, asked)])
        except Refused as refusal:
            raise refusal.lasting() from refusal
        asked += 1
        told = reply.told["compute_seconds"]
        used = reply.told["cpu_seconds"]
        if asked > _WARM_UPS:
            found.append(told if quota is None else used / threads)
            busy += used
        await asyncio.sleep(max(pause, _recovery(used, told, quota)))
    return AtCentre(tuple(found), busy / sum(found))


def _bytes_of(tensors: Tensors) -> int:
    return sum(each.numel() * each.element_size() for each in tensors)


@dataclass(frozen=True, slots=True)
class _Ran:
    """What some work took, of which `share` was not the kernel's stopping the process."""

    seconds: tuple[float, ...]
    spent: float
    used: float
    share: float

    @property
    def alone(self) -> tuple[float, ...]:
        """Seconds of each part without the kernel's stopping it."""
        return tuple(self.share * each for each in self.seconds)


class _Rehearsal:
    """The edge's work while it is measured: the whole model by its modules, then the small one."""

    def __init__(self, part: EdgePart) -> None:
        self.turns = 2 if part.small_weight_bytes else 1
        self.ran: list[_Ran] = []
        self._part = part

    def prepare(self) -> None:
        self._part.prepare()

    def compute(self, index: int) -> Sent:
        part, turn = self._part, index // self.turns
        work = partial(_time_modules, part.stages, part.pool[turn % len(part.pool)])
        if index % self.turns:
            work = partial(_time, partial(part.compute, turn))
        with blamed(part.subject.name):
            self.ran.append(_watch(work, part.threads))
        return Sent(part.reference(turn))


def _watch(work: Callable[[], tuple[float, ...]], threads: int) -> _Ran:
    """It ran for no less than the processor's own clock says."""
    stopped, working, begin = _stopped(), time.process_time(), monotonic()
    seconds = work()
    spent = monotonic() - begin
    used = time.process_time() - working
    running = max(spent - (_stopped() - stopped), min(spent, used / threads))
    return _Ran(seconds, spent, used, running / spent)


def _stopped() -> float:
    """Seconds for which quotas have stopped this process's group until now."""
    return sum(
        each.quantity.value
        for each in throttling.METER.read(Host())
        if each.name == _THROTTLED and each.form == "counter"
    )


def _time(work: Callable[[], object]) -> tuple[float, ...]:
    begin = monotonic()
    work()
    return (monotonic() - begin,)


def _time_modules(stages: Stages, inputs: Tensors) -> tuple[float, ...]:
    taken = []
    for module in range(stages.count):
        begin = monotonic()
        inputs = (stages.run(inputs, module, module + 1),)
        taken.append(monotonic() - begin)
    return tuple(taken)


def _recovery(used: float, spent: float, quota: float | None) -> float:
    """How long a quota's budget must rest, so that what comes next is not stopped by it."""
    return 0.0 if quota is None else max(0.0, used / (_USED_SHARE * quota) - spent)


def _period(ran: _Ran, quota: float | None) -> float:
    """From the begin of such work until the next may begin."""
    return ran.spent + _recovery(ran.used, ran.spent, quota)
