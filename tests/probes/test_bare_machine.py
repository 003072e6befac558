"""Probes on a machine that has no file at all, and on the one that runs the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli import discover, probes
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.probes import Probe, Question
from tests.tree import tree

COMPUTE = ("cpu", "limits", "memory", "system")
# What is not a file: these come from calls, which answer without a root.
CALLED = {
    "architecture", "affinity_cpus", "effective_cpus", "cpu_limit_source", "threads",
}  # fmt: skip


def probe(name: str) -> Probe:
    return discover.member(probes, name, "PROBE", Probe)


def known(record: Record) -> Iterator[str]:
    for name, value in record:
        if isinstance(value, Quantity | Fact):
            yield name
        for each in value if isinstance(value, tuple) else ():
            if isinstance(each, Record):
                yield from known(each)


@pytest.mark.parametrize("name", COMPUTE)
def test_an_empty_root_makes_every_reading_missing(tmp_path: Path, name: str) -> None:
    (component,) = probe(name).find(tree(tmp_path, {}), Question())
    assert set(known(component)) <= CALLED


@pytest.mark.parametrize("name", COMPUTE)
def test_a_host_without_even_an_affinity_raises_nothing(tmp_path: Path, name: str) -> None:
    (component,) = probe(name).find(tree(tmp_path, {}, affinity=[]), Question())
    assert component.kind == name


@pytest.mark.parametrize("name", COMPUTE)
def test_this_machine_yields_a_component(name: str) -> None:
    (component,) = probe(name).find(Host(), Question())
    assert component.kind == name
    assert list(known(component))
    assert type(component).model_validate_json(component.model_dump_json()) == component
