"""The client of the service: what it answered, what it refused, and whether it is still there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from bitpath_cli.errors import PeerFailed
from bitpath_cli.serving.service import ANSWERS_PATH, EXCHANGE_PATH, MODEL_PATH, REPLY, START
from bitpath_cli.serving.wire import Array, BadMessage, Message, pack, unpack

if TYPE_CHECKING:
    from aiohttp import ClientSession

_CONNECT_SECONDS: Final = 5.0
_MOST_CONNECTIONS: Final = 256
_SHOWN: Final = 200
_UNAUTHORISED: Final = 401
_NEXT: Final = "Start it there with: bitpath serve"


class Refused(Exception):
    """The service answered that it does not answer: a full queue, a timeout, a bad request."""

    def lasting(self) -> PeerFailed:
        """For who cannot go on without an answer."""
        return PeerFailed(
            f"The service does not answer: {self}.",
            "Its model or its limits are others than here.",
            "See what serve says, and compare both ends' versions: bitpath --version",
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, what the service told beside it, and the bytes of both messages."""

    arrays: tuple[Array, ...]
    told: Mapping[str, float]
    sent_bytes: int
    received_bytes: int


class Client:
    """A session with one service; use it with `async with`."""

    def __init__(self, url: str, token: str, request_seconds: float) -> None:
        """`url` is `http://HOST:PORT`; no proxy of the environment is used."""
        self.url = url.rstrip("/")
        self._token = token
        self._request_seconds = request_seconds
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Opens no connection yet."""
        from aiohttp import ClientSession, ClientTimeout, TCPConnector

        self._session = ClientSession(
            connector=TCPConnector(limit=_MOST_CONNECTIONS),
            timeout=ClientTimeout(total=self._request_seconds, sock_connect=_CONNECT_SECONDS),
            headers={"Authorization": f"Bearer {self._token}"},
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()

    async def describe(self) -> dict[str, Any]:
        """What the service serves; PeerFailed where nobody answers so."""
        status, body = await self._send("GET", MODEL_PATH, None)
        if status != 200:
            raise self._other(f"it answered {status}")
        try:
            found = json.loads(body)
        except ValueError as error:
            raise self._other("it answered something else than JSON") from error
        if not isinstance(found, dict):
            raise self._other("it answered something else than a description")
        return found

    async def ask(self, start: int, arrays: Sequence[Array]) -> Reply:
        """The outputs from module `start` on; Refused, or PeerFailed where the service is gone."""
        return await self._post(f"{ANSWERS_PATH}?{START}={start}", arrays)

    async def exchange(self, sent_bytes: int, reply_bytes: int) -> Reply:
        """Bytes there and bytes back, with all that an answer takes but the model; as `ask`."""
        array = Array("uint8", (sent_bytes,), bytes(sent_bytes))
        return await self._post(f"{EXCHANGE_PATH}?{REPLY}={reply_bytes}", [array])

    async def _post(self, path: str, arrays: Sequence[Array]) -> Reply:
        body = pack(Message(tuple(arrays)))
        status, answer = await self._send("POST", path, body)
        if status != 200:
            raise Refused(f"{status}: {answer.decode('utf-8', 'replace')[:_SHOWN]}")
        try:
            message = unpack(answer)
        except BadMessage as error:
            raise self._other(str(error)) from error
        return Reply(message.arrays, message.told, len(body), len(answer))

    async def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        from aiohttp import ClientError

        assert self._session is not None  # noqa: S101  (used with `async with`)
        try:
            async with self._session.request(
                method, f"{self.url}{path}", data=body, allow_redirects=False
            ) as response:
                status, answer = response.status, await response.read()
        except TimeoutError as error:
            if body is None:
                raise self._gone("it did not answer in time") from error
            raise Refused(f"no answer within {self._request_seconds:g} s") from error
        except (ClientError, OSError, ValueError) as error:
            raise self._gone(
                " ".join(str(error).split())[:_SHOWN] or type(error).__name__
            ) from error
        if status == _UNAUTHORISED:
            raise PeerFailed(
                f"The service at {self.url} refuses the token.",
                "Both ends must have the same one.",
                "Copy the file that serve was given with --token-file, and name it here with "
                "--token-file.",
            )
        return status, answer

    def _gone(self, words: str) -> PeerFailed:
        return PeerFailed(
            f"The service at {self.url} cannot be reached: {words}.",
            "It may not run, listen on another address, or be behind a filter.", _NEXT,
        )  # fmt: skip

    def _other(self, words: str) -> PeerFailed:
        return PeerFailed(
            f"What is at {self.url} is no service of bitpath: {words}.",
            "Another program may listen there.", _NEXT,
        )  # fmt: skip
