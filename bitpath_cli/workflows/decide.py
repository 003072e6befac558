"""Adds to a report the advice for one or more workloads."""

from bitpath_cli.model.recommendation import Goal
from bitpath_cli.model.report import Report


def decide(report: Report, workloads: tuple[str, ...], site: str, goal: Goal) -> Report:
    """The report with one recommendation per workload instead of those that it had."""
    from bitpath_cli.workflows.advise import advise

    advice = tuple(advise(report, name, site, goal) for name in workloads)
    return report.model_copy(
        update={"recommendation": advice[0] if advice else None, "recommendations": advice}
    )
