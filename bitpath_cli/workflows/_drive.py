"""Sends requests when they arrive, whatever became of those before, and notes what each cost."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol

from torch import Tensor

from bitpath_cli.errors import BadModel, PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.serving.client import Client, Refused
from bitpath_cli.workflows._edge_part import Sent
from bitpath_cli.workflows._tensors import from_array, to_array

_WARM_UPS: Final = 3


class Computing(Protocol):
    """What the edge does with a request."""

    def prepare(self) -> None:
        """Called in every thread that computes."""
        ...

    def compute(self, index: int) -> Sent:
        """The answer, or what is sent on; BadModel where the model raises."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """An answered request; `latency` counts from its arrival."""

    index: int
    latency: float
    answer: Tensor
    edge_seconds: float
    cloud_seconds: float | None = None
    payload_up: int = 0
    payload_down: int = 0


@dataclass(slots=True)
class Outcome:
    """All requests of a run: those answered, and in words why the others were not.

    `lost` is what ended it: the service went away, or the model here raised.
    """

    done: list[Done] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    lost: PeerFailed | BadModel | None = None
    seconds: float = 0.0
    edge_cpu_seconds: float = 0.0
    cloud_cpu_seconds: float | None = None


async def warm_up(edge: Computing, client: Client | None) -> None:
    """A few requests that are not counted; PeerFailed where even they fail."""
    with _worker(edge) as worker:
        for index in range(_WARM_UPS):
            try:
                await _handle(index, monotonic(), edge, client, worker)
            except Refused as refusal:
                raise refusal.lasting() from refusal


async def drive(
    edge: Computing, client: Client | None, arrivals: Sequence[float], request_seconds: float
) -> Outcome:
    """One run: every request is begun when it arrives, none waits for another to be answered.

    One that takes longer than `request_seconds` from its arrival has failed.
    """
    outcome = Outcome()
    before = await _ask_usage(client)
    busy, start = time.process_time(), monotonic()
    with _worker(edge) as worker:
        async with asyncio.TaskGroup() as group:
            async for index, due in _arrive(arrivals, start, outcome):
                limit = due + request_seconds
                group.create_task(_note(index, due, limit, edge, client, worker, outcome))
    outcome.seconds = monotonic() - start
    outcome.edge_cpu_seconds = time.process_time() - busy
    if outcome.lost is None and client is not None and before is not None:
        after = await _ask_usage(client)
        outcome.cloud_cpu_seconds = None if after is None else after - before
    return outcome


@contextlib.contextmanager
def _worker(edge: Computing) -> Iterator[ThreadPoolExecutor]:
    """The edge is one server: requests are computed one after the other."""
    worker = ThreadPoolExecutor(1, "edge", initializer=edge.prepare)
    try:
        yield worker
    finally:
        worker.shutdown(wait=True, cancel_futures=True)


async def _arrive(
    arrivals: Sequence[float], start: float, outcome: Outcome
) -> AsyncIterator[tuple[int, float]]:
    """Each request at its moment, by a thread that sleeps: a loop's own timers are a ms late."""
    loop, queue, over = asyncio.get_running_loop(), asyncio.Queue[int](), threading.Event()

    def pace() -> None:
        for index, arrival in enumerate(arrivals):
            if over.wait(max(0.0, start + arrival - monotonic())):
                return
            loop.call_soon_threadsafe(queue.put_nowait, index)

    pacing = threading.Thread(target=pace, daemon=True, name="arrivals")
    pacing.start()
    try:
        for _ in arrivals:
            index = await queue.get()
            if outcome.lost is not None:
                return
            yield index, start + arrivals[index]
    finally:
        over.set()
        pacing.join()


async def _note(
    index: int, due: float, limit: float, edge: Computing, client: Client | None,
    worker: ThreadPoolExecutor, outcome: Outcome,
) -> None:  # fmt: skip
    if outcome.lost is not None:
        return
    try:
        async with asyncio.timeout(max(0.0, limit - monotonic())):
            outcome.done.append(await _handle(index, due, edge, client, worker))
    except TimeoutError:
        outcome.refused.append(f"no answer within {limit - due:g} s")
    except Refused as refusal:
        outcome.refused.append(str(refusal))
    except (PeerFailed, BadModel) as failure:
        outcome.lost = failure


async def _handle(
    index: int, due: float, edge: Computing, client: Client | None, worker: ThreadPoolExecutor
) -> Done:
    sent, seconds = await asyncio.get_running_loop().run_in_executor(worker, _time, edge, index)
    if sent.answer is not None:
        return Done(index, monotonic() - due, sent.answer, seconds)
    assert client is not None  # noqa: S101  (only the placement `edge` has none)
    reply = await client.ask(sent.start, [to_array(each) for each in sent.onward])
    latency = monotonic() - due
    return Done(
        index, latency, from_array(reply.arrays[0]), seconds,
        reply.told.get("compute_seconds"), reply.sent_bytes, reply.received_bytes,
    )  # fmt: skip


def _time(edge: Computing, index: int) -> tuple[Sent, float]:
    begin = monotonic()
    sent = edge.compute(index)
    return sent, monotonic() - begin


async def _ask_usage(client: Client | None) -> float | None:
    """The processor seconds that the service has used until now, as far as it tells."""
    if client is None:
        return None
    told = (await client.describe()).get("cpu_seconds")
    return float(told) if isinstance(told, int | float) else None
