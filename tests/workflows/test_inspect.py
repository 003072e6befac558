"""Asking the probes: what one finds is kept whatever becomes of the others."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from bitpath_cli import discover, probes
from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import fact
from bitpath_cli.probes import Probe, Question
from bitpath_cli.workflows.inspect import inspect
from tests.recorded import Recorded
from tests.sample_report import filled

HOST = Host(outside=Recorded({"hostname": "edge-01", "machine": "x86_64", "affinity": [0]}, None))
SYSTEM = filled(System, name="edge-01", kernel=fact("6.1", "uname"))
MEMORY = filled(Memory, name="memory", huge_page_pools=(), nodes=())


def fault(host: Host, question: Question) -> tuple[Component, ...]:
    raise KeyError("MemTotal")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> dict[str, Probe]:
    """A room of probes that a test fills."""
    members: dict[str, Probe] = {}

    def member(_: ModuleType, name: str, *__: Any) -> Probe:
        if name not in members:
            raise ModuleNotFoundError(name)
        return members[name]

    monkeypatch.setattr(discover, "member", member)
    monkeypatch.setattr(discover, "names", lambda _: tuple(members))
    return members


def test_a_probe_that_raises_silences_no_other(room: dict[str, Probe]) -> None:
    room["first"] = Probe("", lambda host, question: (SYSTEM,))
    room["broken"] = Probe("", fault)
    room["last"] = Probe("", lambda host, question: (MEMORY,))
    found = inspect(HOST, Question())
    assert found.components == (SYSTEM, MEMORY)
    assert [(run.probe, run.succeeded) for run in found.probes] == [
        ("first", True), ("broken", False), ("last", True),
    ]  # fmt: skip
    (note,) = found.notes
    assert note.level == "warning"
    assert note.text.startswith("The probe broken failed (KeyError: 'MemTotal' (test_inspect.py,")
    assert "--skip broken" in note.next_step


def test_a_probe_that_cannot_even_be_imported_is_recorded_too(room: dict[str, Probe]) -> None:
    room["fine"] = Probe("", lambda host, question: (MEMORY,))
    found = inspect(HOST, Question(), ("absent", "fine"))
    assert [run.succeeded for run in found.probes] == [False, True]
    assert found.components == (MEMORY,)


def test_only_the_named_probes_are_asked_and_with_the_question(room: dict[str, Probe]) -> None:
    asked: list[Question] = []

    def ask(host: Host, question: Question) -> tuple[Component, ...]:
        asked.append(question)
        return ()

    room["one"] = room["two"] = Probe("", ask)
    question = Question("/data", ("10.0.0.2",))
    assert [run.probe for run in inspect(HOST, question, ("two",)).probes] == ["two"]
    assert asked == [question]


def test_each_probe_is_timed_on_the_monotonic_clock(
    room: dict[str, Probe], monkeypatch: pytest.MonkeyPatch
) -> None:
    room["fine"] = Probe("", lambda host, question: ())
    room["broken"] = Probe("", fault)
    times = iter([1.0, 1.25, 2.0, 2.5])
    monkeypatch.setattr("bitpath_cli.workflows.inspect.monotonic", lambda: next(times))
    assert [run.seconds for run in inspect(HOST, Question()).probes] == [0.25, 0.5]


def test_ctrl_c_keeps_what_was_found_and_is_no_fault_of_a_probe(room: dict[str, Probe]) -> None:
    def interrupted(host: Host, question: Question) -> tuple[Component, ...]:
        raise KeyboardInterrupt

    room["first"] = Probe("", lambda host, question: (SYSTEM,))
    room["slow"] = Probe("", interrupted)
    room["last"] = Probe("", lambda host, question: (MEMORY,))
    found = inspect(HOST, Question())
    assert not found.complete
    assert found.components == (SYSTEM,)
    assert [run.probe for run in found.probes] == ["first"]


def test_the_report_says_which_host_which_tool_and_when(room: dict[str, Probe]) -> None:
    before = datetime.now(UTC)
    found = inspect(HOST, Question())
    assert found.host.name == "edge-01"
    assert found.tool.name == "bitpath"
    assert before <= found.created <= datetime.now(UTC)
    assert found.complete
    assert found.results == ()


def test_every_probe_of_this_project_is_a_probe() -> None:
    found: Mapping[str, Probe] = {
        name: discover.member(probes, name, "PROBE", Probe) for name in discover.names(probes)
    }
    assert found
    assert all(probe.summary for probe in found.values())
