"""How often a timed loop runs and when it stops, from its own times and a clock that is given."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Final, Literal, Protocol

from bitpath_cli.model.protocols import Ranks, Trial
from bitpath_cli.model.result import Block, Doubt, Samples
from bitpath_cli.model.units import Unit
from bitpath_cli.stats import LEVEL, Interval, blocked_median_interval, median_interval

PRECISION: Final = 0.02
"""Sampling stops when half the width of the median's 95 % interval is this share of it."""

_TICKS: Final = 20
# One period of the kernel's CPU quota: what looks shorter sees either its run or its pause.
_LEAST_SECONDS: Final = 0.1
_LEAST_SAMPLES: Final = 10
# With fewer the median has no 95 % interval; for so many a loop may take twice its share.
_WANTED_SAMPLES: Final = 6
_WANTED_SHARE: Final = 2.0
_MOST_SAMPLES: Final = 1000
_MOST_WARMUPS: Final = 10
_WARMUP_SHARE: Final = 0.25
_STILL_FASTER: Final = 0.95
_CLOCK_READINGS: Final = 1000

Clock = Callable[[], float]
Stopped = Literal["precise", "budget"]


class Timed(Protocol):
    """A loop to be timed; what a benchmark's Loop offers."""

    @property
    def trial(self) -> Trial:
        """The loop itself."""
        ...

    @property
    def work(self) -> float:
        """The work of one operation."""
        ...

    @property
    def unit(self) -> Unit:
        """The unit of that work."""
        ...

    @property
    def sample_seconds(self) -> float:
        """How long one sample takes at least."""
        ...

    @property
    def largest_loops(self) -> int:
        """How many operations one sample may have."""
        ...

    @property
    def most_operations(self) -> int:
        """How many operations there may be in all."""
        ...

    @property
    def evidence(self) -> Callable[[], Mapping[str, tuple[float, ...]]]:
        """What else the trial saw, asked after the last sample."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """The samples of one process by loop, or what was wrong with an answer: then there are none.

    `doubts` are those that only the process itself can see.
    """

    samples: Mapping[str, Samples]
    wrong: str = ""
    doubts: tuple[Doubt, ...] = ()


class Alone:
    """The ranks of a process that has no others."""

    rank = 0
    size = 1
    backend = "none"
    addresses = ("127.0.0.1",)

    def agree(self, decision: bool) -> bool:
        """See Ranks."""
        return decision

    def slowest(self, seconds: float) -> float:
        """See Ranks."""
        return seconds

    def align(self) -> None:
        """See Ranks."""


def sample(
    loops: Mapping[str, Timed],
    budget_seconds: float,
    clock: Clock,
    tick_seconds: float,
    ranks: Ranks | None = None,
    on_loop: Callable[[str, Samples], None] = lambda _name, _samples: None,
    least_seconds: float = 0.0,
) -> Sampling:
    """Check each loop's answer and time it, one loop after the other, within the budget.

    What a loop leaves of its share goes to those after it; those that the budget does not reach are
    left out, but never the first. Across ranks every decision is rank 0's, save that an answer may
    be wrong in any of them. `on_loop` is told of each loop's samples as it ends. Samples shorter
    than `least_seconds` are joined until they last as long.
    """
    together: Ranks = Alone() if ranks is None else ranks
    deadline = clock() + budget_seconds
    samples: dict[str, Samples] = {}
    doubts: list[Doubt] = []
    for index, (name, loop) in enumerate(loops.items()):
        left_seconds = deadline - clock()
        if together.agree(index > 0 and left_seconds <= 0):
            break
        if words := _check(loop, together):
            return Sampling({}, f"{name}: {words}")
        share_seconds = left_seconds / (len(loops) - index)
        run = _Run(loop, share_seconds, clock, tick_seconds, together, least_seconds)
        samples[name] = run.take()
        on_loop(name, samples[name])
        if run.is_coarse and Doubt.TIMER_RESOLUTION not in doubts:
            doubts.append(Doubt.TIMER_RESOLUTION)
    return Sampling(samples, doubts=tuple(doubts))


def merge(parts: Sequence[Samples]) -> Samples:
    """The samples of several fresh processes as one; ValueError where they did different work.

    They are precise together only where the interval over processes is: each may be precise and yet
    differ from the next.
    """
    first = parts[0]
    if any((part.work, part.unit) != (first.work, first.unit) for part in parts):
        raise ValueError("samples of different work cannot be merged")
    if len(parts) == 1:
        return first
    blocks = tuple(block for part in parts for block in part.blocks)
    merged = Samples(work=first.work, unit=first.unit, blocks=blocks, stopped="budget")
    if any(part.stopped == "interrupted" for part in parts):
        return merged.model_copy(update={"stopped": "interrupted"})
    if is_precise(blocked_median_interval(merged.seconds_by_block)):
        return merged.model_copy(update={"stopped": "precise"})
    return merged


def is_precise(interval: Interval) -> bool:
    """Whether an interval is as narrow as sampling aims at, at a level worth the name."""
    return interval.level >= LEVEL and interval.half_width <= PRECISION


def tick(clock: Clock) -> float:
    """The smallest step that a clock was seen to make; 0 for one that stands still."""
    readings = [clock() for _ in range(_CLOCK_READINGS)]
    steps = [later - earlier for earlier, later in pairwise(readings)]
    return min((step for step in steps if step > 0), default=0.0)


def _join(block: Block, least_seconds: float) -> Block:
    """So many samples in a row as one that they last so long; all of them where they are too few.

    What no longer is a sample counts as calibration, for it was done all the same.
    """
    together = min(len(block.seconds), math.ceil(least_seconds / fmean(block.seconds)))
    if together <= 1:
        return block
    starts = range(0, len(block.seconds) - together + 1, together)
    rest = block.seconds[len(starts) * together :]
    other = tuple((block.loops, each) for each in (*block.warmup_seconds, *rest))
    return block.model_copy(
        update={
            "loops": block.loops * together,
            "seconds": tuple(sum(block.seconds[at : at + together]) for at in starts),
            "warmup_seconds": (),
            "calibration": (*block.calibration, *other),
        }
    )


def _check(loop: Timed, ranks: Ranks) -> str | None:
    words = loop.trial.find_error()
    if ranks.slowest(float(words is not None)) > 0:
        return words or "another rank computed a wrong answer"
    return None


class _Run:
    """One loop's way from its first run to its last."""

    def __init__(
        self,
        loop: Timed,
        share_seconds: float,
        clock: Clock,
        tick_seconds: float,
        ranks: Ranks,
        least_seconds: float,
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._ranks = ranks
        self._begun = clock()
        self._share_seconds = share_seconds
        self._least_seconds = least_seconds
        self._coarse_seconds = _TICKS * tick_seconds
        self._operations = 0
        self._last_wall_seconds = 0.0
        self.is_coarse = False

    def take(self) -> Samples:
        """Calibrate, warm up and sample."""
        stopped: Stopped = "budget"
        calibration = self._calibrate()
        loops = calibration[-1][0]
        # The last runs of the calibration had the samples' length already: they began to warm up.
        warmup = [seconds for count, seconds in calibration if count == loops]
        self._warm_up(loops, warmup)
        if self._ranks.agree(self._is_worn(loops)):
            seconds = [warmup.pop()]
        else:
            seconds, stopped = self._sample(loops)
        self.is_coarse = median(seconds) < self._coarse_seconds
        block = _join(
            Block(
                loops=loops,
                seconds=tuple(seconds),
                warmup_seconds=tuple(warmup),
                calibration=tuple(run for run in calibration if run[0] != loops),
                evidence=dict(self._loop.evidence()),
            ),
            self._least_seconds,
        )
        return Samples(work=self._loop.work, unit=self._loop.unit, blocks=(block,), stopped=stopped)

    def _calibrate(self) -> list[tuple[int, float]]:
        """Double the operations until two runs in a row are long enough.

        One would not do: the very first run is slow for reasons of its own.
        """
        wanted_seconds = max(
            self._loop.sample_seconds, self._coarse_seconds, self._share_seconds / _MOST_SAMPLES
        )
        runs: list[tuple[int, float]] = []
        loops = 1
        while True:
            seconds = self._run(loops)
            is_repeated = bool(runs) and runs[-1][0] == loops
            runs.append((loops, seconds))
            more = min(2 * loops, self._loop.largest_loops)
            is_long = seconds >= wanted_seconds or more == loops
            is_enough = is_repeated and is_long
            # The least number of samples, after a warm-up, must still be allowed.
            has_no_room = self._operations + more * _LEAST_SAMPLES > self._loop.most_operations
            if self._ranks.agree(is_enough or has_no_room or self._is_over(_WARMUP_SHARE)):
                return runs
            if not self._ranks.agree(is_long):
                loops = more

    def _warm_up(self, loops: int, taken: list[float]) -> None:
        """Add runs until one is no longer clearly faster than all before it."""
        while True:
            is_settled = len(taken) > 1 and taken[-1] >= _STILL_FASTER * min(taken[:-1])
            is_enough = is_settled or len(taken) >= _MOST_WARMUPS or self._is_worn(2 * loops)
            if self._ranks.agree(is_enough or self._is_over(_WARMUP_SHARE)):
                return
            taken.append(self._run(loops))

    def _sample(self, loops: int) -> tuple[list[float], Stopped]:
        taken: list[float] = []
        next_look = _LEAST_SAMPLES
        wanted_seconds = max(_LEAST_SECONDS, _WANTED_SAMPLES * self._least_seconds)
        while True:
            taken.append(self._run(loops))
            is_enough = False
            if len(taken) >= next_look:
                next_look = math.ceil(1.1 * len(taken))
                is_long = sum(taken) >= wanted_seconds
                is_enough = is_long and is_precise(median_interval(taken))
            share = 1.0 if len(taken) >= _WANTED_SAMPLES else _WANTED_SHARE
            is_spent = self._is_over(share) or len(taken) >= 2 * _MOST_SAMPLES
            is_spent = is_spent or self._is_worn(loops)
            if self._ranks.agree(is_enough or is_spent):
                return taken, "precise" if self._ranks.agree(is_enough) else "budget"

    def _run(self, loops: int) -> float:
        before = self._clock()
        seconds = self._loop.trial.run(loops)
        self._last_wall_seconds = self._clock() - before
        self._operations += loops
        return seconds

    def _is_over(self, share: float) -> bool:
        """Whether another run like the last would end further past the share than before it."""
        end = self._clock() + self._last_wall_seconds / 2
        return end >= self._begun + share * self._share_seconds

    def _is_worn(self, loops: int) -> bool:
        return self._operations + loops > self._loop.most_operations
