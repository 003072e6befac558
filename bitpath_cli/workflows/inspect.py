"""Asks every chosen probe what is true of this machine, and how each of them fared."""

import traceback
from dataclasses import dataclass
from pathlib import Path

from bitpath_cli import discover, probes
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.component import Component
from bitpath_cli.model.report import ProbeRun
from bitpath_cli.probes import Probe, Question
from bitpath_cli.workflows._fingerprint import fingerprint


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found, how long each probe took, and the hash of what lasts of it."""

    components: tuple[Component, ...]
    probes: tuple[ProbeRun, ...]
    fingerprint: str


def inspect(host: Host, question: Question, names: tuple[str, ...]) -> Inspection:
    """Run the probes of these names; one that raises silences no other."""
    found: list[Component] = []
    runs: list[ProbeRun] = []
    for name in names:
        components, run = _ask(name, host, question)
        found += components
        runs.append(run)
    return Inspection(tuple(found), tuple(runs), fingerprint(found))


def summaries() -> tuple[tuple[str, str], ...]:
    """Every probe's name, and what it is about."""
    return tuple(
        (name, discover.member(probes, name, "PROBE", Probe).summary)
        for name in discover.names(probes)
    )


def _ask(name: str, host: Host, question: Question) -> tuple[tuple[Component, ...], ProbeRun]:
    start = monotonic()
    try:
        probe = discover.member(probes, name, "PROBE", Probe)
        found = probe.find(host, question)
    except Exception as error:
        run = ProbeRun(
            probe=name, seconds=monotonic() - start, succeeded=False, error=_describe(error)
        )
        return (), run
    return found, ProbeRun(probe=name, seconds=monotonic() - start, succeeded=True)


def _describe(error: Exception) -> str:
    """The error and where it arose, so that a report alone is enough to find our bug."""
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    return f"{type(error).__name__}: {error}{place}"
