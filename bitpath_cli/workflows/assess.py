"""The whole of it for one host: look, measure, advise, and keep what is done at every step."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bitpath_cli import archive, benchmarks, catalogue, discover, probes
from bitpath_cli.errors import BitpathError, UnwritableOutput
from bitpath_cli.host import Host
from bitpath_cli.model.recommendation import Goal
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.probes import Question
from bitpath_cli.workflows import measure
from bitpath_cli.workflows._choice import Choice
from bitpath_cli.workflows.inspect import inspect


class Progress(measure.Progress, Protocol):
    """Who is told what runs now, before and after the measuring too."""

    def stage(self, words: str) -> None:
        """Something without a known end begins."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What to assess. `keep` are the JSON files that always hold what is known so far.

    Without a workload there is no advice, only the machine and its results; `is_example` says that
    nobody named the workload. `only` and `skip` are names of probes and benchmarks.
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


def assess(wish: Wish, progress: Progress, host: Host | None = None) -> Report:
    """The report; after a signal it holds what was done until then and is not `complete`.

    Raises UnknownName or BadProfile before anything runs.
    """
    host = host or Host()
    choice = Choice(wish.only, wish.skip)
    choice.check(discover.names(probes), discover.names(benchmarks))
    for name in wish.workloads:
        catalogue.workload(name)
    if wish.workloads:
        catalogue.site(wish.site)
    progress.stage("looking at the machine")
    question = Question(wish.directory, ask_libraries=True)
    report = inspect(host, question, choice.probes(discover.names(probes)))
    if not report.complete:
        return _stopped(report, wish)
    if wish.is_example:
        report = _noted(report, _example(wish.workloads))
    chosen = choice.benchmarks(discover.names(benchmarks))
    report, is_interrupted = _measure(report, wish, chosen, progress, host)
    if is_interrupted:
        return _stopped(report, wish)
    try:
        for name in wish.workloads:
            progress.stage(f"weighing the strategies for {name}")
            report = _advise(report, name, wish)
    except KeyboardInterrupt:
        return _stopped(report, wish)
    report = report.model_copy(update={"complete": True})
    _keep(report, wish)
    return report


def _measure(
    report: Report, wish: Wish, names: tuple[str, ...], progress: Progress, host: Host
) -> tuple[Report, bool]:
    done: list[BenchmarkResult] = []

    def so_far() -> Report:
        return report.model_copy(update={"results": tuple(done), "complete": False})

    def keep(result: BenchmarkResult) -> None:
        done.append(result)
        _keep(so_far(), wish)

    _keep(so_far(), wish)
    measured = measure.measure(
        host, report.components, wish.directory, names, measure.BUDGETS[wish.budget], progress, keep
    )
    return so_far(), measured.is_interrupted


def _advise(report: Report, name: str, wish: Wish) -> Report:
    """The report with advice for one more workload, or with a note that says why there is none."""
    from bitpath_cli.workflows.advise import advise

    try:
        advice = advise(report, name, wish.site, wish.goal)
    except BitpathError as error:
        return _noted(
            report,
            Note(
                level="warning", next_step=error.next_step,
                text=f"No advice for {name}: {error.what} {error.why}".rstrip(),
            ),
        )  # fmt: skip
    return report.model_copy(
        update={
            "recommendation": report.recommendation or advice,
            "recommendations": (*report.recommendations, advice),
        }
    )


def _example(workloads: tuple[str, ...]) -> Note:
    return Note(
        level="info",
        text=f"{' and '.join(workloads)} is an example: no workload was named.",
        next_step="Choose yours with --workload; see them: bitpath profiles list",
    )


def _stopped(report: Report, wish: Wish) -> Report:
    note = Note(
        level="warning",
        text=f"Interrupted after {len(report.results)} results.",
        next_step="Run it again for the rest.",
    )
    stopped = _noted(report.model_copy(update={"complete": False}), note)
    _keep(stopped, wish)
    return stopped


def _noted(report: Report, note: Note) -> Report:
    return report.model_copy(update={"notes": (*report.notes, note)})


def _keep(report: Report, wish: Wish) -> None:
    """A disk that fills up now must not end the measuring: the last writing will say so."""
    for path in wish.keep:
        with contextlib.suppress(UnwritableOutput):
            archive.save(report, path)
