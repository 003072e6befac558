"""Adds to a report the advice for one or more workloads."""

from importlib.util import find_spec
from typing import Final

from bitpath_cli.errors import MissingLibrary
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.workflows._aims import parse_aims

_NO_WORKLOAD: Final = "no workload was named"
"""What `assess` notes of its example, which a workload that is named makes untrue."""


def decide(
    report: Report,
    workloads: tuple[str, ...],
    site: str,
    demands: Demands,
    aims: tuple[str, ...] = (),
) -> Report:
    """The report with one recommendation per workload, and with aims, instead of those it had."""
    wanted = parse_aims(aims)
    found = tuple(advice(report, name, site, demands) for name in workloads)
    return report.model_copy(
        update={
            "recommendation": found[0] if found else None,
            "recommendations": found,
            "aims": wanted or report.aims,
            "notes": tuple(each for each in report.notes if _NO_WORKLOAD not in each.text),
        }
    )


def advice(report: Report, workload: str, site: str, demands: Demands) -> Recommendation:
    """The advice for one workload; MissingLibrary where there is no torch to compute it with."""
    if find_spec("torch") is None:
        raise MissingLibrary("torch", "the cost model's numbers, draws and gradients come from it")
    from bitpath_cli.workflows.advise import advise

    return advise(report, workload, site, demands)
