"""The report of a trial: kept on disk as it grows, and whole at the end with what cut it short."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bitpath_cli import archive
from bitpath_cli.errors import PeerFailed, UnwritableOutput
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.model.trial import Trial


@dataclass(frozen=True, slots=True)
class TriedOut:
    """The report with the trial and its results, and what ended it early, if anything did.

    There is no report on a host that only lends its hands.
    """

    report: Report | None
    failure: PeerFailed | None = None
    is_interrupted: bool = False


@dataclass
class KeptResults:
    """What has been measured so far, in files that always hold it."""

    report: Report | None
    paths: Sequence[Path]
    results: list[BenchmarkResult] = field(default_factory=list)

    def keep(self, result: BenchmarkResult) -> None:
        """Remember a result, and write it where there is a report."""
        self.results.append(result)
        if self.report is None:
            return
        so_far = {"results": (*self.report.results, *self.results), "complete": False}
        for path in self.paths:
            # A disk that fills up now must not end the trial: the last writing will say so.
            with contextlib.suppress(UnwritableOutput):
                archive.save(self.report.model_copy(update=so_far), path)


def concluded(
    report: Report,
    trial: Trial,
    results: Sequence[BenchmarkResult],
    failure: PeerFailed | None,
    *,
    is_interrupted: bool,
) -> TriedOut:
    """The report with the trial, its results, and a note of what ended it early."""
    notes = report.notes
    if failure is not None:
        text = f"The trial ended early: {failure.what} {failure.why}".strip()
        notes = (*notes, Note(level="warning", text=text, next_step=failure.next_step))
    changes = {
        "trials": (*report.trials, trial), "results": (*report.results, *results), "notes": notes,
        "complete": failure is None and not is_interrupted,
    }  # fmt: skip
    return TriedOut(report.model_copy(update=changes), failure, is_interrupted)
