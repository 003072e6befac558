"""The service: one model, one worker, a bounded queue, and a token before anything is read.

Plain HTTP by aiohttp: whoever listens on the way reads the token too, so beyond a trusted network
it wants a tunnel. Beyond the queue the answer is 503, as RFC 9110 §15.6.4 has it.
"""

import asyncio
import contextlib
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from bitpath_cli.errors import CannotListen
from bitpath_cli.host import monotonic
from bitpath_cli.serving.wire import Array, BadMessage, Message, pack, unpack

if TYPE_CHECKING:
    from aiohttp import web

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MODEL_PATH: Final = "/v1/model"
ANSWERS_PATH: Final = "/v1/answers"
EXCHANGE_PATH: Final = "/v1/exchange"
START: Final = "start"
REPLY: Final = "reply"
BODY_BYTES: Final = 64 << 20
_STOP_SECONDS: Final = 2.0
_SHOWN: Final = 200


class Answering(Protocol):
    """What the service needs of a model; only `describe` is called outside of the worker."""

    def describe(self) -> Mapping[str, Any]:
        """What it is, for JSON."""
        ...

    def prepare(self) -> None:
        """Called once in the worker's thread before anything else."""
        ...

    def answer(self, start: int, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """The outputs from module `start` on; ValueError for inputs that do not fit."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one request may bring, how many may wait, and how long one may take."""

    body_bytes: int = BODY_BYTES
    queue: int = 32
    request_seconds: float = 30.0


class Service:
    """The handlers, and what has been done so far."""

    def __init__(self, model: Answering, token: str, bounds: Bounds) -> None:
        """Starts the worker; `close` ends it."""
        self._model = model
        self._token = token
        self._bounds = bounds
        self._worker = ThreadPoolExecutor(1, "model", initializer=model.prepare)
        self._admitted = 0
        self._answered = 0

    def close(self) -> None:
        """Forget what waits and let the worker finish what it does."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def application(self) -> "web.Application":
        """The routes, behind the token."""
        from aiohttp import web

        @web.middleware
        async def guard(request: web.Request, handler: "Handler") -> web.StreamResponse:
            told = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(told, f"Bearer {self._token}".encode()):
                return _refuse(401, "the token is missing or another")
            return await handler(request)

        made = web.Application(middlewares=[guard], client_max_size=self._bounds.body_bytes)
        made.router.add_get(MODEL_PATH, self._describe)
        made.router.add_post(ANSWERS_PATH, self._admit(self._answer))
        made.router.add_post(EXCHANGE_PATH, self._admit(self._exchange))
        return made

    async def _describe(self, request: "web.Request") -> "web.Response":
        from aiohttp import web

        return web.json_response(
            {
                **self._model.describe(), "answered": self._answered,
                "cpu_seconds": time.process_time(), "body_bytes": self._bounds.body_bytes,
                "queue": self._bounds.queue,
            }
        )  # fmt: skip

    def _admit(self, answer: "Handler") -> "Handler":
        """A place in the queue from the first byte on, so that what waits is bounded in memory."""

        async def handle(request: "web.Request") -> "web.StreamResponse":
            if self._admitted > self._bounds.queue:
                words = f"{self._bounds.queue} requests wait already"
                return _refuse(503, words, {"Retry-After": "1"})
            self._admitted += 1
            try:
                async with asyncio.timeout(self._bounds.request_seconds):
                    return await answer(request)
            except TimeoutError:
                limit = f"{self._bounds.request_seconds:g} s"
                return _refuse(504, f"the request was not answered within {limit}")
            finally:
                self._admitted -= 1

        return handle

    async def _exchange(self, request: "web.Request") -> "web.StreamResponse":
        """All that an answer takes but the model: so that a link and our own cost can be told."""
        from aiohttp import web

        asked = request.query.get(REPLY, "1")
        if not asked.isdecimal() or len(asked) > 12 or int(asked) > self._bounds.body_bytes:
            return _refuse(400, f"{REPLY} is a number of bytes")
        try:
            unpack(await request.read())
        except BadMessage as error:
            return _refuse(400, str(error))
        size = max(1, int(asked))
        reply = await asyncio.get_running_loop().run_in_executor(
            self._worker, lambda: pack(Message((Array("uint8", (size,), bytes(size)),)))
        )
        return web.Response(body=reply, content_type="application/octet-stream")

    async def _answer(self, request: "web.Request") -> "web.Response":
        from aiohttp import web

        start = request.query.get(START, "0")
        if not start.isdecimal() or len(start) > 4:
            return _refuse(400, "start is a module's number")
        try:
            message = unpack(await request.read())
        except BadMessage as error:
            return _refuse(400, str(error))
        arrived = monotonic()
        loop = asyncio.get_running_loop()
        try:
            reply = await loop.run_in_executor(
                self._worker, self._work, int(start), message.arrays, arrived
            )
        except Exception as error:
            # The model is the user's: what it raises is an answer to whoever sent its inputs.
            words = " ".join(str(error).split())[:_SHOWN]
            return _refuse(422, f"the model raised {type(error).__name__}: {words}")
        self._answered += 1
        return web.Response(body=pack(reply), content_type="application/octet-stream")

    def _work(self, start: int, arrays: tuple[Array, ...], arrived: float) -> Message:
        begin, busy = monotonic(), time.process_time()
        outputs = self._model.answer(start, arrays)
        return Message(
            outputs,
            {
                "queue_seconds": begin - arrived, "compute_seconds": monotonic() - begin,
                "cpu_seconds": time.process_time() - busy,
            },
        )  # fmt: skip


@contextlib.asynccontextmanager
async def listening(
    model: Answering, address: str, port: int, token: str, bounds: Bounds
) -> AsyncIterator[int]:
    """The service at an address, and its port, until the context ends; CannotListen if refused."""
    from aiohttp import web

    service = Service(model, token, bounds)
    runner = web.AppRunner(service.application(), access_log=None, shutdown_timeout=_STOP_SECONDS)
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, address, port).start()
        except (OSError, OverflowError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise CannotListen(f"{address}:{port}", words, "Name another with --listen.") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
        service.close()


def serve(
    model: Answering, address: str, port: int, token: str, bounds: Bounds,
    on_ready: Callable[[int], None],
) -> None:  # fmt: skip
    """Listen until a signal's KeyboardInterrupt, and leave nothing behind."""

    async def stay() -> None:
        async with listening(model, address, port, token, bounds) as bound:
            on_ready(bound)
            await asyncio.Event().wait()

    # The runner cancels `stay` when the interrupt passes through it, and waits for its clean-up.
    with asyncio.Runner() as runner:
        runner.run(stay())


def _refuse(status: int, words: str, headers: Mapping[str, str] | None = None) -> "web.Response":
    from aiohttp import web

    return web.json_response({"error": words}, status=status, headers=headers)
