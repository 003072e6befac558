import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import ClientSession

from bitpath_cli.errors import CannotListen, PeerFailed
from bitpath_cli.serving.client import Client, Refused
from bitpath_cli.serving.service import Bounds, listening
from bitpath_cli.serving.wire import Array, Message, pack

TOKEN = "a-token-of-the-tests"  # noqa: S105
ONE = Array("uint8", (4,), b"abcd")
BIG = Array("uint8", (4 << 20,), bytes(4 << 20))


class Reversing:
    """A model that turns bytes around; it waits while `gate` is closed and counts who asked."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.threads: set[int] = set()

    def describe(self) -> Mapping[str, Any]:
        return {"model": "reversing"}

    def prepare(self) -> None:
        self.threads.add(threading.get_ident())

    def answer(self, start: int, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        self.begun.set()
        assert self.gate.wait(20)
        if start == 13:
            raise ArithmeticError("thirteen")
        return tuple(Array(each.dtype, each.shape, bytes(each.data)[::-1]) for each in arrays)


def run(
    visit: Callable[[str, Reversing], Awaitable[None]], bounds: Bounds | None = None
) -> Reversing:
    """Visit a service at its URL; it is gone afterwards."""
    model = Reversing()

    async def go() -> int:
        service = listening(model, "127.0.0.1", 0, TOKEN, bounds or Bounds())
        async with asyncio.timeout(30), service as port:
            try:
                await visit(f"http://127.0.0.1:{port}", model)
            finally:
                model.gate.set()
            return port

    port = asyncio.run(go())
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not [each for each in threading.enumerate() if each.name.startswith("model")]
    return model


def test_it_answers_from_one_worker_and_says_what_it_cost() -> None:
    async def visit(url: str, model: Reversing) -> None:
        async with Client(url, TOKEN, 10) as client:
            replies = await asyncio.gather(*(client.ask(0, [ONE]) for _ in range(5)))
            told = await client.describe()
        for reply in replies:
            assert bytes(reply.arrays[0].data) == b"dcba"
            assert set(reply.told) == {"queue_seconds", "compute_seconds", "cpu_seconds"}
            assert all(each >= 0 for each in reply.told.values())
            assert reply.sent_bytes == len(pack(Message((ONE,))))
            assert reply.received_bytes > len(ONE.data)
        assert (told["model"], told["answered"]) == ("reversing", 5)
        assert told["cpu_seconds"] > 0

    assert len(run(visit).threads) == 1


@pytest.mark.parametrize("token", ["", "another-token-of-tests", "ä"])
def test_without_the_token_nothing_is_read(token: str) -> None:
    async def visit(url: str, model: Reversing) -> None:
        async with Client(url, token, 10) as client:
            with pytest.raises(PeerFailed, match="refuses the token"):
                await client.describe()
            with pytest.raises(PeerFailed, match="refuses the token"):
                await client.ask(0, [ONE])
        assert not model.begun.is_set()

    run(visit)


def test_what_the_model_raises_is_an_answer_and_it_goes_on() -> None:
    async def visit(url: str, model: Reversing) -> None:
        async with Client(url, TOKEN, 10) as client:
            with pytest.raises(Refused, match=r"422.*ArithmeticError: thirteen"):
                await client.ask(13, [ONE])
            assert bytes((await client.ask(0, [ONE])).arrays[0].data) == b"dcba"

    run(visit)


def test_beyond_the_queue_the_answer_is_503() -> None:
    async def visit(url: str, model: Reversing) -> None:
        model.gate.clear()
        async with Client(url, TOKEN, 20) as client:
            # One is computed and two wait: a fourth has no place.
            waiting = [asyncio.create_task(client.ask(0, [BIG])) for _ in range(4)]
            (first,), _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            with pytest.raises(Refused, match=r"503.*2 requests wait already"):
                first.result()
            model.gate.set()
            answered = await asyncio.gather(*(each for each in waiting if each is not first))
            assert len(answered) == 3

    run(visit, Bounds(queue=2))


def test_a_request_has_a_time_limit_and_a_size() -> None:
    async def visit(url: str, model: Reversing) -> None:
        model.gate.clear()
        async with Client(url, TOKEN, 20) as client:
            with pytest.raises(Refused, match=r"504.*not answered within 0\.2 s"):
                await client.ask(0, [ONE])
            model.gate.set()
            with pytest.raises(Refused, match="413"):
                await client.ask(0, [BIG])

    run(visit, Bounds(body_bytes=1000, request_seconds=0.2))


def test_the_client_has_a_time_limit_of_its_own() -> None:
    async def visit(url: str, model: Reversing) -> None:
        model.gate.clear()
        async with Client(url, TOKEN, 0.2) as client:
            with pytest.raises(Refused, match=r"no answer within 0\.2 s"):
                await client.ask(0, [ONE])

    run(visit)


def test_strangers_are_told_what_is_wrong() -> None:
    async def visit(url: str, model: Reversing) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with ClientSession(headers=headers) as session:
            for path, body in (("?start=-1", pack(Message((ONE,)))), ("", b"garbage")):
                async with session.post(f"{url}/v1/answers{path}", data=body) as response:
                    assert response.status == 400
                    assert "error" in await response.json()
            async with session.get(f"{url}/elsewhere") as response:
                assert response.status == 404
        assert not model.begun.is_set()

    run(visit)


def test_a_port_that_is_taken_is_named() -> None:
    async def visit(url: str, model: Reversing) -> None:
        port = int(url.rpartition(":")[2])
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port}"):
            async with listening(Reversing(), "127.0.0.1", port, TOKEN, Bounds()):
                pass

    run(visit)


def test_nobody_and_somebody_else_are_told_apart() -> None:
    async def nobody() -> None:
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
            async with Client(url, TOKEN, 5) as client:
                with pytest.raises(PeerFailed, match="cannot be reached"):
                    await client.describe()

    asyncio.run(nobody())

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    async def somebody() -> None:
        async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with Client(f"http://127.0.0.1:{port}", TOKEN, 5) as client:
                with pytest.raises(PeerFailed, match="no service of bitpath"):
                    await client.describe()
                with pytest.raises(PeerFailed, match="no service of bitpath"):
                    await client.ask(0, [ONE])

    asyncio.run(somebody())
