from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.harness import Sampling, is_precise, merge, sample, tick
from bitpath_cli.model.result import Block, Doubt, Samples
from bitpath_cli.model.units import FLOP, Unit
from bitpath_cli.stats import median_interval

MS = 2.0**-10
"""About a millisecond, and exact in binary, so that the scripts below add up without rounding."""

Cost = Callable[[int], float]


class Clock:
    """Stands still unless a trial moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Script:
    """A trial whose operations take what `cost` says of each run, counted from 0."""

    clock: Clock
    cost: Cost
    error: str | None = None
    runs: list[int] = field(default_factory=list)

    def run(self, operations: int) -> float:
        seconds = operations * self.cost(len(self.runs))
        self.runs.append(operations)
        self.clock.now += seconds
        return seconds

    def find_error(self) -> str | None:
        return self.error


@dataclass(frozen=True)
class Loop:
    trial: Script
    work: float = 5.0
    unit: Unit = FLOP
    sample_seconds: float = 1e-3
    largest_loops: int = 1_000_000
    most_operations: int = 10**12
    evidence: Callable[[], Mapping[str, tuple[float, ...]]] = dict


def take(
    cost: Cost,
    budget: float,
    *,
    tick_seconds: float = 0.0,
    largest: int = 10**6,
    most: int = 10**12,
) -> tuple[Samples, Sampling, Script]:
    clock = Clock()
    script = Script(clock, cost)
    loop = Loop(script, largest_loops=largest, most_operations=most)
    found = sample({"only": loop}, budget, clock, tick_seconds)
    return found.samples["only"], found, script


def only_block(samples: Samples) -> Block:
    assert len(samples.blocks) == 1
    return samples.blocks[0]


def test_operations_are_doubled_until_two_runs_last_a_millisecond() -> None:
    samples, _, _ = take(lambda _: MS / 4, 10)
    block = only_block(samples)

    # 10 s over at most 1000 samples makes 10 ms each: 64 operations are the first power of two.
    assert block.loops == 64
    assert [count for count, _ in block.calibration] == [1, 2, 4, 8, 16, 32]
    assert block.warmup_seconds == (16 * MS, 16 * MS)
    assert set(block.seconds) == {16 * MS}
    assert (samples.work, samples.unit) == (5.0, FLOP)


def test_a_slow_first_run_does_not_fool_the_calibration() -> None:
    samples, _, script = take(lambda run: 1.0 if run == 0 else MS / 4, 10, largest=4)

    assert script.runs[:5] == [1, 1, 2, 4, 4]
    assert only_block(samples).calibration[0] == (1, 1.0)
    assert only_block(samples).loops == 4


def test_steady_times_stop_as_soon_as_they_span_a_quota_period() -> None:
    samples, _, _ = take(lambda _: 4 * MS, 3)

    assert samples.stopped == "precise"
    taken = only_block(samples).seconds
    # 26 samples of 4/1024 s are the first to last 0.1 s; precision is looked at every tenth.
    assert 26 <= len(taken) <= 29


def test_times_that_never_agree_end_with_the_budget() -> None:
    samples, _, script = take(lambda run: (10 + 10 * (run % 2)) * MS, 2)

    assert samples.stopped == "budget"
    # The last run is begun while at least half of one is left.
    assert abs(script.clock.now - 2) <= 20 * MS


def test_a_sample_lasts_twenty_ticks_of_a_coarse_clock() -> None:
    samples, found, _ = take(lambda _: MS, 2, tick_seconds=4 * MS)

    assert only_block(samples).loops == 128
    assert found.doubts == ()


def test_samples_that_may_not_be_long_enough_for_the_clock_are_doubted() -> None:
    _, found, _ = take(lambda _: MS, 2, tick_seconds=4 * MS, largest=4)
    assert found.doubts == (Doubt.TIMER_RESOLUTION,)


def test_warming_up_lasts_until_runs_get_no_faster_and_is_kept() -> None:
    speeds = [8, 4, 3, 2.5, 2.25, 2.125]
    samples, _, _ = take(lambda run: speeds[min(run, 5)] * MS, 2)
    block = only_block(samples)

    # Each run is more than 5 % faster than the last until 2.125; one more shows that it is steady.
    assert block.warmup_seconds == tuple(speed * MS for speed in [*speeds, 2.125])
    assert set(block.seconds) == {2.125 * MS}


def test_warming_up_takes_at_most_a_quarter_of_the_budget() -> None:
    samples, _, _ = take(lambda run: 0.9**run * 64 * MS, 1)
    assert sum(only_block(samples).warmup_seconds) <= 0.25 + 64 * MS
    assert only_block(samples).seconds


def test_an_operation_longer_than_the_budget_runs_twice() -> None:
    samples, _, script = take(lambda _: 8.0, 1)

    assert script.runs == [1, 1]
    assert only_block(samples).warmup_seconds == (8.0,)
    assert only_block(samples).seconds == (8.0,)
    assert samples.stopped == "budget"


def test_six_samples_are_worth_twice_the_share() -> None:
    samples, _, _ = take(lambda run: (100 + 10 * (run % 2)) * MS, 0.7)
    assert len(only_block(samples).seconds) == 6
    assert samples.stopped == "budget"


def test_a_wrong_answer_is_never_timed() -> None:
    clock = Clock()
    right, wrong = Script(clock, lambda _: MS), Script(clock, lambda _: MS, "element 7 is 3")

    found = sample({"copy": Loop(right), "add": Loop(wrong)}, 1, clock, 0)

    assert found.samples == {}
    assert found.wrong == "add: element 7 is 3"
    assert wrong.runs == []


def test_loops_share_the_budget_and_inherit_what_is_left() -> None:
    clock = Clock()
    steady = Script(clock, lambda _: 4 * MS)
    restless = Script(clock, lambda run: (4 + 4 * (run % 2)) * MS)

    found = sample({"steady": Loop(steady), "restless": Loop(restless)}, 4, clock, 0)

    assert found.samples["steady"].stopped == "precise"
    assert found.samples["restless"].stopped == "budget"
    assert sum(found.samples["restless"].blocks[0].seconds) > 3


def test_loops_that_the_budget_does_not_reach_are_left_out() -> None:
    clock = Clock()
    scripts = [Script(clock, lambda _: 8.0) for _ in range(3)]

    found = sample({str(i): Loop(script) for i, script in enumerate(scripts)}, 1, clock, 0)

    assert list(found.samples) == ["0"]
    assert scripts[1].runs == scripts[2].runs == []


def test_what_the_trial_saw_is_asked_once_and_kept() -> None:
    clock, asked = Clock(), []

    def evidence() -> Mapping[str, tuple[float, ...]]:
        asked.append(clock.now)
        return {"moved_bytes": (7.0,)}

    found = sample({"it": Loop(Script(clock, lambda _: MS), evidence=evidence)}, 1, clock, 0)

    assert found.samples["it"].evidence("moved_bytes") == (7.0,)
    assert asked == [clock.now]


@given(
    most=st.integers(min_value=1, max_value=200),
    milliseconds=st.floats(min_value=1e-4, max_value=50),
    budget=st.floats(min_value=0, max_value=3),
)
def test_a_disk_is_never_worn_beyond_what_was_allowed(
    most: int, milliseconds: float, budget: float
) -> None:
    samples, _, script = take(lambda _: milliseconds * MS, budget, most=most)

    assert sum(script.runs) <= most
    assert only_block(samples).operations == sum(script.runs)
    assert only_block(samples).seconds


@given(
    costs=st.lists(st.floats(min_value=1e-7, max_value=2), min_size=1, max_size=20),
    budget=st.floats(min_value=0, max_value=5),
)
def test_the_budget_is_overrun_by_a_few_runs_at_most(costs: list[float], budget: float) -> None:
    samples, _, script = take(lambda run: costs[run % len(costs)], budget)

    longest = max(only_block(samples).loops * max(costs), max(costs))
    assert script.clock.now <= 2 * budget + 3 * longest
    assert sum(script.runs) == only_block(samples).operations


class Together:
    """Two ranks as threads: what rank 0 decides goes to rank 1 in the order of its decisions."""

    backend = "threads"
    addresses = ("127.0.0.1", "127.0.0.1")
    size = 2

    def __init__(self, rank: int, decisions: "Queue[bool]", seconds: "list[Queue[float]]") -> None:
        self.rank = rank
        self._decisions = decisions
        self._seconds = seconds

    def agree(self, decision: bool) -> bool:
        if self.rank:
            return self._decisions.get(timeout=30)
        self._decisions.put(decision)
        return decision

    def slowest(self, seconds: float) -> float:
        self._seconds[1 - self.rank].put(seconds)
        return max(seconds, self._seconds[self.rank].get(timeout=30))

    def align(self) -> None:
        self.slowest(0.0)


def sample_in_two_ranks(
    costs: tuple[Cost, Cost], errors: tuple[str | None, str | None]
) -> list[tuple[Sampling, Script]]:
    decisions: Queue[bool] = Queue()
    seconds: list[Queue[float]] = [Queue(), Queue()]
    results: list[tuple[Sampling, Script] | None] = [None, None]

    def run(rank: int) -> None:
        clock = Clock()
        script = Script(clock, costs[rank], errors[rank])
        ranks = Together(rank, decisions, seconds)
        loops = {"first": Loop(script), "second": Loop(script)}
        results[rank] = (sample(loops, 1, clock, 0, ranks), script)

    threads = [Thread(target=run, args=(rank,), daemon=True) for rank in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert decisions.empty()
    return [result for result in results if result is not None]


def test_ranks_with_clocks_of_their_own_run_the_same_loops() -> None:
    both = sample_in_two_ranks((lambda run: (3 + run % 2) * MS, lambda _: 50 * MS), (None, None))

    assert both[0][1].runs == both[1][1].runs
    assert len(both[0][1].runs) > 50
    assert both[0][0].samples["first"].stopped == both[1][0].samples["first"].stopped == "budget"


def test_one_rank_with_a_wrong_answer_stops_all() -> None:
    both = sample_in_two_ranks((lambda _: MS, lambda _: MS), (None, "2 elements are wrong"))

    assert [found.samples for found, _ in both] == [{}, {}]
    assert both[0][0].wrong == "first: another rank computed a wrong answer"
    assert both[1][0].wrong == "first: 2 elements are wrong"


def part(seconds: list[float], loops: int = 1, work: float = 5.0) -> Samples:
    block = Block(loops=loops, seconds=tuple(seconds))
    return Samples(work=work, unit=FLOP, blocks=(block,), stopped="precise")


def test_merged_processes_that_agree_stay_precise() -> None:
    merged = merge([part([1.0] * 10), part([2.0] * 10, loops=2), part([1.0] * 10)])

    assert merged.stopped == "precise"
    assert len(merged.blocks) == 3
    assert set(merged.seconds_per_operation) == {1.0}


def test_merged_processes_that_differ_are_not_precise() -> None:
    assert merge([part([1.0] * 10), part([1.05] * 10), part([1.1] * 10)]).stopped == "budget"


def test_one_process_keeps_its_word() -> None:
    assert merge([part([1.0])]).stopped == "precise"


def test_an_interrupted_part_marks_the_whole() -> None:
    interrupted = part([1.0]).model_copy(update={"stopped": "interrupted"})
    assert merge([part([1.0] * 10), interrupted]).stopped == "interrupted"


def test_different_work_is_not_merged() -> None:
    with pytest.raises(ValueError, match="different work"):
        merge([part([1.0]), part([1.0], work=6.0)])


def test_times_are_told_by_process_and_per_operation() -> None:
    merged = merge([part([2.0, 4.0], loops=2), part([3.0])])
    assert merged.seconds_by_block == ((1.0, 2.0), (3.0,))
    assert merged.seconds_per_operation == (1.0, 2.0, 3.0)


def test_too_few_values_are_not_precise_however_equal() -> None:
    assert not is_precise(median_interval([1.0] * 5))
    assert is_precise(median_interval([1.0] * 6))


def test_the_tick_is_the_smallest_step() -> None:
    readings = iter([0.0, 0.0, 3.0, 3.0, 5.0, 9.0] + [9.0] * 994)
    assert tick(lambda: next(readings)) == 2.0
    assert tick(lambda: 1.0) == 0.0


class Quota:
    """A processor that a quota gives for half of every tenth of a second."""

    def __init__(self, operation_seconds: float) -> None:
        self._seconds = operation_seconds
        self._clock = Clock()

    def run(self, operations: int) -> float:
        begin, left = self._clock.now, operations * self._seconds
        while left > 0:
            free = max(0.0, 0.05 - self._clock.now % 0.1)
            ran = min(left, free)
            left -= ran
            self._clock.now += ran
            if left > 0:
                # To the beginning of the next period, and over what floats leave of this one.
                self._clock.now = (self._clock.now // 0.1 + 1) * 0.1 + 1e-9
        return self._clock.now - begin

    def find_error(self) -> str | None:
        return None

    def rate(self, least_seconds: float) -> float:
        """Operations a second, by the median as everywhere."""
        loop = Loop(self)  # type: ignore[arg-type]
        found = sample({"it": loop}, 20, self._clock, 0, least_seconds=least_seconds)
        return 1 / median_interval(found.samples["it"].seconds_per_operation).value


@pytest.mark.parametrize("operation_seconds", [0.004, 0.007, 0.011, 0.019, 0.023, 0.03, 0.04])
def test_samples_of_several_periods_follow_a_quota(operation_seconds: float) -> None:
    assert Quota(operation_seconds).rate(0.5) * operation_seconds == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(("operation_seconds", "share"), [(0.011, 1.0), (0.013, 0.34)])
def test_shorter_samples_do_not(operation_seconds: float, share: float) -> None:
    found = Quota(operation_seconds).rate(0.0) * operation_seconds
    assert found == pytest.approx(share, abs=0.01)


def test_joined_samples_lose_no_operation() -> None:
    clock = Clock()
    script = Script(clock, lambda _: 16 * MS)
    # One operation a sample lasts long enough, and 64 of them a second.
    found = sample({"it": Loop(script)}, 3.5, clock, 0, least_seconds=1.0)
    block = only_block(found.samples["it"])
    assert block.loops == 64
    assert set(block.seconds) == {1.0}
    assert block.operations == sum(script.runs)
    assert found.samples["it"].seconds_per_operation[0] == 16 * MS


def test_too_few_samples_make_one() -> None:
    clock = Clock()
    found = sample({"it": Loop(Script(clock, lambda _: 16 * MS))}, 0.5, clock, 0, least_seconds=9.0)
    block = only_block(found.samples["it"])
    assert len(block.seconds) == 1
    assert block.seconds[0] == block.loops * 16 * MS
