"""What runs on every node of a Ray cluster: an actor that lets a fresh process join the others.

Ray carries its calls; what is said in them are JSON texts. No method waits for another node, so
that a caller always hears from it at once.
"""

import json
import socket
import threading
from dataclasses import asdict
from importlib import import_module
from typing import Any, Final

from bitpath_cli.errors import BitpathError, PeerFailed
from bitpath_cli.isolation import Nursery
from bitpath_cli.launchers import Launch, Place, Send, Work
from bitpath_cli.launchers._joined import run_joined
from bitpath_cli.launchers._way import find_way

_OPTION: Final = "--ray-address"
_GRACE_SECONDS: Final = 10.0


class Node:
    """The actor; when it dies, whatever it started dies with it."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self._said: list[str] = []
        self._answer = ""

    def introduce(self) -> str:
        """This node's name and address, and a port of it that is free now."""
        import ray

        find_address: Any = ray.util.get_node_ip_address
        address = str(find_address())
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as asking:
            asking.bind((address, 0))
            port = int(asking.getsockname()[1])
        return json.dumps({"host": socket.gethostname(), "address": address, "port": port})

    def start(self, errand: str, node: int, host: str, port: int) -> None:
        """Join the others at `host`:`port` as `node`; see `listen` for what came of it."""
        threading.Thread(target=self._go, args=(errand, node, host, port), daemon=True).start()

    def listen(self) -> str:
        """What was said since the last time, and the answer once there is one."""
        said, self._said[:] = list(self._said), []
        return json.dumps({"said": said, "answer": self._answer})

    def _go(self, errand: str, node: int, host: str, port: int) -> None:
        told = json.loads(errand)
        try:
            address, interface = find_way(_OPTION, host, port)
            told["place"] |= {
                "node": node, "host": host, "port": port, "address": address,
                "interface": interface, "keeps_store": node == 0,
            }  # fmt: skip
            place = Place(**told["place"])
            limit_seconds = (
                told["limit_seconds"] + place.join_seconds + place.progress_seconds + _GRACE_SECONDS
            )
            with Nursery(("torch.distributed", told["work"].partition(":")[0])) as nursery:
                found = nursery.run(take_part, json.dumps(told), limit_seconds, self._said.append)
            self._answer = (
                found
                if isinstance(found, str)
                else json.dumps({"error": [found.detail, found.hint]})
            )
        except BitpathError as error:
            self._answer = json.dumps({"error": [f"{error.what} {error.why}", error.next_step]})


def describe(launch: Launch, work: Work, request: str) -> str:
    """The errand of all nodes, as JSON."""
    return json.dumps({
        "size": launch.size, "threads": launch.threads, "limit_seconds": launch.limit_seconds,
        "task": launch.task, "place": asdict(launch.place) if launch.place is not None else {},
        "work": f"{work.__module__}:{work.__qualname__}", "request": request,
    })  # fmt: skip


def take_part(errand: str, send: Send) -> str:
    """In a fresh process: join, work, and say as JSON what came of it."""
    told: dict[str, Any] = json.loads(errand)
    launch = Launch(
        size=told["size"], threads=told["threads"], limit_seconds=told["limit_seconds"],
        place=Place(**told["place"]), send=send, task=told["task"],
    )  # fmt: skip
    module, _, name = told["work"].partition(":")
    try:
        answer = run_joined(launch, getattr(import_module(module), name), told["request"])
    except PeerFailed as failure:
        return json.dumps({"peer": [failure.what, failure.why, failure.next_step]})
    return json.dumps({"answer": answer})
