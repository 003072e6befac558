"""Adds to a report the advice for one or more workloads."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from bitpath_cli.errors import MissingLibrary
from bitpath_cli.model.recommendation import Goal, Recommendation
from bitpath_cli.model.report import Report


@dataclass(frozen=True, slots=True)
class Demands:
    """`lambdas` and `references` are TERM=X, `what_if` are KEY=X, several by commas."""

    goal: Goal = "balanced"
    lambdas: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    owned: Literal["amortised", "sunk"] = "amortised"
    largest_cluster: int | None = None
    budget: str | None = None
    deadline: str | None = None
    what_if: tuple[str, ...] = ()


def decide(report: Report, workloads: tuple[str, ...], site: str, demands: Demands) -> Report:
    """The report with one recommendation per workload instead of those that it had."""
    found = tuple(advice(report, name, site, demands) for name in workloads)
    return report.model_copy(
        update={"recommendation": found[0] if found else None, "recommendations": found}
    )


def advice(report: Report, workload: str, site: str, demands: Demands) -> Recommendation:
    """The advice for one workload; MissingLibrary where there is no torch to compute it with."""
    if find_spec("torch") is None:
        raise MissingLibrary("torch", "the cost model's numbers, draws and gradients come from it")
    from bitpath_cli.workflows.advise import advise

    return advise(report, workload, site, demands)
