"""A real Prometheus scrapes a real watch, and judges its rules."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

PROMETHEUS = shutil.which("prometheus")
LIMIT_SECONDS = 60.0
RULE = """\
[always]
metric = "memory_available_share"
when = "below"
raise = "200%"
clear = "300%"
severity = "warning"
summary = "It always fires"
"""
CONFIGURATION = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: bitpath
    authorization: {{type: Bearer, credentials_file: {secret}}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


@contextmanager
def running(arguments: list[str], **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(arguments, start_new_session=True, **settings)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def ask(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse().read()
        return json.loads(answer)["data"]
    except (OSError, ValueError, KeyError):
        return None
    finally:
        connection.close()


def until(found: Callable[[], Any]) -> Any:
    """What `found` finds, within the limit; nothing else is waited for."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.2)
    pytest.fail(f"nothing was found within {LIMIT_SECONDS:g} s")


def query(port: int, expression: str) -> list[Any]:
    told = ask(port, f"/api/v1/query?query={quote(expression)}")
    return told["result"] if told else []


@pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed")
def test_prometheus_scrapes_a_watch_and_fires_the_exported_rules(tmp_path: Path) -> None:
    bitpath = [sys.executable, "-m", "bitpath_cli", "monitor"]
    (tmp_path / "rules.toml").write_text(RULE)
    (tmp_path / "secret").write_text("s3cret")
    rules = [*bitpath, "--rules", str(tmp_path / "rules.toml")]
    subprocess.run([*rules, "--export-rules", str(tmp_path / "rules.yml")], check=True, timeout=60)
    scraped, served = free_port(), free_port()
    (tmp_path / "prometheus.yml").write_text(
        CONFIGURATION.format(secret=tmp_path / "secret", port=scraped)
    )
    watch = [
        *rules, "--interval", "200ms", "--prometheus", str(scraped),
        "--prometheus-token", str(tmp_path / "secret"), "--duration", "5min",
    ]  # fmt: skip
    server = [
        PROMETHEUS or "", f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{served}",
        "--log.level=error",
    ]  # fmt: skip
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        running(watch, **quiet, env={**os.environ, "NO_COLOR": "1"}),
        running(server, cwd=tmp_path, **quiet),
    ):
        build = until(lambda: query(served, "bitpath_build_info"))
        assert build[0]["value"][1] == "1"
        busy = "rate(bitpath_cpu_busy_seconds_total[10s])"
        assert float(until(lambda: query(served, busy))[0]["value"][1]) >= 0
        total = until(lambda: query(served, "bitpath_memory_total_bytes"))
        assert float(total[0]["value"][1]) == os.sysconf("SC_PHYS_PAGES") * os.sysconf(
            "SC_PAGE_SIZE"
        )
        assert query(served, 'bitpath_probe_success{probe="memory"}')[0]["value"][1] == "1"
        firing = until(lambda: query(served, 'ALERTS{alertstate="firing"}'))
        assert firing[0]["metric"]["alertname"] == "BitpathAlways"
        own = until(lambda: query(served, "bitpath_alert_firing"))
        assert own[0]["metric"]["rule"] == "always"
