"""An assessment on every node of a real Ray cluster of two nodes, and nodes that fail."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec

import psutil
import pytest

from bitpath_cli import archive
from bitpath_cli.errors import PEER, MissingLibrary, PeerFailed
from bitpath_cli.launchers._every_node import Answer, Order, run_on_every_node
from bitpath_cli.model.fleet import Refused
from bitpath_cli.workflows import cluster
from bitpath_cli.workflows._sources import Found
from bitpath_cli.workflows.cluster import Cluster, assess_nodes
from bitpath_cli.workflows.collect import Wish, assemble

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster()
nodes = [
    cluster.add_node(num_cpus=1, object_store_memory=80_000_000, include_dashboard=False)
    for _ in range(2)
]
print(cluster.address, flush=True)
for line in sys.stdin:
    cluster.remove_node(nodes.pop(), allow_graceful=False)
    print("removed", flush=True)
cluster.shutdown()
"""


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator["subprocess.Popen[str]"]:
    """A process that keeps two nodes, says their address, and kills one for every line it reads."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


@pytest.fixture(scope="module")
def address(ray_cluster: "subprocess.Popen[str]") -> str:
    assert ray_cluster.stdout is not None
    return ray_cluster.stdout.readline().strip()


def order(address: str, *arguments: str, join: float = 30, limit: float = 60) -> Order:
    return Order(address, arguments, join, limit)


@needs_ray
def test_every_node_answers_with_a_report_of_its_own(address: str) -> None:
    told: list[str] = []
    answers = list(run_on_every_node(order(address, "--only", "system"), told.append))
    assert [each.failure for each in answers] == ["", ""]
    assert len({each.identity for each in answers}) == 2
    reports = [archive.parse(each.node, each.text.encode()) for each in answers]
    assert all(each.complete for each in reports)
    assert told[0].startswith("0 of 2 nodes assessed, waiting for ")
    assert told[1].startswith("1 of 2 nodes assessed, waiting for ")
    assert socket.gethostname() in answers[0].node


@needs_ray
def test_two_nodes_of_one_host_are_two_members(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_arguments", lambda _: ("--only", "system"))
    answers = assess_nodes(Cluster(address), Told())
    found = assemble(answers, Wish(include_identifiers=True), lambda _: None)
    assert found.head.fleet is not None
    assert len(found.head.fleet.nodes) == 2
    assert found.head.fleet.refused == ()


@needs_ray
def test_what_bitpath_said_on_a_node_is_the_reason_of_its_failure(address: str) -> None:
    answers = list(run_on_every_node(order(address, "--only", "nothing"), lambda _: None))
    assert all(not each.text for each in answers)
    assert all("bitpath ended with 2: Unknown name" in each.failure for each in answers)


@needs_ray
def test_a_node_that_takes_too_long_is_named_and_nothing_is_left(address: str) -> None:
    begin = time.monotonic()
    answers = list(run_on_every_node(order(address, "--only", "gemm", limit=0.5), lambda _: None))
    assert [each.failure for each in answers] == ["it did not answer within 0.5 s"] * 2
    assert time.monotonic() - begin < 20
    assert not _drivers()


@needs_ray
def test_a_node_that_dies_is_named_and_the_rest_stands(
    address: str, ray_cluster: "subprocess.Popen[str]"
) -> None:
    """The last test of this cluster, because it has one node less from here on."""
    said: list[Answer] = []

    def kill_one(words: str) -> None:
        if not said and words.startswith("0 of 2"):
            assert ray_cluster.stdin is not None
            assert ray_cluster.stdout is not None
            ray_cluster.stdin.write("one\n")
            ray_cluster.stdin.flush()
            assert ray_cluster.stdout.readline() == "removed\n"

    said += run_on_every_node(order(address, "--only", "system", "--only", "software"), kill_one)
    assert len(said) == 2
    assert sum(bool(each.text) for each in said) == 1
    failed = next(each for each in said if each.failure)
    assert failed.failure.startswith(("WorkerCrashedError", "TaskUnschedulableError",
                                      "NodeDiedError", "LocalRayletDiedError"))  # fmt: skip


@needs_ray
def test_where_no_cluster_listens_it_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    begin = time.monotonic()
    with pytest.raises(PeerFailed, match=rf"No Ray cluster .* 127\.0\.0\.1:{port}") as raised:
        list(run_on_every_node(order(f"127.0.0.1:{port}", join=30), lambda _: None))
    assert raised.value.exit_code == PEER
    assert time.monotonic() - begin < 10


@needs_ray
def test_something_else_that_listens_ends_with_the_limit() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(PeerFailed, match="No Ray cluster could be joined"),
    ):
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        list(run_on_every_node(order(address, join=2), lambda _: None))
    assert not _drivers()


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(MissingLibrary, match="ray is not installed"):
        list(assess_nodes(Cluster("auto"), Told()))


@pytest.mark.parametrize("text", ["", "[", '{"schema_version": 7}', json.dumps({"a": 1})])
def test_what_a_node_sends_is_checked_as_a_file_is(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Answer("node-a", "id", text=text)
    monkeypatch.setattr(cluster, "run_on_every_node", lambda *_: iter([answer]))
    monkeypatch.setattr(cluster, "find_spec", lambda _: True)
    (found,) = assess_nodes(Cluster("auto"), Told())
    assert not isinstance(found, Found)
    assert isinstance(found, Refused)
    assert (found.source, found.why) == ("node-a", "failed")


class Told:
    def stage(self, words: str) -> None: ...


def _drivers() -> list[int]:
    return [
        each.pid for each in psutil.Process().children(recursive=True)
        if "_every_node_driver" in " ".join(each.cmdline())
    ]  # fmt: skip
