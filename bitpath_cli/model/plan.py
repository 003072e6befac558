"""A plan: one recommended configuration made runnable, with the numbers that it was computed from,
and what became of them when they were measured again.
"""

from datetime import datetime
from typing import Final, Literal

from bitpath_cli.model.configuration import Configuration, StrategyName
from bitpath_cli.model.reading import Quantity, Reading
from bitpath_cli.model.recommendation import Goal, Input, Terms
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import HostIdentity, Tool

PLAN_VERSION: Final = 1


class Expectation(Record):
    """A number of the forecast that a benchmark measures again.

    `parameters` name the result among that benchmark's; `is_inverse` where the metric is 1/value;
    `device` is the machine that it is expected of, or "" for the network between them.
    """

    name: str
    forecast: Quantity
    benchmark: str
    metric: str
    parameters: dict[str, str | int | float] = {}
    is_inverse: bool = False
    device: str = ""


class Program(Record):
    """What is run: a command as a list of words, and whether it only stands in for the user's.

    A service listens on `port`; containers are made from `image`; `hosts` are the nodes' names.
    """

    words: tuple[str, ...] = ()
    is_stand_in: bool = False
    image: str = ""
    port: int = 8080
    hosts: tuple[str, ...] = ()


class Blueprint(Record):
    """All that a target needs to know, and what stands in plan.json.

    `cpus` are those that the assessed host may use; other machines' profiles do not say theirs.
    """

    plan_version: Literal[1] = PLAN_VERSION
    tool: Tool
    report_created: datetime
    host: HostIdentity
    target: str
    workload: str
    workload_is_example: bool
    task: Literal["training", "serving"]
    site: str
    goal: Goal
    strategy: StrategyName
    verdict: str
    probability_best: float
    at_risk: bool
    configuration: Configuration
    forecast: dict[str, Reading]
    terms: Terms
    inputs: tuple[Input, ...]
    expectations: tuple[Expectation, ...]
    cpus: Reading
    program: Program

    def input(self, name: str) -> Quantity | None:
        """The quantity of that name that the numbers were computed from, where there is one."""
        return next((each.reading for each in self.inputs if each.name == name), None)


Verdict = Literal["as forecast", "better", "worse", "not measured"]


class Check(Record):
    """A number of the forecast beside what was measured; `better` and `worse` lie outside."""

    name: str
    forecast: Quantity
    measured: Reading
    verdict: Verdict
