"""Blueprints by hand, and what is asked of every target's files."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.model.configuration import (
    Configuration,
    NodeExpectation,
    NodeGroup,
    Place,
    StrategyName,
)
from bitpath_cli.model.plan import Blueprint, Program
from bitpath_cli.model.reading import Quantity, Reading, absent, assumed, derived, reported
from bitpath_cli.model.recommendation import Terms
from bitpath_cli.model.report import HostIdentity, Tool
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    BYTE_SECOND,
    FLOP_PER_SECOND,
    JOULE,
    ONE,
    SECOND,
    Unit,
)
from bitpath_cli.plans import PlanFile
from tests.sample_report import CREATED, EUR, term

HOST = "today's host"
GIB = 1 << 30
HOSTILE = (
    "x'; touch owned; echo '", '"$(touch owned)"', "`touch owned`", "a\nb: [c]\n#SBATCH --x\n",
    "- {a: b}", "%n $HOME \\", "-o x", "*", "é\u2028ü\u0085", "$(NAME)", "", " ", "{{ 7 * 7 }}",
)  # fmt: skip


def predicted(value: float, unit: Unit, factor: float = 1.25) -> Quantity:
    """A forecast with an 80 % interval."""
    return Quantity(
        value=value, unit=unit, origin=derived(1, ONE, "the cost model").origin,
        low=value / factor, high=value * factor, level=0.8,
    )  # fmt: skip


def group(
    count: float = 1, device: str = HOST, place: Place = "edge", *, accelerators: int = 0,
    memory_needed: float = 1 * GIB, memory: float = 16 * GIB, samples: float | None = 64,
) -> NodeGroup:  # fmt: skip
    given: Reading = absent("a service") if samples is None else derived(samples, ONE, "by hand")
    return NodeGroup(
        device=device, count=count, place=place, tenure="owned", role="trains",
        expected=NodeExpectation(
            accelerators=accelerators, memory=assumed(memory, BYTE, "by hand", 1.0),
            memory_needed=derived(memory_needed, BYTE, "by hand"),
            compute_rate=assumed(200e9, FLOP_PER_SECOND, "by hand", 1.1),
            memory_bandwidth=assumed(40e9, BYTE_PER_SECOND, "by hand", 1.1),
            storage_rate=assumed(1e9, BYTE_PER_SECOND, "by hand", 1.1),
            samples=given, samples_at_once=given,
        ),
    )  # fmt: skip


def job(*groups: NodeGroup, strategy: StrategyName = "distributed", **changes: Any) -> Blueprint:
    """A training job on two hosts, unless other nodes are given."""
    told: dict[str, Any] = {
        "tool": Tool(name="bitpath", version="0.1.0"), "report_created": CREATED,
        "host": HostIdentity(name="host-0f1e2d", fingerprint="0f1e2d3c4b5a6978"),
        "target": "torchrun", "workload": "resnet50-training", "workload_is_example": False,
        "task": "training", "site": "default", "goal": "balanced", "strategy": strategy,
        "verdict": "clear", "probability_best": 0.86, "at_risk": False,
        "configuration": Configuration(
            label="2 × today's host", strategy=strategy, nodes=groups or (group(2),),
            precision="float32", synchronisation="all-reduce", batch_per_node=64,
        ),
        "forecast": {
            "step_time": predicted(0.5, SECOND), "job_time": predicted(80_000, SECOND),
        },
        "terms": Terms(
            compute=term(8e4, SECOND, 1), storage=term(1e15, BYTE_SECOND, 1),
            bandwidth=term(1e12, BYTE, 1), hardware=term(100, EUR, 1), energy=term(1e7, JOULE, 1),
        ),
        "inputs": (), "expectations": (), "cpus": reported(8, ONE, "/proc"),
        "program": Program(words=("python3", "train.py")),
    }  # fmt: skip
    return Blueprint(**told | changes)


def service(*groups: NodeGroup, **changes: Any) -> Blueprint:
    """A service on this host, 30 % busy in the busiest hour."""
    nodes = groups or (group(samples=None),)
    told: dict[str, Any] = {
        "task": "serving", "workload": "cameras",
        "forecast": {
            "utilisation": predicted(0.3, ONE, 2.0), "service_time": predicted(0.02, SECOND),
            "latency_p99": predicted(0.05, SECOND),
        },
        "program": Program(words=("/usr/bin/python3", "-m", "http.server", "8080")),
    }  # fmt: skip
    return job(*nodes, strategy="edge", **told | changes)


def hostile(blueprint: Blueprint, text: str) -> Blueprint:
    """The same, where everything that a report or a person writes as text is `text`."""
    told = blueprint.configuration
    nodes = tuple(each.model_copy(update={"device": text, "role": text}) for each in told.nodes)
    return blueprint.model_copy(
        update={
            "workload": text, "site": text, "verdict": text,
            "host": blueprint.host.model_copy(update={"fingerprint": text}),
            "tool": blueprint.tool.model_copy(update={"name": text, "version": text}),
            "configuration": told.model_copy(update={"label": text, "nodes": nodes}),
            "forecast": {**blueprint.forecast, text: absent(f"{text}.")},
            "program": blueprint.program.model_copy(
                update={"words": (*blueprint.program.words, text), "hosts": (text or "h",)}
            ),
        }
    )  # fmt: skip


def write(files: tuple[PlanFile, ...], folder: Path) -> None:
    """The files as `bitpath plan` puts them."""
    for each in files:
        path = folder / each.name
        path.write_text(each.text, encoding="utf-8")
        path.chmod(0o755 if each.is_script else 0o644)


def named(files: tuple[PlanFile, ...], name: str) -> str:
    return next(each.text for each in files if each.name == name)


def check_scripts(files: tuple[PlanFile, ...], folder: Path) -> None:
    """shellcheck, at its strictest; the test is skipped where it is not installed."""
    program = shutil.which("shellcheck")
    if program is None:
        pytest.skip("needs the program shellcheck")
    write(files, folder)
    scripts = [str(folder / each.name) for each in files if each.is_script]
    done = subprocess.run([program, *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def stub(folder: Path, *names: str) -> dict[str, str]:
    """Programs of these names that print what they were called with, one word a line of hex."""
    folder.mkdir(exist_ok=True)
    for name in names:
        script = folder / name
        script.write_text(
            "#!/bin/sh\nprintf '%s\\n' " + name + '\nfor word in "$@"; do\n'
            "  printf '%s' \"$word\" | od -An -v -tx1 | tr -d ' \\n'; echo\ndone\n"
        )
        script.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def called(output: str) -> list[str]:
    """The words that a stub was called with, its name first."""
    name, *words = output.splitlines()
    return [name, *(bytes.fromhex(each).decode() for each in words)]
