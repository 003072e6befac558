"""Whether the advice of a report would be another one with the limits and the drift of today."""

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pydantic import FiniteFloat

from bitpath_cli import archive
from bitpath_cli.errors import BitpathError
from bitpath_cli.isolation import Nursery
from bitpath_cli.model.demands import Demands
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Metric
from bitpath_cli.monitoring.limits import Change
from bitpath_cli.nursery import Send

LIMIT_SECONDS: Final = 120.0
_CPUS: Final = "usable processors"
_RATES: Final = {"gemm": "throughput", "disk": "bandwidth"}


class Today(Record):
    """What is not as it was assessed: the machine, and rates as multiples of the assessed ones.

    `path` is the assessed report's: the watch itself does not keep it in memory.
    """

    path: str
    machine: Report
    compute: FiniteFloat = 1.0
    storage: FiniteFloat = 1.0


def today(path: Path, machine: Report, changes: tuple[Change, ...]) -> Today:
    """What follows from limits alone: matrix products go with the processors that may be used."""
    factor = next((each.factor for each in changes if each.name == _CPUS), None)
    return Today(path=str(path), machine=machine, compute=factor or 1.0)


def adjusted(report: Report, now: Today) -> Report:
    """The report as it would be today, its measured rates scaled rather than measured again."""
    factors = {"gemm": now.compute, "disk": now.storage}
    kinds = {each.kind for each in now.machine.components}
    kept = tuple(each for each in report.components if each.kind not in kinds)
    return report.model_copy(
        update={
            "components": (*kept, *now.machine.components),
            "results": tuple(_scaled(each, factors) for each in report.results),
        }
    )


class Adviser:
    """Asks the cost model in a process of its own, while the watch goes on without torch."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._thread: threading.Thread | None = None
        self._told: list[str] = []

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._thread is not None and self._thread.is_alive()

    def ask(self, now: Today) -> None:
        """Begin to answer; only while nothing else is being answered."""
        self._thread = threading.Thread(
            target=_answer, args=(now.model_dump_json(), self._told.append), daemon=True,
            name="advice",
        )  # fmt: skip
        self._thread.start()

    def answers(self) -> tuple[str, ...]:
        """What was answered so far, a sentence for each workload."""
        return tuple(self._told)

    def wait(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        """Let what is being asked come to its end."""
        if self._thread is not None:
            self._thread.join(limit_seconds)


def compare_advice(request: str, _send: Send) -> str:
    """Advise twice for each workload of the report, in a fresh process: as assessed, and today."""
    told = Today.model_validate_json(request)
    before = archive.load(told.path)
    now = adjusted(before, told)
    return json.dumps([_compare(each, before, now) for each in before.recommendations])


def _answer(request: str, tell: Callable[[str], None]) -> None:
    with Nursery(preload=()) as nursery:
        answer = nursery.run(compare_advice, request, LIMIT_SECONDS)
    if isinstance(answer, Missing):
        tell(f"whether the advice still holds could not be computed: {answer.detail}")
        return
    for sentence in json.loads(answer):
        tell(sentence)


def _compare(asked: Recommendation, before: Report, now: Report) -> str:
    from bitpath_cli.workflows.decide import advice

    demands = Demands(goal=asked.goal)
    try:
        was, is_now = (advice(each, asked.workload, asked.site, demands) for each in (before, now))
    except BitpathError as error:
        return f"{asked.workload}: whether the advice still holds cannot be told: {error.what}"
    if _choice(was) == _choice(is_now):
        return f"{asked.workload}: the advice stays {_choice(was)}"
    return (
        f"{asked.workload}: the advice would now be {_choice(is_now)} instead of {_choice(was)}; "
        f"measure again to be sure: bitpath assess -w {asked.workload}"
    )


def _choice(found: Recommendation) -> str:
    if found.winner is None:
        return "none, since nothing is feasible"
    return f"{found.winner.strategy.replace('_', '-')} ({found.winner.label})"


def _scaled(result: BenchmarkResult, factors: Mapping[str, float]) -> BenchmarkResult:
    factor = factors.get(result.benchmark, 1.0)
    if factor == 1.0:
        return result
    name = _RATES[result.benchmark]
    return result.model_copy(
        update={
            "metrics": tuple(
                _multiplied(each, factor) if each.name == name else each for each in result.metrics
            )
        }
    )


def _multiplied(metric: Metric, factor: float) -> Metric:
    if metric.value is None:
        return metric
    bounds = {
        key: value * factor
        for key, value in (("low", metric.low), ("high", metric.high))
        if value is not None
    }
    return metric.model_copy(update={"value": metric.value * factor, **bounds})
