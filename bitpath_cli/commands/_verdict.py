"""The exit code that a report deserves."""

from bitpath_cli.errors import FINDING, OK
from bitpath_cli.model.report import Report


def exit_code(report: Report) -> int:
    """A finding where, for some workload, nothing is feasible."""
    verdicts = {each.verdict for each in report.recommendations}
    return FINDING if "none feasible" in verdicts else OK
