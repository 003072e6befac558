"""How the cost model's time grows with what it is asked: rows side by side in one run, as ratios.

Printed by `make bench`. Sizes are taken in turn, so that what else goes on hits all of them alike;
what is linear keeps the time per unit, a ratio near 1, as the size doubles.
"""

import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter
from typing import Final

from bitpath_cli import catalogue
from bitpath_cli.cost.objective import GOALS
from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.stats import median_interval
from bitpath_cli.strategies import JobPlans, Question, evaluate
from bitpath_cli.strategies._columns import JobRow, Nodes, ServiceRow, job_plans, service_plans
from bitpath_cli.workflows._judgement import Wishes, judge
from bitpath_cli.workflows._question import question_for
from bitpath_cli.workflows.advise import recommend
from tests.questions import job, limit, machine, question, service, work
from tests.workflows.fleets import fleet, host

_ROUNDS: Final = 5
_BALANCED: Final = Wishes("balanced", GOALS["balanced"], "the goal 'balanced'")
_PRECISIONS: Final = ("float32", "float16")


@dataclass(frozen=True, slots=True)
class Growth:
    """One thing that is done at several sizes, smallest first, and what the largest may take."""

    what: str
    unit: str
    sizes: Sequence[int]
    prepare: Callable[[int], Callable[[], None]]
    target: str


def rows(growth: Growth, rounds: int = _ROUNDS) -> Iterator[str]:
    """A line a size: seconds, seconds per unit, and those over the smallest size's."""
    runs = [growth.prepare(size) for size in growth.sizes]
    spent: list[list[float]] = [[] for _ in runs]
    for turn in range(rounds + 1):
        for own, run in zip(spent, runs, strict=True):
            began = perf_counter()
            run()
            if turn:
                own.append(perf_counter() - began)
    for size, own in zip(growth.sizes, spent, strict=True):
        per_unit = [
            (mine / size) / (first / growth.sizes[0])
            for mine, first in zip(own, spent[0], strict=True)
        ]
        ratio = median_interval(per_unit)
        last = f" ({growth.target})" if size == growth.sizes[-1] else ""
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        yield (
            f"{growth.what}, {size:,} {growth.unit}: {median(own):.3g} s{last}; per one of them "
            f"{ratio.value:.2f} [{ratio.low:.2f}, {ratio.high:.2f}] × that of {growth.sizes[0]:,}; "
            f"{resident:.0f} MB at most so far"
        )


def growths() -> tuple[Growth, ...]:
    """Configurations, draws of the survivors, and hosts."""
    return (
        Growth("a job judged", "configurations", (25_000, 50_000, 100_000, 200_000), _judging,
               "at most 4 s: 2 s for 100,000"),
        Growth("1,000 draws of a job", "survivors", (25, 50, 100, 200), _drawing, "at most 2 s"),
        Growth("1,000 draws of a service that queues twice", "survivors", (25, 50, 100, 200),
               _serving, "at most 2 s"),
        Growth("a recommendation", "hosts", (10, 100, 1000), _fleet, "at most 10 s"),
    )  # fmt: skip


def main() -> None:
    """Print all rows, in a process of their own."""
    for growth in growths():
        for line in rows(growth):
            sys.stdout.write(f"{line}\n")


def many(configurations: int) -> Question:
    """A question with about so many: eight kinds of machines, and ever more ways to average."""
    kinds = tuple(
        machine(
            f"kind-{index}", 1e12 * (1 + index / 7), accelerator=True, price=500 + 37 * index,
            memory=8e9, precisions=_PRECISIONS, spread=1.1,
        )
        for index in range(7)
    )  # fmt: skip
    asked = job(4096, work_of=work(precisions=_PRECISIONS))
    training = asked.training
    if training is None:
        raise ValueError("a job trains")
    # Of 31 counts, 8 kinds and 2 precisions each has 4 ways and 2 an interval.
    intervals = tuple(range(2, 2 + max(1, round((configurations / 480 - 4) / 2))))
    told = asked.model_copy(
        update={"training": training.model_copy(update={"local_steps": intervals})}
    )
    return question(told, kinds, largest_cluster=32)


def survivors(number: int) -> tuple[Question, JobPlans]:
    """So many configurations of a job on kinds whose rates and prices are all uncertain."""
    rows = [
        JobRow(Nodes(index % 8, 2 + index // 8, "bought"), "float32", "all-reduce")
        for index in range(number)
    ]
    return replace(many(1000), largest_cluster=64), job_plans(rows)


def _judging(size: int) -> Callable[[], None]:
    asked = many(size)

    def run() -> None:
        judge(asked, _BALANCED)

    return run


def _drawing(size: int) -> Callable[[], None]:
    asked, plans = survivors(size)

    def run() -> None:
        evaluate(asked, plans, Draws(1000))

    return run


def _serving(size: int) -> Callable[[], None]:
    """Rented nodes, whose requests wait for the uplink and then for a node."""
    offers = tuple(
        machine(f"offer-{index}", 1e12 * (1 + index / 7), at="cloud", accelerator=True,
                rent=0.5 + 0.1 * index, memory=8e9, spread=1.1)
        for index in range(8)
    )  # fmt: skip
    asked = question(service(10, limit(2), request_bytes=1e5, arrival="poisson"), offers)
    plans = service_plans(
        [
            ServiceRow("float32", central=Nodes(1 + index % 8, 1 + index // 8, "on_demand"))
            for index in range(size)
        ]
    )

    def run() -> None:
        evaluate(asked, plans, Draws(1000))

    return run


def _fleet(size: int) -> Callable[[], None]:
    told = fleet(
        *(host(f"host-{index}", 200e9 * (1 + 0.02 * (index % 3))) for index in range(size))
    )
    workload, site = catalogue.workload("resnet50-training"), catalogue.site("default")

    def run() -> None:
        recommend(question_for(told, workload, site), _BALANCED)

    return run


if __name__ == "__main__":
    main()
