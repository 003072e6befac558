import json
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.hosts import Hosts, hosts, lacking

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
]
MODEL = "tests.benchmarks.own_model:wide"
PORT = 29471
INPUT_BYTES = 1 << 20
BURST_BYTES = 128 << 10
RATE_BITS = 50e6
EDGE, CLOUD = 0, 1


@pytest.fixture
def two() -> Iterator[Hosts]:
    with hosts(2) as made:
        yield made


def serve(two: Hosts, token: Path) -> "subprocess.Popen[str]":
    process = two.start(
        CLOUD, "bitpath_cli", "serve", "--model", MODEL, "--threads", "1",
        "--listen", f"{two.address(CLOUD)}:{PORT}", "--token-file", str(token),
    )  # fmt: skip
    while f":{PORT}" not in two.listeners(CLOUD):
        assert process.poll() is None, process.communicate()
        select.select([], [], [], 0.1)
    return process


def ask(two: Hosts, token: Path, *placements: str) -> "subprocess.Popen[str]":
    chosen = [word for each in placements for word in ("--placement", each)]
    return two.start(
        EDGE, "bitpath_cli", "bench", "inference", "--model", MODEL, "--threads", "1",
        "--remote", f"http://{two.address(CLOUD)}:{PORT}", "--token-file", str(token),
        "--rate", "2/s", "--arrival", "periodic", "-b", "quick", "--json", *chosen,
    )  # fmt: skip


def values(result: dict[str, Any]) -> dict[str, float]:
    return {each["name"]: each["value"] for each in result["metrics"] if each["value"] is not None}


def test_what_crosses_the_link_takes_its_time(two: Hosts, tmp_path: Path) -> None:
    token = tmp_path / "token"
    two.shape("50mbit")
    service = serve(two, token)
    out, err = ask(two, token, "edge", "cloud", "split:1").communicate(timeout=90)
    report = json.loads(out)
    edge, cloud, split = map(values, report["results"])
    assert [each["parameters"]["failed"] for each in report["results"]] == [0, 0, 0], err
    assert all("loopback_only" not in each["reasons"] for each in report["results"])
    # Everyone answers alike; what differs is the way.
    for each in (edge, cloud, split):
        assert each["top1_agreement"] == 1
        assert each["relative_error"] < 1e-5
    # Bounds of physics: the shaper lets its burst pass at once and the rest at its rate.
    assert cloud["latency_p50"] >= (INPUT_BYTES - BURST_BYTES) / (RATE_BITS / 8)
    assert cloud["latency_p50"] >= cloud["cloud_compute"]
    assert split["latency_p50"] < cloud["latency_p50"]
    # The interface counts headers and acknowledgements as well.
    for each in (cloud, split):
        assert each["link_up"] >= each["payload_up"]
        assert each["link_down"] >= each["payload_down"]
    assert cloud["payload_up"] >= INPUT_BYTES > 1000 > split["payload_up"] >= 16
    assert "link_up" not in edge
    service.terminate()
    assert service.wait(20) == 143
    assert two.listeners(CLOUD) == ""


def test_a_service_that_is_lost_is_named_and_the_rest_kept(two: Hosts, tmp_path: Path) -> None:
    token = tmp_path / "token"
    service = serve(two, token)
    asking = ask(two, token, "edge", "cloud")
    while two.address(EDGE) not in two.connections(CLOUD):
        assert asking.poll() is None, asking.communicate()
        select.select([], [], [], 0.1)
    two.kill(CLOUD)
    out, err = asking.communicate(timeout=90)
    assert asking.returncode == 4, err
    assert f"{two.address(CLOUD)}:{PORT} cannot be reached" in err
    # What was measured before is not lost.
    (edge,) = json.loads(out)["results"]
    assert edge["parameters"]["placement"] == "edge"
    service.wait(20)
