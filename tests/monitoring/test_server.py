"""The metrics over HTTP and TLS: who may read them, and what cannot be served."""

import base64
import http.client
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bitpath_cli.errors import BadValue, CannotListen
from bitpath_cli.monitoring.exposition import Exposition
from bitpath_cli.monitoring.server import Access, Server
from tests.monitoring.ruled import tick

OPENSSL = shutil.which("openssl")


@contextmanager
def served(access: Access) -> Iterator[Server]:
    exposition = Exposition(60.0)
    exposition.take(tick())
    server = Server(access, exposition)
    try:
        yield server
    finally:
        server.close()


def ask(
    server: Server,
    path: str = "/metrics",
    method: str = "GET",
    authorization: str = "",
    context: ssl.SSLContext | None = None,
) -> tuple[int, str]:
    host = urlsplit(server.url)
    assert host.hostname is not None
    connection = (
        http.client.HTTPConnection(host.hostname, host.port, timeout=30)
        if context is None
        else http.client.HTTPSConnection(host.hostname, host.port, timeout=30, context=context)
    )
    try:
        headers = {"Authorization": authorization} if authorization else {}
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def secret(folder: Path, text: str) -> Path:
    path = folder / "secret"
    path.write_text(text)
    return path


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def test_loopback_is_served_to_whoever_asks() -> None:
    with served(Access("0")) as server:
        assert server.url.startswith("http://127.0.0.1:")
        code, text = ask(server)
        assert (code, ask(server, method="HEAD")) == (200, (200, ""))
        assert "bitpath_own_cpu_seconds_total 0.5" in text
        assert ask(server, "/")[0] == 200
        assert ask(server, "/etc/passwd")[0] == 404
        assert ask(server, method="POST")[0] == 501


def test_openmetrics_is_spoken_to_those_who_ask_for_it() -> None:
    with served(Access("127.0.0.1:0")) as server:
        host = urlsplit(server.url)
        connection = http.client.HTTPConnection(str(host.hostname), host.port, timeout=30)
        connection.request(
            "GET", "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        answer = connection.getresponse()
        assert str(answer.headers["Content-Type"]).startswith("application/openmetrics-text")
        assert answer.read().decode().endswith("# EOF\n")
        connection.close()


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    with served(Access("0", token=secret(tmp_path, "s3cret\n"))) as server:
        for told in ("", "Bearer wrong", "Bearer s3cretX", basic("s3cret:"), "s3cret"):
            code, text = ask(server, authorization=told)
            assert code == 401
            assert "bitpath_" not in text
        assert ask(server, authorization="Bearer s3cret")[0] == 200
        assert server.is_in_clear


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    with served(Access("0", password=secret(tmp_path, "scraper:pässword\n"))) as server:
        assert ask(server, authorization=basic("scraper:wrong"))[0] == 401
        assert ask(server, authorization=basic("scraper:pässword"))[0] == 200


@pytest.mark.skipif(OPENSSL is None, reason="openssl, which makes the certificate, is missing")
def test_tls_keeps_the_secret_and_a_silent_client_keeps_no_one_waiting(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [OPENSSL or "", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    access = Access("0", certificate, key, secret(tmp_path, "s3cret"))
    context = ssl.create_default_context(cafile=str(certificate))
    with served(access) as server:
        host = urlsplit(server.url)
        assert (host.scheme, server.is_in_clear) == ("https", False)
        with socket.create_connection((str(host.hostname), host.port or 0)):
            code, _ = ask(server, authorization="Bearer s3cret", context=context)
        assert code == 200


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0"])
def test_others_are_not_served_without_a_secret(address: str) -> None:
    with pytest.raises(CannotListen, match="nothing asks them for a secret"):
        Server(Access(address), Exposition(60.0))


def test_others_are_served_with_one(tmp_path: Path) -> None:
    with served(Access("0.0.0.0:0", token=secret(tmp_path, "s3cret"))) as server:
        assert server.is_in_clear


def test_a_port_in_use_is_said_with_what_to_do() -> None:
    with (
        served(Access("0")) as server,
        pytest.raises(CannotListen, match="Address already in use") as caught,
    ):
        Server(Access(f"127.0.0.1:{urlsplit(server.url).port}"), Exposition(60.0))
    assert "ss -ltnp" in caught.value.next_step


def test_the_port_is_free_again_afterwards() -> None:
    with served(Access("0")) as server:
        address = f"127.0.0.1:{urlsplit(server.url).port}"
    with served(Access(address)) as again:
        assert ask(again)[0] == 200


@pytest.mark.parametrize("address", ["", ":9400", "localhost", "127.0.0.1:http", "h:70000", "a:-1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadValue, match="--prometheus"):
        Server(Access(address), Exposition(60.0))


@pytest.mark.parametrize("address", ["192.0.2.1:0", "no-such-host.invalid:0"])
def test_an_address_of_another_host_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(CannotListen):
        Server(Access(address, token=secret(tmp_path, "s3cret")), Exposition(60.0))


@pytest.mark.parametrize("text", ["", "\n", "two\nlines", "x" * 5000, "\x1b[31m"])
def test_a_file_without_one_line_of_secret_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadValue, match="--prometheus-token"):
        Server(Access("0", token=secret(tmp_path, text)), Exposition(60.0))


def test_no_error_repeats_a_secret(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="USER:PASSWORD") as caught:
        Server(Access("0", password=secret(tmp_path, "hunter2")), Exposition(60.0))
    assert "hunter2" not in str(caught.value)


def test_half_of_tls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="--prometheus-key"):
        Server(Access("0", certificate=tmp_path / "cert.pem"), Exposition(60.0))
    broken = secret(tmp_path, "no certificate")
    with pytest.raises(BadValue, match="--prometheus-cert"):
        Server(Access("0", broken, broken), Exposition(60.0))
