import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bitpath_cli.isolation import Nursery
from bitpath_cli.nursery import Work
from tests.launchers import joined

LIMIT = 60.0
Nodes = list[Nursery]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Three hosts, as far as processes go."""
    started = [Nursery(preload=("torch", "torch.distributed")) for _ in range(3)]
    for each in started:
        each.__enter__()
    yield started
    for each in started:
        each.__exit__(None, None, None)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def run(nodes: Nodes, *parts: tuple[Work, dict[str, object]]) -> list[str]:
    """All at once, each on a host of its own; what they say and answer."""
    with ThreadPoolExecutor(len(parts)) as pool:
        asked = [
            pool.submit(nursery.run, work, json.dumps(told), LIMIT)
            for nursery, (work, told) in zip(nodes, parts, strict=False)
        ]
        return [str(each.result()) for each in asked]


def both(nodes: Nodes, port: int, **more: object) -> list[str]:
    parts = [(joined.take_part, {"node": node, "port": port, **more}) for node in range(2)]
    return run(nodes, *parts)


def test_two_nodes_with_two_ranks_each_work_together(nodes: Nodes, port: int) -> None:
    assert both(nodes, port, size=2) == [
        "rank 0 of 4, slowest 3", "rank 2 of 4, slowest 3",
    ]  # fmt: skip


def test_the_first_rank_of_a_node_is_heard_before_its_answer(nodes: Nodes, port: int) -> None:
    heard: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(
            nodes[1].run, joined.take_part, json.dumps({"node": 1, "port": port, "size": 2}), LIMIT
        )
        told = json.dumps({"node": 0, "port": port, "size": 2})
        nodes[0].run(joined.take_part, told, LIMIT, heard.append)
        other.result()
    assert heard == ["rank 0 began"]


def test_a_node_that_never_joins_is_missed(nodes: Nodes, port: int) -> None:
    (words,) = run(nodes, (joined.take_part, {"node": 0, "port": port, "join": 2}))
    assert f"Node 1 of 2 did not join within 2 s at 127.0.0.1:{port}." in words
    assert "Joined: node 0 (" in words


def test_a_first_node_that_is_not_there_is_named(nodes: Nodes, port: int) -> None:
    (words,) = run(nodes, (joined.take_part, {"node": 1, "port": port, "join": 2}))
    assert f"Node 0 of 2 cannot be reached at 127.0.0.1:{port} within 2 s" in words
    assert "connection refused" in words


def test_a_number_given_twice_is_refused_on_all(nodes: Nodes, port: int) -> None:
    told: list[dict[str, object]] = [{"node": node, "port": port, "nodes": 3} for node in (0, 1, 1)]
    for words in run(nodes, *((joined.take_part, each) for each in told)):
        assert "Node 1 joined twice" in words


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"bitpath": "9.9"}, "has bitpath 9.9 and node 0"),
        ({"torch": "1.0"}, "has torch 1.0 and node 0"),
        ({"python": "3.99.1"}, "has Python 3.99 and node 0"),
        ({"world_size": 7}, "expects 7 ranks and node 0"),
        ({"task": "broadcast"}, "was told to measure broadcast and node 0"),
    ],
)
def test_a_node_that_differs_is_refused_on_both(
    nodes: Nodes, port: int, odd: dict[str, object], words: str
) -> None:
    found = run(
        nodes,
        (joined.take_part, {"node": 0, "port": port}),
        (joined.introduce_oddly, {"node": 1, "port": port, "odd": odd}),
    )
    for each in found:
        assert "Node 1 (" in each
        assert words in each


def test_what_introduces_itself_as_no_bitpath_is_refused(nodes: Nodes, port: int) -> None:
    found, _ = run(
        nodes,
        (joined.take_part, {"node": 0, "port": port}),
        (joined.say_nonsense, {"node": 1, "port": port}),
    )
    assert "did not introduce itself as bitpath does" in found


def test_an_address_that_others_cannot_reach_is_named(nodes: Nodes, port: int) -> None:
    """What introduces itself here has no door: port 1 of loopback is closed."""
    found, _ = run(
        nodes,
        (joined.take_part, {"node": 0, "port": port}),
        (joined.introduce_oddly, {"node": 1, "port": port, "odd": {"interface": "wrong0"}}),
    )
    assert "Node 1 (" in found
    assert "interface wrong0, cannot be reached from node 0" in found
    assert "connection refused" in found


@pytest.mark.parametrize("culprit", [0, 1])
def test_a_killed_rank_is_named_on_both(nodes: Nodes, port: int, culprit: int) -> None:
    for words in both(nodes, port, culprit=culprit, fault="killed"):
        assert words.startswith(f"PeerFailed: On node {culprit} (127.0.0.1): Rank {culprit} of 2")
        assert "was ended by SIGKILL" in words


def test_a_rank_that_raises_is_named_on_both(nodes: Nodes, port: int) -> None:
    for words in both(nodes, port, culprit=1, fault="raises"):
        assert "Rank 1 of 2 raised ArithmeticError: the sum is off" in words


def test_a_stopped_rank_is_named_on_both(nodes: Nodes, port: int) -> None:
    for words in both(nodes, port, culprit=1, fault="stopped"):
        assert "Rank 1 of 2, on node 1 (" in words
        assert "was halted by a signal and made no progress within 3 s" in words


@pytest.mark.parametrize("culprit", [0, 1])
def test_who_leaves_tells_the_others(nodes: Nodes, port: int, culprit: int) -> None:
    found = both(nodes, port, culprit=culprit, fault="interrupted")
    assert found[culprit].startswith("Interrupted: ")
    assert found[1 - culprit].startswith("PeerFailed: ")
    for words in found:
        assert f"Node {culprit} (" in words
        assert "of 2 was interrupted there; all were ended." in words


def test_a_port_that_is_taken_is_named(nodes: Nodes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        (words,) = run(nodes, (joined.take_part, {"node": 0, "port": port}))
    assert f"127.0.0.1:{port} cannot be listened on: address already in use." in words
