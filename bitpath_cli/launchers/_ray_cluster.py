"""A Ray cluster as its driver sees it: connecting, one actor on each node, and what they answer.

The calls are those of Ray's documentation. Several of them can wait for ever, so each has a limit.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.launchers import Place
from bitpath_cli.launchers._ray_node import Node
from bitpath_cli.launchers._way import is_loopback

_LEAVE_SECONDS: Final = 5.0
_STRATEGY: Final = "STRICT_SPREAD"


@dataclass(frozen=True)
class Member:
    """A node of the cluster, as it introduced itself, and the actor on it."""

    node: int
    actor: Any
    host: str
    address: str
    port: int

    @property
    def name(self) -> str:
        """How a message names it."""
        return f"node {self.node} ({self.host}, {self.address})"


@contextlib.contextmanager
def connected(place: Place) -> Iterator[None]:
    """Within it this process is a driver of the cluster at the place's address; else PeerFailed."""
    import ray

    own: dict[str, Any] = {} if is_loopback(place.address) else {"_node_ip_address": place.address}

    def connect() -> None:
        ray.init(address=place.meeting, log_to_driver=False, configure_logging=False, **own)

    try:
        is_done = _within(place.join_seconds, connect)
    except Exception as error:
        raise PeerFailed(
            f"The Ray cluster at {place.meeting} did not take this host: {_first_line(error)}.",
            "Its Ray or Python is of another version, or this host is none of its nodes.",
            _NEXT.format(place.meeting),
        ) from error
    if not is_done:
        raise PeerFailed(
            f"No Ray cluster took this host within {place.join_seconds:g} s at {place.meeting}.",
            "Something else listens there, or this host is none of the cluster's nodes.",
            _NEXT.format(place.meeting),
        )
    try:
        yield
    finally:
        _within(_LEAVE_SECONDS, ray.shutdown)


_NEXT: Final = "Type it on a node of the cluster; see there: ray status --address {}"


def find_nodes() -> list[str]:
    """The addresses of the nodes that are alive and may run something."""
    import ray

    known: Any = ray.nodes
    return [
        str(each["NodeManagerAddress"])
        for each in known()
        if each["Alive"] and each["Resources"].get("CPU", 0) >= 1
    ]


@contextlib.contextmanager
def settled(nodes: int, place: Place) -> Iterator[list[Member]]:
    """An actor on each of so many nodes; afterwards neither they nor their group are left."""
    import ray
    from ray.util.placement_group import placement_group, remove_placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    group = placement_group([{"CPU": 1}] * nodes, strategy=_STRATEGY)
    actors: list[Any] = []

    def leave() -> None:
        for actor in actors:
            ray.kill(actor)
        remove_placement_group(group)

    try:
        if not group.wait(place.join_seconds):
            raise PeerFailed(
                f"Ray did not place an actor on each of {nodes} nodes within "
                f"{place.join_seconds:g} s.",
                "Other jobs hold the processors of at least one node, or a node went away.",
                f"See who does: ray status --address {place.meeting}; or ask for fewer nodes with "
                "--nnodes.",
            )
        remote: Any = ray.remote(Node)
        for index in range(nodes):
            where = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index)
            actors.append(remote.options(num_cpus=1, scheduling_strategy=where).remote())
        yield _introduce(actors, place)
    finally:
        _within(_LEAVE_SECONDS, leave)


def _introduce(actors: list[Any], place: Place) -> list[Member]:
    import ray

    try:
        told = ray.get([each.introduce.remote() for each in actors], timeout=place.join_seconds)
    except ray.exceptions.RayError as error:
        raise PeerFailed(
            f"A node of the Ray cluster could not start bitpath: {_last_line(error)}.",
            "bitpath, or torch, is not installed for the Python that runs Ray there.",
            "Install the same bitpath on every node: pip install 'bitpath-cli[ray]'",
        ) from error
    found = [(actor, json.loads(text)) for actor, text in zip(actors, told, strict=True)]
    # The node on which the command was typed is the first, as it is everywhere else.
    found.sort(key=lambda each: (each[1]["address"] != place.address, each[1]["address"]))
    return [Member(node, actor, **said) for node, (actor, said) in enumerate(found)]


def listen(members: list[Member], seconds: float) -> Iterator[tuple[Member, dict[str, Any] | None]]:
    """What each member says, or None where its actor does not answer any more."""
    import ray

    asked = {each.actor.listen.remote(): each for each in members}
    ready, late = ray.wait(list(asked), num_returns=len(asked), timeout=seconds)
    for reference in ready:
        try:
            yield asked[reference], json.loads(ray.get(reference))
        except ray.exceptions.RayError:
            yield asked[reference], None
    for reference in late:
        yield asked[reference], None


def _within(seconds: float, call: Callable[[], object]) -> bool:
    """Whether a call ended in time; what it raised is raised here."""
    raised: list[Exception] = []

    def go() -> None:
        try:
            call()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    thread.join(seconds)
    for error in raised:
        raise error
    return not thread.is_alive()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


def _last_line(error: Exception) -> str:
    """Ray puts a remote traceback into its message, and its last line is the reason."""
    return str(error).strip().rpartition("\n")[2].rstrip(".")
