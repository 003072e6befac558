"""Throttles a resource on purpose and looks whether a trial names it, and nothing else."""

import contextlib
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from bitpath_cli import archive
from bitpath_cli.model.trial import Trial
from tests.lab.groups import group
from tests.lab.hosts import Hosts, hosts
from tests.validation import trials
from tests.validation.cases import Case

SHIPPED = Path(__file__).with_name("throttles.toml")
_FELT = 0.75
_CAP = "50s"
_NEIGHBOUR = """
import torch
torch.set_num_threads(1)
a, b, c = (torch.ones(8 << 20, dtype=torch.float64) for _ in range(3))
while True:
    torch.add(a, b, alpha=2.0, out=c)
"""
_STREAM = """
import time, torch
torch.set_num_threads(1)
a, b, c = (torch.ones(8 << 20, dtype=torch.float64) for _ in range(3))
for _ in range(40):
    begin = time.perf_counter()
    torch.add(a, b, alpha=2.0, out=c)
    print(time.perf_counter() - begin)
"""


class Throttle(BaseModel, extra="forbid", frozen=True):
    """One thing that is made scarce; see throttles.toml."""

    resource: str
    model: str
    hosts: int
    candidate: str = ""
    quota: float | None = None
    read_rate: int | None = None
    link: str = "unshaped"
    neighbours: int = 0

    @property
    def words(self) -> str:
        """How it was throttled."""
        if self.quota is not None:
            return f"CPU quota of {self.quota:g} cores"
        if self.read_rate is not None:
            return f"disk reads at {self.read_rate / 1e6:g} MB/s"
        if self.link != "unshaped":
            return f"link of {self.link}"
        return f"{self.neighbours} neighbour" if self.neighbours else "nothing"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a trial said under a throttle; `left` is what a neighbour left of memory's bandwidth."""

    throttle: Throttle
    trial: Trial | None
    failure: str = ""
    left: float | None = None

    @property
    def expected(self) -> str:
        """What is to be named: nothing where a neighbour took too little to be felt."""
        felt = self.left is None or self.left < _FELT
        return self.throttle.resource if felt else ""

    @property
    def named(self) -> tuple[str, ...]:
        """The resources that the trial called slow."""
        checks = () if self.trial is None else self.trial.checks
        return tuple(each.resource for each in checks if each.is_slow)

    @property
    def held(self) -> str:
        """What the candidate's step was held up by, with its share."""
        found = None if self.trial is None else next(
            (each.held for each in self.trial.run if each.label == self.throttle.candidate), None
        )  # fmt: skip
        return "" if found is None else f"{found.resource} {found.share.value:.0%}"

    @property
    def is_right(self) -> bool:
        """Named, alone, and the candidate held up by it."""
        wanted = (self.expected,) if self.expected else ()
        holds = not self.expected or self.held.startswith(f"{self.expected} ")
        return self.trial is not None and self.named == wanted and holds


class _File(BaseModel, extra="forbid"):
    throttles: list[Throttle]


def read(path: Path = SHIPPED) -> tuple[Throttle, ...]:
    """In the file's order: the first, without a throttle, lets the others know the all-reduce."""
    return tuple(_File.model_validate(tomllib.loads(path.read_text())).throttles)


def run(throttles: Sequence[Throttle], folder: Path) -> Iterator[Seen]:
    """One trial each, on hosts that were assessed unthrottled."""
    if not throttles:
        return
    with hosts(max(each.hosts for each in throttles)) as lab:
        report = trials.assess(lab, folder, ("disk",))
        for index, each in enumerate(throttles):
            output = folder / f"throttle-{index}.json"
            seen = _see(lab, each, report, output)
            yield seen
            if seen.trial is not None and not each.resource:
                report = output


def _see(lab: Hosts, throttle: Throttle, report: Path, output: Path) -> Seen:
    lab.shape(None if throttle.link == "unshaped" else throttle.link)
    case = Case(throttle.model, throttle.link, throttle.hosts, cap=_CAP)
    left: float | None = None
    with contextlib.ExitStack() as stack:
        groups = []
        if throttle.quota is not None or throttle.read_rate is not None:
            disk = None if throttle.read_rate is None else {"rbps": throttle.read_rate}
            groups = [
                stack.enter_context(group(cpus=throttle.quota, disk=disk))
                for _ in range(throttle.hosts)
            ]
        if throttle.neighbours:
            alone = _stream_seconds()
            for _ in range(throttle.neighbours):
                stack.enter_context(_neighbour())
            left = alone / _stream_seconds()
        processes = trials.start(lab, case, report, output, groups)
        said = [trials.finish(each) for each in processes]
    if processes[0].returncode != 0 or not output.exists():
        return Seen(throttle, None, " | ".join(said)[-300:], left)
    return Seen(throttle, archive.load(output).trials[-1], "", left)


@contextlib.contextmanager
def _neighbour() -> Iterator[None]:
    """A program on the other core that does nothing but move memory."""
    words = ("taskset", "-c", "1", sys.executable, "-c", _NEIGHBOUR)
    process = subprocess.Popen(words)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _stream_seconds() -> float:
    """A triad on the first core, by a program that is not bitpath."""
    words = ("taskset", "-c", "0", sys.executable, "-c", _STREAM)
    told = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    return statistics.median(float(each) for each in told.stdout.split()[5:])
