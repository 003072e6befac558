"""Serves the metrics over HTTP or TLS, to whoever the secret lets in; Python's own http.server."""

import base64
import contextlib
import hmac
import ipaddress
import os
import socket
import socketserver
import ssl
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from bitpath_cli.errors import BadValue, CannotListen
from bitpath_cli.monitoring import Tick
from bitpath_cli.monitoring.exposition import Exposition

_CLIENT_SECONDS: Final = 10.0
_MOST_CLIENTS: Final = 8
_SECRET_LIMIT: Final = 4096
_GREETING: Final = b"bitpath monitor: the metrics are at /metrics\n"
_SEEN: Final = frozenset({"", "/", "/metrics"})


@dataclass(frozen=True, slots=True)
class Access:
    """Where to serve, and the files that say who may read; `host` and `port` as they were typed."""

    address: str
    certificate: Path | None = None
    key: Path | None = None
    token: Path | None = None
    password: Path | None = None


class Server:
    """Answers in threads of its own while the watch goes on; it holds nothing but what it shows."""

    def __init__(self, access: Access, exposition: Exposition) -> None:
        """Bind and begin to answer; CannotListen or BadValue for what cannot be or is unsafe."""
        host, port = _place(access.address)
        credentials = _credentials(access)
        context = _context(access)
        family, address = _resolve(access.address, host, port)
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback and not credentials:
            raise CannotListen(
                access.address,
                "other hosts could read it, and nothing asks them for a secret",
                "Serve 127.0.0.1, or add --prometheus-token FILE or --prometheus-password FILE",
            )
        self.is_in_clear = bool(credentials) and context is None
        try:
            self._server = _Listener(family, (address, port), exposition, credentials, context)
        except OSError as error:
            raise _cannot(access.address, port, error) from error
        shown = f"[{address}]" if family == socket.AF_INET6 else address
        scheme = "https" if context else "http"
        self.url = f"{scheme}://{shown}:{self._server.server_address[1]}/metrics"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True,
            name="metrics",
        )  # fmt: skip
        self._thread.start()

    def take(self, tick: Tick) -> None:
        """See Exporter: what is served is read from the exposition."""

    def trouble(self) -> str:
        """See Exporter."""
        return "" if self._thread.is_alive() else f"{self.url} is no longer served"

    def close(self) -> None:
        """See Exporter."""
        self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(
        self, family: socket.AddressFamily, address: tuple[str, int], exposition: Exposition,
        credentials: tuple[str, ...], context: ssl.SSLContext | None,
    ) -> None:  # fmt: skip
        self.address_family = family
        self.exposition = exposition
        self.credentials = credentials
        self._context = context
        self._free = threading.BoundedSemaphore(_MOST_CLIENTS)
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the name service for our name, which nothing needs.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "bitpath", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake is done here, where a client that says nothing keeps no one else waiting.
        request.settimeout(_CLIENT_SECONDS)
        if self._context is None:
            super().finish_request(request, client_address)
            return
        with self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that broke off is its own affair; the watch's screen is no place for it."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = _CLIENT_SECONDS
    server_version = "bitpath"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: stderr belongs to the watch."""

    def _answer(self, with_body: bool) -> None:
        if not self._may_read():
            self.send_response(HTTPStatus.UNAUTHORIZED)
            self.send_header("WWW-Authenticate", 'Basic realm="bitpath"')
            self._finish(b"a secret is needed\n", "text/plain", with_body)
            return
        path = self.path.partition("?")[0]
        if path not in _SEEN:
            self.send_response(HTTPStatus.NOT_FOUND)
            self._finish(_GREETING, "text/plain", with_body)
            return
        self.send_response(HTTPStatus.OK)
        if path != "/metrics":
            self._finish(_GREETING, "text/plain", with_body)
            return
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        self._finish(encode(self.server.exposition.registry), content_type, with_body)

    def _finish(self, body: bytes, content_type: str, with_body: bool) -> None:
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _may_read(self) -> bool:
        if not self.server.credentials:
            return True
        told = self.headers.get("Authorization", "").encode()
        return any(hmac.compare_digest(told, each.encode()) for each in self.server.credentials)


def _place(typed: str) -> tuple[str, int]:
    host, colon, port = typed.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else "127.0.0.1"
    if not port.isdecimal() or int(port) > 65535 or not host:
        allowed = "HOST:PORT such as 127.0.0.1:9400, or a port alone, which serves this host only"
        raise BadValue("--prometheus", typed, allowed)
    return host, int(port)


def _resolve(typed: str, host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CannotListen(
            typed, f"'{host}' is no address of this host", "Name an address such as 127.0.0.1"
        ) from error
    return found[0][0], str(found[0][4][0])


def _cannot(typed: str, port: int, error: OSError) -> CannotListen:
    steps = {
        98: f"Choose another port, or see who has it: ss -ltnp 'sport = :{port}'",
        99: "Name an address that this host has; see them with: ip address",
        13: "Choose a port above 1023.",
    }
    problem = os.strerror(error.errno) if error.errno else str(error)
    return CannotListen(typed, problem, steps.get(error.errno or 0, "Choose another address."))


def _credentials(access: Access) -> tuple[str, ...]:
    """The values of the Authorization header that let a client in."""
    found = []
    if access.token is not None:
        found.append(f"Bearer {_secret('--prometheus-token', access.token)}")
    if access.password is not None:
        told = _secret("--prometheus-password", access.password)
        if ":" not in told:
            allowed = "a file whose one line is USER:PASSWORD"
            raise BadValue("--prometheus-password", str(access.password), allowed)
        found.append(f"Basic {base64.b64encode(told.encode()).decode()}")
    return tuple(found)


def _secret(option: str, path: Path) -> str:
    """The one line of a file; what it says is never repeated in an error."""
    text = ""
    with contextlib.suppress(OSError, UnicodeDecodeError), path.open("rb") as file:
        text = file.read(_SECRET_LIMIT + 1).decode().strip("\r\n")
    if not text or len(text) > _SECRET_LIMIT or not text.isprintable():
        allowed = "a file that can be read and holds the secret on one line"
        raise BadValue(option, str(path), allowed)
    return text


def _context(access: Access) -> ssl.SSLContext | None:
    if access.certificate is None and access.key is None:
        return None
    if access.certificate is None or access.key is None:
        missing = "--prometheus-cert" if access.certificate is None else "--prometheus-key"
        raise BadValue(missing, "", "the certificate and its key, both as PEM files")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A key with a passphrase would ask for it on the terminal.
        context.load_cert_chain(access.certificate, access.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        allowed = "a PEM certificate and the key that belongs to it, without a passphrase"
        raise BadValue("--prometheus-cert", str(access.certificate), allowed) from error
    return context
