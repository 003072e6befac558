"""What a person asks of a recommendation beside workload and site, as it was typed."""

from typing import Literal

from bitpath_cli.model.recommendation import Goal
from bitpath_cli.model.record import Record


class Demands(Record):
    """`lambdas` and `references` are TERM=X, `what_if` are KEY=X, several by commas.

    `measured` are DEVICE=FILE: a report of a machine that has such a device.
    """

    goal: Goal = "balanced"
    lambdas: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    owned: Literal["amortised", "sunk"] = "amortised"
    largest_cluster: int | None = None
    budget: str | None = None
    deadline: str | None = None
    what_if: tuple[str, ...] = ()
    measured: tuple[str, ...] = ()
