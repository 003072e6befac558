"""The exit code that a report deserves."""

from bitpath_cli.errors import FINDING, OK, NothingMeasured, PeerFailed
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Doubt, Validity


def exit_code(report: Report) -> int:
    """A finding where, for some workload, nothing is feasible."""
    verdicts = {each.verdict for each in report.recommendations}
    return FINDING if "none feasible" in verdicts else OK


def check_measured(report: Report, names: tuple[str, ...]) -> None:
    """Raise NothingMeasured for a benchmark that was asked for by name and gave nothing usable.

    A rank that failed is PeerFailed, even where the sizes before that are usable.
    """
    for name in names:
        results = [each for each in report.results if each.benchmark == name]
        for each in results:
            if Doubt.PEER_FAILED in each.reasons:
                raise _peer_failed(each)
        if not results or any(each.validity is not Validity.INVALID for each in results):
            continue
        missing = next((each.missing for each in results if each.missing is not None), None)
        doubts = ", ".join(dict.fromkeys(doubt for each in results for doubt in each.reasons))
        raise NothingMeasured(
            name,
            missing.detail if missing is not None else doubts or "its results are invalid",
            missing.hint if missing is not None else "The report says more about each of them.",
        )


def _peer_failed(result: BenchmarkResult) -> PeerFailed:
    for found in result.findings:
        if found.name == "peer_failed":
            return PeerFailed(found.sentence, "", found.next_step)
    missing = result.missing
    return PeerFailed(
        missing.detail if missing is not None else "A rank failed.",
        "", missing.hint if missing is not None else "Run it again.",
    )  # fmt: skip
