"""The timed queries: one after the other for MLPerf's closed scenarios, by arrival for its server.

Source: MLPerf Inference Rules, "Scenarios": single-stream and multi-stream send the next query when
the last is answered, offline has all samples at hand, server sends by a Poisson process.
"""

import itertools
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.benchmarks._inference_drift import Drift, find_drift
from bitpath_cli.benchmarks._inference_subject import Tensors
from bitpath_cli.benchmarks._latency import thin
from bitpath_cli.benchmarks._load import answer_in_order, draw_arrivals
from bitpath_cli.benchmarks._load_search import Bisection
from bitpath_cli.benchmarks._precision import Ready
from bitpath_cli.host import monotonic
from bitpath_cli.stats import quantile

_JUDGED_SEED: Final = 1000
_JUDGED_SAMPLES: Final = 128
_BATCHES: Final = 8
_PROBED: Final = 20
_SHORTEST_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 1.5
_LATE_EXPECTED: Final = 5
_LEAST_REQUESTS: Final = 30
_START_SHARE: Final = 0.1
# An answer further from the reference than this is not that model's answer.
WORST_ERROR: Final = {"float32": 1e-3, "bfloat16": 0.2, "int8-dynamic": 0.5, "int8-static": 0.5}


def draw_judged(draw: Callable[[int, int], Tensors], batch: int) -> Tensors:
    """The fixed set on which drift is judged: whole batches, the same whatever their size."""
    count = max(batch, _JUDGED_SAMPLES - _JUDGED_SAMPLES % batch)
    return tuple(each[:count] for each in draw(max(batch, _JUDGED_SAMPLES), _JUDGED_SEED))


def answers(ready: Ready, inputs: Tensors, batch: int) -> Tensor:
    """The model's answers to all of the inputs, batch by batch."""
    count = len(inputs[0])
    return torch.cat(
        [
            ready.answer(
                *ready.adapt(tuple(each[begin : begin + batch] for each in inputs))
            ).float()
            for begin in range(0, count, batch)
        ]
    )


class Queries:
    """A Trial: one query of a batch after the other, each timed by itself."""

    def __init__(
        self, ready: Ready, draw: Callable[[int, int], Tensors], batch: int, check: "Check"
    ) -> None:
        """Draws the inputs beforehand; several batches in turn, because one would stay cached."""
        self._answer = ready.answer
        self._inputs = [ready.adapt(draw(batch, seed)) for seed in range(_BATCHES)]
        self._check = check
        self._latencies = array("d")

    def run(self, operations: int) -> float:
        """See Trial; one operation is one query."""
        answer, inputs, keep, clock = self._answer, self._inputs, self._latencies.append, monotonic
        first = clock()
        for index in range(operations):
            begin = clock()
            answer(*inputs[index % _BATCHES])
            keep(clock() - begin)
        return clock() - first

    def find_error(self) -> str | None:
        """See Trial."""
        return self._check.find_error()

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {"latency": thin(self._latencies), **self._check.evidence()}


class Server:
    """A Trial: one operation is an episode of Poisson arrivals at the rate to be tried next.

    Its seconds are those that the server was busy, a query; what an episode is good for, the share
    of late answers at its rate, is in the evidence.
    """

    def __init__(
        self,
        ready: Ready,
        draw: Callable[[int, int], Tensors],
        batch: int,
        check: "Check",
        limit_seconds: float,
        percentile: float,
    ) -> None:
        """Times some queries alone, to know the rate that no server could keep up with."""
        self._answer = ready.answer
        self._inputs = [ready.adapt(draw(batch, seed)) for seed in range(_BATCHES)]
        self._check = check
        self._limit_seconds = limit_seconds
        self._allowed = 1 - percentile
        alone, _ = answer_in_order(self._ask, [0.0] * (2 * _PROBED))
        steps = [later - earlier for earlier, later in itertools.pairwise(alone)]
        self._capacity = 1 / quantile(steps[_PROBED:], 0.5)
        self._search = Bisection(self._capacity)
        self._episodes: list[tuple[float, int, int]] = []
        self._best: tuple[float, Sequence[float]] = (0.0, ())

    def run(self, operations: int) -> float:
        """See Trial."""
        return sum(self._hold_episode() for _ in range(operations))

    def find_error(self) -> str | None:
        """See Trial."""
        return self._check.find_error()

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop: the episodes, and latencies at the highest rate that kept the limit."""
        rates, requests, late = zip(*self._episodes, strict=True) if self._episodes else ((),) * 3
        return {
            "rate": rates, "requests": requests, "late": late, "capacity": (self._capacity,),
            "latency": thin(self._best[1]), "latency_rate": (self._best[0],),
            **self._check.evidence(),
        }  # fmt: skip

    def _hold_episode(self) -> float:
        rate = self._search.next_rate()
        # Short episodes are over before a queue that grows has grown.
        wanted = max(_LATE_EXPECTED / self._allowed, rate * _SHORTEST_SECONDS)
        count = max(_LEAST_REQUESTS, round(min(wanted, rate * _LONGEST_SECONDS)))
        arrivals = draw_arrivals(rate, count, "poisson", seed=len(self._episodes))
        latencies, busy_seconds = answer_in_order(self._ask, arrivals)
        # The queue is empty at first, as it is not in service.
        settled = latencies[round(_START_SHARE * count) :]
        late = sum(each > self._limit_seconds for each in settled)
        is_in_time = late <= self._allowed * len(settled)
        self._search.learn(rate, is_in_time)
        self._episodes.append((rate, len(settled), late))
        if is_in_time and rate > self._best[0]:
            self._best = (rate, settled)
        return busy_seconds / count

    def _ask(self, index: int) -> None:
        self._answer(*self._inputs[index % _BATCHES])


class Check:
    """Whether a model in its precision still answers like itself, and how far it has moved."""

    def __init__(
        self, found: Tensor, expected: Tensor, original: Tensor,
        worst_error: float,
    ) -> None:  # fmt: skip
        """`expected` are float32's answers after pruning, `original` those before it."""
        self._is_finite = bool(torch.isfinite(found).all())
        self._error = find_drift([expected], [found]).relative_error
        self._worst_error = worst_error
        self.drift: Drift = find_drift([original], [found])

    def find_error(self) -> str | None:
        """What is wrong with the answers, or None."""
        if not self._is_finite:
            return "the model answers with numbers that are not finite"
        if self._error > self._worst_error:
            return f"the answers differ from float32's by {self._error:.2g} of their size"
        return None

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """The drift, for the metrics beside the speed."""
        return {
            "agreeing": (self.drift.agreeing,), "decisions": (self.drift.decisions,),
            "relative_error": (self.drift.relative_error,),
        }  # fmt: skip
