"""Ranks on the nodes of a Ray cluster that exists: one actor on each, placed STRICT_SPREAD.

Ray only starts them; they meet, introduce themselves and work as hosts do on which a line was
typed. The calls are those of Ray's documentation.
"""

import contextlib
import json
import socket
import time
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any, Final

from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.isolation import Nursery
from bitpath_cli.launchers import Launch, Launcher, Place, Send, Work
from bitpath_cli.launchers._leaving import heeding_signals
from bitpath_cli.launchers._ray_cluster import Member, connected, find_nodes, listen, settled
from bitpath_cli.launchers._ray_node import describe
from bitpath_cli.launchers._way import find_way, parse_meeting
from bitpath_cli.model.reading import Missing

_OPTION: Final = "--ray-address"
_EXAMPLE: Final = "HOST:PORT of the cluster's head, such as 10.0.0.1:6379"
_KNOCK_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.2
_ANSWER_SECONDS: Final = 5.0
# So long after the first failure we wait to hear which node's fault it was.
_GRACE_SECONDS: Final = 8.0


def find_place(
    address: str, nodes: int | None, join_seconds: float, progress_seconds: float
) -> Place:
    """Where the driver stands, and how many nodes take part: `nodes`, or all that the cluster has.

    BadValue for what cannot be meant, PeerFailed for a cluster that does not answer in time.
    """
    if find_spec("ray") is None:
        raise BadValue(
            "--launcher", "ray", "ray where it is installed: pip install 'bitpath-cli[ray]'"
        )
    host, port = parse_meeting(_OPTION, address, _EXAMPLE)
    own, interface = find_way(_OPTION, host, port)
    place = Place(
        node=0, nodes=0, host=host, port=port, address=own, interface=interface, hosts=0,
        keeps_store=False, join_seconds=join_seconds, progress_seconds=progress_seconds,
    )  # fmt: skip
    _knock(place)
    found = _count(place)
    if nodes is not None and not 2 <= nodes <= found:
        raise BadValue("--nnodes", str(nodes), f"2 to {found}, the nodes of this cluster")
    if found < 2:
        raise BadValue(
            "--launcher", "ray", f"ray on a cluster of 2 or more nodes; this one has {found}"
        )
    told = asdict(place) | {"nodes": nodes or found, "hosts": nodes or found}
    return Place(**told)


def count_nodes(request: str, _send: Send) -> str:
    """In a fresh process: the nodes of a cluster as JSON, or why they cannot be had."""
    try:
        with connected(Place(**json.loads(request))):
            return json.dumps({"nodes": len(find_nodes())})
    except PeerFailed as failure:
        return json.dumps({"peer": [failure.what, failure.why, failure.next_step]})


def run(launch: Launch, work: Work, request: str) -> str:
    """Node 0's answer; PeerFailed names the node that failed. Call it in a fresh process.

    `work` is found again on the nodes by its name. Nothing of ours is left in the cluster.
    """
    place = launch.place
    if place is None:
        raise ValueError("a Ray cluster needs a place")
    with contextlib.ExitStack() as stack:
        stack.enter_context(connected(place))
        stack.enter_context(heeding_signals("the command that started the Ray actors"))
        members = stack.enter_context(settled(place.nodes, place))
        errand = describe(launch, work, request)
        first = members[0]
        for each in members:
            each.actor.start.remote(errand, each.node, first.address, first.port)
        limit = launch.limit_seconds + 2 * (place.join_seconds + place.progress_seconds)
        return _attend(members, launch, monotonic() + limit)


def _attend(members: list[Member], launch: Launch, deadline: float) -> str:
    """Listen until node 0 has answered; after a first failure, so long until one names it."""
    waiting = list(members)
    lost: list[Member] = []
    failures: list[PeerFailed] = []
    while monotonic() < deadline:
        for member, told in listen(waiting, _ANSWER_SECONDS):
            if told is None:
                waiting.remove(member)
                lost.append(member)
                continue
            for text in told["said"] if member.node == 0 else ():
                launch.send(text)
            if not told["answer"]:
                continue
            waiting.remove(member)
            answer = json.loads(told["answer"])
            if member.node == 0 and "answer" in answer:
                return str(answer["answer"])
            if "answer" not in answer:
                failures.append(_failure(member, answer))
        if failures or lost:
            deadline = min(deadline, monotonic() + _GRACE_SECONDS)
        if failures or not waiting:
            break
        time.sleep(_LOOK_SECONDS)
    raise failures[0] if failures else _silent(lost or waiting, launch)


def _failure(member: Member, answer: dict[str, Any]) -> PeerFailed:
    """What a node says of a failure, its own or another's."""
    if "peer" in answer:
        return PeerFailed(*(str(each) for each in answer["peer"][:3]))
    what, next_step = answer["error"]
    return PeerFailed(f"On {member.name} of the Ray cluster: {what}.", "", next_step)


def _silent(members: list[Member], launch: Launch) -> PeerFailed:
    names = " and ".join(each.name for each in members)
    return PeerFailed(
        f"{names[0].upper()}{names[1:]} of the Ray cluster did not answer any more.",
        "Its actor or its raylet died, or the link to it broke.",
        f"See: ray status --address {launch.place.meeting if launch.place else ''}",
    )


def _knock(place: Place) -> None:
    """Ray itself would wait for ever for an address at which nothing is."""
    try:
        seconds = min(_KNOCK_SECONDS, place.join_seconds)
        socket.create_connection((place.host, place.port), seconds).close()
    except OSError as error:
        raise PeerFailed(
            f"No Ray cluster answers at {place.meeting}: {(error.strerror or str(error)).lower()}.",
            "It does not run, another port was meant, or a filter closes it.",
            f"See on the head: ray status --address {place.meeting}",
        ) from error


def _count(place: Place) -> int:
    """How many nodes there are, asked in a process of its own, for Ray starts threads."""
    with Nursery(preload=()) as nursery:
        found = nursery.run(
            count_nodes, json.dumps(asdict(place)), place.join_seconds + _GRACE_SECONDS
        )
    if isinstance(found, Missing):
        raise PeerFailed(f"The Ray cluster at {place.meeting}: {found.detail}.", "", found.hint)
    told = json.loads(found)
    if "peer" in told:
        raise PeerFailed(*told["peer"])
    return int(told["nodes"])


LAUNCHER = Launcher(summary="Ranks on the nodes of a Ray cluster, one actor on each", run=run)
