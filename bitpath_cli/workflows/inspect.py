"""Asks every chosen probe what is true of this machine, and how each of them fared."""

import contextlib
from datetime import UTC, datetime

from bitpath_cli import __version__, discover, probes
from bitpath_cli.host import Host, monotonic
from bitpath_cli.model.component import Component
from bitpath_cli.model.report import HostIdentity, ProbeRun, Report, Tool
from bitpath_cli.probes import Probe, Question
from bitpath_cli.workflows import _fault
from bitpath_cli.workflows._fingerprint import fingerprint


def look(directory: str, peers: tuple[str, ...]) -> Report:
    """This host as all probes find it, without asking libraries in subprocesses."""
    return inspect(Host(), Question(directory, peers))


def inspect(host: Host, question: Question, names: tuple[str, ...] | None = None) -> Report:
    """A report of what the named probes find, or all of them; none can silence another.

    After a signal it holds what was found until then and is not `complete`.
    """
    found: list[Component] = []
    runs: list[ProbeRun] = []
    chosen = discover.names(probes) if names is None else names
    with contextlib.suppress(KeyboardInterrupt):
        for name in chosen:
            components, run = _ask(name, host, question)
            found += components
            runs.append(run)
    return Report(
        tool=Tool(name="bitpath", version=__version__),
        created=datetime.now(UTC),
        host=HostIdentity(name=host.outside.hostname(), fingerprint=fingerprint(found)),
        complete=len(runs) == len(chosen),
        components=tuple(found),
        probes=tuple(runs),
        notes=tuple(
            _fault.note(f"The probe {run.probe}", run.error, f"--skip {run.probe} leaves it out")
            for run in runs
            if not run.succeeded
        ),
    )


def _ask(name: str, host: Host, question: Question) -> tuple[tuple[Component, ...], ProbeRun]:
    start = monotonic()
    try:
        found = discover.member(probes, name, "PROBE", Probe).find(host, question)
    except Exception as error:
        seconds = monotonic() - start
        return (), ProbeRun(
            probe=name, seconds=seconds, succeeded=False, error=_fault.describe(error)
        )
    return found, ProbeRun(probe=name, seconds=monotonic() - start, succeeded=True)
