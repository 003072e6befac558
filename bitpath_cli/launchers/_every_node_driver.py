"""Ray's driver: started by _every_node.py, it reads one request and writes JSON lines to stdout.

Tasks reach the nodes by value and return text alone; each starts `bitpath` in a process of its own.
"""

import contextlib
import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1


def assess_here(arguments: list[str]) -> str:
    """On a node: run `bitpath assess --json` and return its report and how it ended, as JSON."""

    def end_with_parent() -> None:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG

    command = [sys.executable, "-m", "bitpath_cli", "assess", "--json", *arguments]
    done = subprocess.run(  # noqa: S603  (an argument list, never a shell)
        command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
        check=False, preexec_fn=end_with_parent,
    )  # fmt: skip
    return json.dumps({"code": done.returncode, "text": done.stdout, "said": done.stderr[-1000:]})


def drive(address: str, arguments: list[str], say: Callable[[dict[str, Any]], None]) -> None:
    """Join the cluster, say which nodes there are, then every node's answer as it comes."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    nodes = {
        str(each["NodeID"]): f"{each['NodeManagerHostname']} ({each['NodeManagerAddress']})"
        for each in ray.nodes()  # type: ignore[no-untyped-call]
        if each["Alive"]
    }
    say({"nodes": list(nodes.items())})
    task = ray.remote(num_cpus=0, max_retries=0)(assess_here)
    running = {
        task.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=identity, soft=False)
        ).remote(arguments): identity
        for identity in nodes
    }
    while running:
        done, _ = ray.wait(list(running), num_returns=1)
        for each in done:
            say({"node": running.pop(each), **_answer(partial(ray.get, each))})


def _answer(get: Callable[[], Any]) -> dict[str, str]:
    """The report's text, or in one line why there is none."""
    try:
        found = json.loads(get())
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return {"failure": f"{type(error).__name__}: {lines[-1] if lines else ''}".rstrip(": ")}
    if found["text"].strip():
        return {"text": found["text"]}
    said = " ".join(found["said"].split())
    return {"failure": f"bitpath ended with {found['code']}: {said or 'it said nothing'}"}


@contextlib.contextmanager
def _own_stdout() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Our lines go to stdout; whatever else is printed goes to stderr."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

        def say(what: dict[str, Any]) -> None:
            out.write(json.dumps(what) + "\n")
            out.flush()

        yield say


def main() -> None:
    """Serve one request; the parent's end is ours."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    address, arguments = json.load(sys.stdin)
    with _own_stdout() as say:
        try:
            drive(address, arguments, say)
        except Exception as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            say({"failure": f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(": .")})
            sys.exit(1)


if __name__ == "__main__":
    main()
