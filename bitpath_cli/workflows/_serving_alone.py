"""A model alone, one request at a time with rests between: module by module here, and over there.

Rests let a quota's budget and a link's burst recover, so what is measured is the work itself.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

from bitpath_cli.benchmarks._inference_stages import Stages
from bitpath_cli.benchmarks._inference_subject import Subject, Tensors, blame
from bitpath_cli.errors import BadModel
from bitpath_cli.host import Host, monotonic
from bitpath_cli.meters import throttling
from bitpath_cli.serving.client import Client, Refused
from bitpath_cli.workflows._edge_part import EdgePart, Placement
from bitpath_cli.workflows._tensors import to_array

_LEAST_SAMPLES: Final = 3
_MOST_SAMPLES: Final = 60
_WARM_UPS: Final = 2
_HAND_OVERS: Final = 25
_THROTTLED: Final = "throttled_time"
_HAND_OVER_SECONDS: Final = 2e-3
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
    """Alternately the whole and the small model, for about so many seconds.

    `pause` is that between requests: what rests as long is as cold as it will be then. Seconds in
    which the kernel stopped the process for its quota are taken off.
    """
    rows: list[tuple[float, ...]] = []
    small: list[float] = []
    spent = busy = 0.0
    part.prepare()
    deadline = monotonic() + seconds
    with blame(part.subject.name):
        while len(rows) < _LEAST_SAMPLES or (monotonic() < deadline and len(rows) < _MOST_SAMPLES):
            inputs = part.pool[len(rows) % len(part.pool)]
            ran = _watch(partial(_time_modules, part.stages, inputs), part.threads)
            rows.append(tuple(ran.share * each for each in ran.seconds))
            busy, spent = busy + ran.used, spent + ran.share * ran.spent
            time.sleep(max(pause, _recovery(ran.used, ran.spent, quota)))
            if part.small_weight_bytes:
                ran = _watch(partial(_time, partial(part.compute, len(rows))), part.threads)
                small.append(ran.share * ran.seconds[0])
                time.sleep(_recovery(ran.used, ran.spent, quota))
    hand_over = asyncio.run(_hand_over())
    return AtEdge(tuple(rows), tuple(small), hand_over, busy / spent)


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


async def _hand_over() -> float:
    """A request to another thread and back, as every one is handed to the worker."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    for _ in range(_HAND_OVERS):
        begin = monotonic()
        await loop.run_in_executor(None, _nothing)
        taken.append(monotonic() - begin)
        await asyncio.sleep(_HAND_OVER_SECONDS)
    return median(taken)


def _nothing() -> None:
    """The least that a worker can be asked."""
