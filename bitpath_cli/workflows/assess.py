"""The whole of it for one host: look, measure, advise, and keep what is done at every step."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bitpath_cli import archive, benchmarks, catalogue, discover, probes
from bitpath_cli.errors import BitpathError, PeerFailed, UnwritableOutput
from bitpath_cli.host import Host
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.recommendation import Goal
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.result import BenchmarkResult, Parameters
from bitpath_cli.probes import Question
from bitpath_cli.workflows import _fault, measure, power
from bitpath_cli.workflows._aims import parse_aims
from bitpath_cli.workflows._choice import Choice
from bitpath_cli.workflows._idle_share import with_idle_shares
from bitpath_cli.workflows.crew import Crew
from bitpath_cli.workflows.decide import advice
from bitpath_cli.workflows.inspect import inspect
from bitpath_cli.workflows.peers import Peers


class Progress(measure.Progress, Protocol):
    """Who is told what runs now, before and after the measuring too."""

    def stage(self, words: str) -> None:
        """Something without a known end begins."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What to assess. `keep` are the JSON files that always hold what is known so far.

    Without a workload there is no advice, only the machine and its results; `is_example` says that
    nobody named the workload. `only` and `skip` are names of probes and benchmarks; `asked`
    holds cases by benchmark that take the place of its own. `peers` are measured with, and `known`
    are results that a person states. `aims` are
    changes to reach, as they are typed.
    """

    workloads: tuple[str, ...] = ()
    is_example: bool = False
    site: str = catalogue.DEFAULT_SITE
    goal: Goal = "balanced"
    budget: str = "standard"
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    directory: str = "."
    keep: tuple[Path, ...] = ()
    crew: Crew | None = None
    asked: Mapping[str, tuple[Parameters, ...]] = field(default_factory=dict)
    peers: Peers | None = None
    known: tuple[BenchmarkResult, ...] = ()
    aims: tuple[str, ...] = ()


class CutShort(PeerFailed):
    """A host of the crew failed; `report` holds what had been measured until then."""

    def __init__(self, failure: PeerFailed, report: Report) -> None:
        """The words are those of `failure`."""
        super().__init__(failure.what, failure.why, failure.next_step)
        self.report = report


def names() -> tuple[str, ...]:
    """What `only` and `skip` may name."""
    return (*discover.names(probes), *discover.names(benchmarks))


def assess(wish: Wish, progress: Progress, host: Host | None = None) -> Report:
    """The report; after a signal it holds what was done until then and is not `complete`.

    Raises UnknownName or BadProfile before anything runs.
    """
    choice = Choice(wish.only, wish.skip)
    choice.check(discover.names(probes), discover.names(benchmarks))
    for name in wish.workloads:
        catalogue.workload(name)
    if wish.workloads:
        catalogue.site(wish.site)
    aims = parse_aims(wish.aims)
    progress.stage("looking at the machine")
    host = host or Host()
    peers = () if wish.peers is None else tuple(each.name for each in wish.peers.known)
    question = Question(wish.directory, peers, ask_libraries=True)
    looked = inspect(host, question, choice.probes(discover.names(probes)))
    run = _Run(wish, looked.model_copy(update={"aims": aims}))
    try:
        run.go(choice.benchmarks(discover.names(benchmarks)), progress, host)
    except KeyboardInterrupt:
        run.stop()
    except PeerFailed as failure:
        raise CutShort(failure, run.report) from failure
    return run.report


class _Run:
    """The report on its way: whatever interrupts it, `report` is what is done."""

    def __init__(self, wish: Wish, looked: Report) -> None:
        self._wish = wish
        self._is_looked = looked.complete
        self.report = looked.model_copy(update={"complete": False})

    def go(self, names: tuple[str, ...], progress: Progress, host: Host) -> None:
        """Measure and advise; KeyboardInterrupt for every signal, whoever saw it."""
        if not self._is_looked:
            raise KeyboardInterrupt
        if self._wish.is_example:
            self._note(_example(self._wish.workloads))
        self._keep()
        for each in self._wish.known:
            self._add(each)
        stated = {each.benchmark for each in self._wish.known}
        measured = measure.measure(
            host, self.report.components, self._wish.directory,
            tuple(name for name in names if name not in stated),
            measure.BUDGETS[self._wish.budget], progress, self._add,
            crew=self._wish.crew, asked=self._wish.asked, peers=self._wish.peers,
        )  # fmt: skip
        if measured.is_interrupted:
            raise KeyboardInterrupt
        if self._wish.workloads:
            self._recall_power(host)
        self._update(results=with_idle_shares(self.report.results))
        for name in self._wish.workloads:
            progress.stage(f"weighing the strategies for {name}")
            self._advise(name)
        self._update(complete=True)
        self._keep()

    def stop(self) -> None:
        """Say that it was interrupted, and keep what is there."""
        self._note(
            Note(
                level="warning", text=f"Interrupted after {len(self.report.results)} results.",
                next_step="Run it again for the rest.",
            )
        )  # fmt: skip
        self._update(complete=False)
        self._keep()

    def _recall_power(self, host: Host) -> None:
        """What was calibrated on this host before counts as if it had been measured now."""
        found, notes = power.known(host.outside.hostname())
        for result in found:
            self._add(result)
        for note in notes:
            self._note(note)

    def _add(self, result: BenchmarkResult) -> None:
        self._update(results=(*self.report.results, result))
        self._keep()

    def _advise(self, name: str) -> None:
        """Advice for one more workload, or a note that says why there is none."""
        try:
            found = advice(self.report, name, self._wish.site, Demands(goal=self._wish.goal))
        except BitpathError as error:
            text = f"No advice for {name}: {error.what} {error.why}".rstrip()
            self._note(Note(level="warning", text=text, next_step=error.next_step))
            return
        except Exception as error:
            # What was measured stands without the advice.
            self._note(_fault.note(f"The advice for {name}", _fault.describe(error)))
            return
        self._update(
            recommendation=self.report.recommendation or found,
            recommendations=(*self.report.recommendations, found),
        )

    def _note(self, note: Note) -> None:
        self._update(notes=(*self.report.notes, note))

    def _update(self, **changes: object) -> None:
        self.report = self.report.model_copy(update=changes)

    def _keep(self) -> None:
        """A disk that fills up now must not end the measuring: the last writing will say so."""
        for path in self._wish.keep:
            with contextlib.suppress(UnwritableOutput):
                archive.save(self.report, path)


def _example(workloads: tuple[str, ...]) -> Note:
    return Note(
        level="info",
        text=f"{' and '.join(workloads)} is an example: no workload was named.",
        next_step="Choose yours with --workload; see them: bitpath profiles list",
    )
