"""Runs a service's trials in a lab: `bitpath serve` on one host, `bitpath trial` on another."""

import contextlib
import select
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from bitpath_cli import archive
from bitpath_cli.model.report import Report
from tests.lab.groups import Group, group
from tests.lab.hosts import Hosts, hosts
from tests.validation import trials

SHIPPED = Path(__file__).with_name("serving_cases.toml")
EDGE, CENTRE = 0, 1
_PORT = 29571
_LIMIT_SECONDS = 120.0
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """One trial: a network, its requests, and what lies between two hosts."""

    flop: str
    request: str
    link: str
    edge: float
    rate: str
    reply: str = "1KiB"
    arrival: Literal["poisson", "periodic"] = "poisson"
    round_trip: float = 0.0
    cap: str = "70s"

    @property
    def model(self) -> str:
        """As it is typed."""
        return f"sized:{self.flop}:{self.request}:{self.reply}"

    @property
    def name(self) -> str:
        """In words."""
        parts = [self.flop, f"{self.request} asked", self.link]
        if self.round_trip:
            parts.append(f"+{self.round_trip * 1000:g} ms")
        if self.edge < 1:
            parts.append(f"edge of {self.edge:g} cores")
        return ", ".join([*parts, f"{self.rate} {self.arrival}"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case came to: the edge's report, or why there is none."""

    case: Service
    report: Report | None
    failure: str = ""


class _Entry(BaseModel, extra="forbid"):
    flop: str
    requests: list[str]
    links: list[str]
    edges: list[float]
    rates: list[str]
    reply: str = "1KiB"
    arrival: Literal["poisson", "periodic"] = "poisson"
    round_trip: float = 0.0
    cap: str = "70s"


class _File(BaseModel, extra="forbid"):
    services: list[_Entry]


def read(path: Path = SHIPPED) -> tuple[Service, ...]:
    """Every combination."""
    told = _File.model_validate(tomllib.loads(path.read_text()))
    return tuple(
        Service(
            each.flop,
            request,
            link,
            edge,
            rate,
            each.reply,
            each.arrival,
            each.round_trip,
            each.cap,
        )
        for each in told.services
        for request, link, edge, rate in product(each.requests, each.links, each.edges, each.rates)
    )


def run(cases: Sequence[Service], folder: Path) -> Iterator[Outcome]:
    """The cases one after the other, on two hosts of one core each."""
    if not cases:
        return
    with hosts(2) as lab:
        report = trials.assess(lab, folder)
        for index, case in enumerate(cases):
            token, output = folder / f"token-{index}", folder / f"service-{index}.json"
            try:
                with _between(lab, case), serving(lab, case.model, token):
                    found = _try(lab, case, report, token, output)
            except RuntimeError as fault:
                found = Outcome(case, None, str(fault).replace("\n", " ")[-300:])
            yield found


@contextlib.contextmanager
def _between(lab: Hosts, case: Service) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if case.round_trip:
            stack.enter_context(lab.lengthened(EDGE, case.round_trip))
        lab.shape(None if case.link == "unshaped" else case.link)
        yield


@contextlib.contextmanager
def serving(lab: Hosts, model: str, token: Path) -> Iterator[Path]:
    """The centre answers, and its token is in that file, until the context ends."""
    place = f"{lab.address(CENTRE)}:{_PORT}"
    process = lab.run(
        CENTRE, *trials.pinned(CENTRE), sys.executable, "-m", "bitpath_cli", "serve",
        "--model", model, "--threads", "1", "--listen", place, "--token-file", str(token),
    )  # fmt: skip
    try:
        while f":{_PORT} " not in lab.listeners(CENTRE):
            if process.poll() is not None:
                raise RuntimeError(f"the service ended: {process.communicate()[1]}")
            select.select([], [], [], 0.1)
        yield token
    finally:
        process.terminate()
        process.wait(20)


def start(
    lab: Hosts, case: Service, report: Path, token: Path, output: Path, own: Group | None
) -> "subprocess.Popen[str]":
    """The trial as it is typed on the edge."""
    process = lab.run(
        EDGE, *trials.pinned(EDGE), sys.executable, "-m", "bitpath_cli", "trial", str(report),
        "--model", case.model, "--rate", case.rate, "--arrival", case.arrival, "--cap", case.cap,
        "--threads", "1", "--serve-on", f"{lab.address(CENTRE)}:{_PORT}",
        "--token-file", str(token), "--output", str(output), sees_groups=True,
    )  # fmt: skip
    for folder in () if own is None else own.folders:
        (folder / "cgroup.procs").write_text(str(process.pid))
    return process


def _try(lab: Hosts, case: Service, report: Path, token: Path, output: Path) -> Outcome:
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(group(cpus=case.edge)) if case.edge < 1 else None
        process = start(lab, case, report, token, output, own)
        try:
            out, err = process.communicate(timeout=_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    if process.returncode != 0 or not output.exists():
        return Outcome(case, None, (err or out).strip().replace("\n", " ")[-300:])
    return Outcome(case, archive.load(output))
