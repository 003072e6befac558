"""The one document that flows through everything: what was found, measured and recommended.

History of the format, newest first. A change that old readers cannot follow gets a new number and
a migration step in archive.py.

1 (2026-11) the first: components, probe runs, results, recommendations, members, notes.
  Added since, and absent from older files: aims, fleet, trials.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, FiniteFloat

from bitpath_cli.model.aim import Aim
from bitpath_cli.model.component import Component
from bitpath_cli.model.fleet import Fleet
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.record import Record
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.trial import Trial

SCHEMA_VERSION: Final = 1


class Tool(Record):
    """What wrote the report."""

    name: str
    version: str


class HostIdentity(Record):
    """The host's name, and a hash of what makes two runs comparable (not an identity)."""

    name: str
    fingerprint: str


class ProbeRun(Record):
    """How a probe fared; one that raised is our bug and silences no other."""

    probe: str
    seconds: FiniteFloat
    succeeded: bool
    error: str = ""


class Note(Record):
    """A finding or warning in words, with what to do next."""

    level: Literal["info", "warning"]
    text: str
    next_step: str = ""


class Report(Record):
    """Every command reads or writes one."""

    schema_version: Literal[1] = SCHEMA_VERSION
    tool: Tool
    created: datetime
    host: HostIdentity
    complete: bool
    components: tuple[Annotated[Component, Field(discriminator="kind")], ...] = ()
    probes: tuple[ProbeRun, ...] = ()
    results: tuple[BenchmarkResult, ...] = ()
    recommendation: Recommendation | None = None
    recommendations: tuple[Recommendation, ...] = ()
    aims: tuple[Aim, ...] = ()
    members: tuple["Report", ...] = ()
    fleet: Fleet | None = None
    trials: tuple[Trial, ...] = ()
    notes: tuple[Note, ...] = ()
