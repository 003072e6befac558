"""A recommendation made runnable: one file per target, each ending in a `PLAN`.

A plan is files and nothing else. bitpath runs none of them and applies nothing to a cluster.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.model.plan import Blueprint


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A file of the plan's directory; scripts may be executed."""

    name: str
    text: str
    is_script: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The room's contract: why a target cannot express a blueprint, and the files where it can.

    `refuse` returns "" where it can. The files are the same for the same blueprint, byte for byte.
    """

    summary: str
    refuse: Callable[[Blueprint], str]
    draw: Callable[[Blueprint], tuple[PlanFile, ...]]
