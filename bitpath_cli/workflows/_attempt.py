"""One case on its way through its fresh processes, and the result that it comes to."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final

from bitpath_cli.benchmarks import Context
from bitpath_cli.errors import PeerFailed
from bitpath_cli.evidence import Window, energy_metrics
from bitpath_cli.host import monotonic
from bitpath_cli.isolation import Nursery
from bitpath_cli.model.reading import Missing, failed
from bitpath_cli.model.result import BenchmarkResult, Doubt, Finding, Metric, Samples, Validity
from bitpath_cli.verdict import doubt_samples, judge
from bitpath_cli.workflows._case import Answer, Part, Request, conclude, measure_case
from bitpath_cli.workflows._jobs import Job, count_host_cpus
from bitpath_cli.workflows.crew import Crew

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
        crew: Crew | None = None,
    ) -> None:
        self._job = job
        self._context = context
        self._share_seconds = share_seconds
        self._patience_seconds = patience_seconds
        self._room = room
        self._crew = crew
        self._begun = monotonic()
        self._windows: list[Window] = []
        self._failure: Missing | None = None
        self._parts: dict[str, Samples] = {}
        self.lost: PeerFailed | None = None
        self.answer: Answer | None = None

    def go(self, nursery: Nursery) -> None:
        """One process after the other, each concluding from the samples of all before it.

        The first may take half of the share. Where it took more, setting up is too slow for the
        others to be worth their time, and it stays alone: an interval over two says little. Where
        the first fails, the answer is what its finished loops give, if they had told.
        """
        try:
            self._go(nursery)
        finally:
            if self.answer is None and self._parts:
                self.answer = self._salvage()

    def _go(self, nursery: Nursery) -> None:
        blocks = self._job.benchmark.blocks
        # Hosts would have to agree on every further process, and each would join anew.
        if self._crew is not None or self._share_seconds < blocks * _LEAST_BLOCK_SECONDS:
            blocks = 1
        for index in range(blocks):
            spent_seconds = monotonic() - self._begun
            if index == 1 and spent_seconds > _FIRST_TOLERANCE * self._share_seconds:
                return
            left_seconds = self._share_seconds - spent_seconds
            part = _FIRST_SHARE if index == 0 and blocks > 1 else 1 / (blocks - index)
            request = self._request(max(LEAST_SECONDS, part * left_seconds))
            limit_seconds = request.limit_seconds
            if self._crew is not None:
                place = self._crew.place
                limit_seconds += place.join_seconds + place.progress_seconds
            if request.ranks > 1:
                # The launcher's own limits come first, because they can say which rank is late.
                limit_seconds += request.join_seconds + _GRACE_SECONDS
            text = request.model_dump_json()
            found = nursery.run(measure_case, text, limit_seconds, self._hear)
            if isinstance(found, Missing):
                self._failure = found
                return
            answer = Answer.model_validate_json(found)
            if answer.peer is not None:
                self.lost = PeerFailed(*answer.peer)
                return
            if answer.missing is not None and self.answer is not None:
                self._failure = answer.missing
                return
            self.answer = answer
            if answer.wrong or answer.missing is not None:
                return
            if answer.window is not None:
                self._windows.append(answer.window)

    def _hear(self, text: str) -> None:
        part = Part.model_validate_json(text)
        self._parts[part.loop] = part.samples

    def _salvage(self) -> Answer | None:
        """What the loops give that had ended; nothing where the benchmark cannot do with so few.

        What the benchmark found out is left out: it takes the run to have come to its own end.
        """
        try:
            answer = conclude(self._job.benchmark, self._job.case, self._context, self._parts)
        except Exception:
            return None
        return answer.model_copy(update={"findings": ()})

    def conclude(self, is_interrupted: bool = False) -> BenchmarkResult:
        """The result of the processes so far, or why there is none."""
        seconds = monotonic() - self._begun
        answer = self.answer
        if answer is None and self.lost is not None:
            why = failed(f"{self.lost.what} {self.lost.why}".strip(), self.lost.next_step)
            return self._job.without_result(why, seconds).model_copy(
                update={"reasons": (Doubt.PEER_FAILED,)}
            )
        if answer is None:
            return self._job.without_result(self._failure or failed("nothing was run"), seconds)
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
        findings = answer.findings
        if self.lost is not None:
            common += (Doubt.PEER_FAILED,)
            findings += (_tell(self.lost),)
        if is_interrupted:
            common += (Doubt.INTERRUPTED,)
        own = {name: doubt_samples([each]) for name, each in answer.samples.items()}
        # A metric that is named like a loop answers for that loop alone.
        rests_on = {**{name: (name,) for name in own}, **answer.rests_on}
        headline = answer.rests_on.get(answer.metrics[0].name, own) if answer.metrics else own
        doubts = _join(common, _gather(own, headline))
        energy = energy_metrics(self._windows, answer.samples.values())
        metrics = (*answer.metrics, *energy)
        return BenchmarkResult(
            benchmark=self._job.name, revision=self._job.benchmark.revision,
            parameters=self._job.case.parameters,
            validity=_weaken(answer.validity, doubts), reasons=_join(answer.reasons, doubts),
            duration_seconds=seconds, points=answer.points, segments=answer.segments,
            ranks=answer.ranks, pairs=answer.pairs, findings=findings,
            samples=answer.samples,
            metrics=tuple(
                _doubt(each, _join(common, _gather(own, rests_on.get(each.name, own))))
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
            join_seconds=_JOIN_SECONDS, ranks=self._job.ranks,
            launcher="local" if self._crew is None else self._crew.launcher,
            place=None if self._crew is None else self._crew.next_place(),
            peers=context.peers, earlier={} if self.answer is None else self.answer.samples,
        )  # fmt: skip


def _tell(lost: PeerFailed) -> Finding:
    return Finding(
        name="peer_failed", sentence=f"{lost.what} {lost.why}".strip(), next_step=lost.next_step
    )


def _gather(doubts: Mapping[str, tuple[Doubt, ...]], names: Iterable[str]) -> tuple[Doubt, ...]:
    """The doubts of these loops, as far as the budget reached them."""
    return tuple(doubt for name in names for doubt in doubts.get(name, ()))


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
