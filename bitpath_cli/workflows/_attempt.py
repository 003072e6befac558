"""One case on its way through its fresh processes, and the result that it comes to."""

from types import ModuleType
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.evidence import Window, energy_per_work
from bitpath_cli.host import monotonic
from bitpath_cli.isolation import Nursery
from bitpath_cli.launchers import Place
from bitpath_cli.model.reading import Missing, failed
from bitpath_cli.model.result import BenchmarkResult, Doubt, Metric, Validity
from bitpath_cli.verdict import doubt_samples, judge
from bitpath_cli.workflows._case import Answer, Request, measure_case
from bitpath_cli.workflows._jobs import Job, count_host_cpus

LEAST_SECONDS: Final = 0.2
"""What a process gets even when those before it have spent the budget."""

_LEAST_BLOCK_SECONDS: Final = 0.15
_FIRST_SHARE: Final = 0.5
_FIRST_TOLERANCE: Final = 0.6
_PATIENCE_FACTOR: Final = 3.0
_JOIN_SECONDS: Final = 30.0
_GRACE_SECONDS: Final = 5.0


class Attempt:
    """Measures a job within its share of the budget; a process that hangs is stopped in the end."""

    def __init__(
        self,
        job: Job,
        context: Context,
        share_seconds: float,
        patience_seconds: float,
        room: ModuleType,
        place: Place | None = None,
    ) -> None:
        self._job = job
        self._context = context
        self._share_seconds = share_seconds
        self._patience_seconds = patience_seconds
        self._room = room
        self._place = place
        self._begun = monotonic()
        self._windows: list[Window] = []
        self._failure: Missing | None = None
        self.answer: Answer | None = None

    def go(self, nursery: Nursery) -> None:
        """One process after the other, each concluding from the samples of all before it.

        The first may take half of the share. Where it took more, setting up is too slow for the
        others to be worth their time, and it stays alone: an interval over two says little.
        """
        blocks = self._job.benchmark.blocks
        # Hosts would have to agree on every further process, and each would join anew.
        if self._place is not None or self._share_seconds < blocks * _LEAST_BLOCK_SECONDS:
            blocks = 1
        for index in range(blocks):
            spent_seconds = monotonic() - self._begun
            if index == 1 and spent_seconds > _FIRST_TOLERANCE * self._share_seconds:
                return
            left_seconds = self._share_seconds - spent_seconds
            part = _FIRST_SHARE if index == 0 and blocks > 1 else 1 / (blocks - index)
            request = self._request(max(LEAST_SECONDS, part * left_seconds))
            limit_seconds = request.limit_seconds
            if self._place is not None:
                limit_seconds += self._place.join_seconds + self._place.progress_seconds
            if request.ranks > 1:
                # The launcher's own limits come first, because they can say which rank is late.
                limit_seconds += request.join_seconds + _GRACE_SECONDS
            found = nursery.run(measure_case, request.model_dump_json(), limit_seconds)
            if isinstance(found, Missing):
                self._failure = found
                return
            answer = Answer.model_validate_json(found)
            if answer.missing is not None and self.answer is not None:
                self._failure = answer.missing
                return
            self.answer = answer
            if answer.wrong or answer.missing is not None or answer.peer is not None:
                return
            if answer.window is not None:
                self._windows.append(answer.window)

    def conclude(self, is_interrupted: bool = False) -> BenchmarkResult:
        """The result of the processes so far, or why there is none."""
        seconds = monotonic() - self._begun
        answer = self.answer
        if answer is None:
            return self._job.without_result(self._failure or failed("nothing was run"), seconds)
        if answer.peer is not None:
            what, why, next_step = answer.peer
            return self._job.without_result(failed(f"{what} {why}".strip(), next_step), seconds)
        if answer.missing is not None:
            return self._job.without_result(answer.missing, seconds)
        if answer.wrong:
            wrong = failed(f"the computed answer is wrong: {answer.wrong}")
            return self._job.without_result(wrong, seconds).model_copy(
                update={"reasons": (Doubt.WRONG_RESULT,)}
            )
        return self._believe(answer, seconds, is_interrupted)

    def _believe(self, answer: Answer, seconds: float, is_interrupted: bool) -> BenchmarkResult:
        verdict = judge(
            self._windows, count_host_cpus(self._context), self._job.benchmark.fills_processors
        )
        common = verdict.doubts
        if self._failure is not None:
            # A process after the first died: what the others found stands on weak feet.
            common += (Doubt.UNSTABLE,)
        if is_interrupted:
            common += (Doubt.INTERRUPTED,)
        own = {name: doubt_samples([each]) for name, each in answer.samples.items()}
        doubts = (*common, *(doubt for each in own.values() for doubt in each))
        energy = energy_per_work(self._windows, answer.samples.values())
        metrics = answer.metrics if energy is None else (*answer.metrics, energy)
        return BenchmarkResult(
            benchmark=self._job.name, revision=self._job.benchmark.revision,
            parameters=self._job.case.parameters,
            validity=_weaken(answer.validity, doubts), reasons=_join(answer.reasons, doubts),
            duration_seconds=seconds, points=answer.points, samples=answer.samples,
            # A metric that is named like a loop answers for that loop alone.
            metrics=tuple(
                _doubt(each, (*common, *own[each.name]) if each.name in own else doubts)
                for each in metrics
            ),
            conditions=dict(verdict.conditions),
        )  # fmt: skip

    def _request(self, budget_seconds: float) -> Request:
        context = self._context
        return Request(
            room=self._room.__name__, benchmark=self._job.name,
            parameters=self._job.case.parameters, threads=context.threads,
            memory_bytes=context.memory_bytes, cache_bytes=context.cache_bytes,
            directory=context.directory, thorough=context.thorough,
            components=context.components, budget_seconds=budget_seconds,
            limit_seconds=self._patience_seconds + _PATIENCE_FACTOR * budget_seconds,
            join_seconds=_JOIN_SECONDS, ranks=self._job.ranks, place=self._place,
            earlier={} if self.answer is None else self.answer.samples,
        )  # fmt: skip


def _doubt(metric: Metric, doubts: tuple[Doubt, ...]) -> Metric:
    if metric.missing is not None or not doubts:
        return metric
    return metric.model_copy(
        update={
            "validity": _weaken(metric.validity, doubts),
            "reasons": _join(metric.reasons, doubts),
        }
    )


def _weaken(validity: Validity, doubts: tuple[Doubt, ...]) -> Validity:
    return Validity.DEGRADED if doubts and validity is Validity.VALID else validity


def _join(first: tuple[Doubt, ...], second: tuple[Doubt, ...]) -> tuple[Doubt, ...]:
    return tuple(dict.fromkeys((*first, *second)))
