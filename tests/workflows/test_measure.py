import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Missing, Reason, reported
from bitpath_cli.model.result import BenchmarkResult, Doubt, Parameters, Validity
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.workflows._jobs import count_host_cpus, find_context, find_jobs
from bitpath_cli.workflows.measure import BUDGETS, Budget, Measured, measure
from tests.sample_report import filled
from tests.workflows import room

AMPLE = Budget("ample", 60.0)
"""Steady loops end as soon as they are precise, so that this is not what the tests take."""


@dataclass
class Watcher:
    """Remembers what it was told, and interrupts before the case of a number, as a signal does."""

    interrupt_at: int = -1
    started: list[tuple[str, Parameters, float, float]] = field(default_factory=list)

    def starting(
        self, benchmark: str, parameters: Parameters, share_done: float, seconds_left: float
    ) -> None:
        if len(self.started) == self.interrupt_at:
            raise KeyboardInterrupt
        self.started.append((benchmark, parameters, share_done, seconds_left))


def run(
    directory: Path, *names: str, watcher: Watcher | None = None, budget: Budget = AMPLE
) -> Measured:
    kept: list[BenchmarkResult] = []
    found = measure(
        Host(), (), str(directory), names, budget, watcher or Watcher(), kept.append, room
    )
    assert tuple(kept) == found.results
    return found


def only(found: Measured) -> BenchmarkResult:
    (result,) = found.results
    return result


def why(result: BenchmarkResult) -> Missing:
    assert result.missing is not None
    assert result.validity is Validity.INVALID
    assert result.metrics == ()
    return result.missing


def test_every_case_is_measured_in_fresh_processes_and_told(tmp_path: Path) -> None:
    watcher = Watcher()
    found = run(tmp_path, "fine", watcher=watcher)

    assert not found.is_interrupted
    assert [each.parameters for each in found.results] == [{"size": 1}, {"size": 2}]
    first = found.results[0]
    assert len(first.samples["it"].blocks) == 3
    time = first.metric("time")
    assert time is not None
    assert time.value == 1 / 1024
    assert "foreign_cpu" in first.conditions
    assert [(name, parameters) for name, parameters, _, _ in watcher.started] == [
        ("fine", {"size": 1}), ("fine", {"size": 2}),
    ]  # fmt: skip
    assert [share for _, _, share, _ in watcher.started] == [0.0, 0.5]
    assert all(0 <= left <= AMPLE.seconds for *_, left in watcher.started)


def test_a_small_budget_makes_do_with_one_process(tmp_path: Path) -> None:
    found = run(tmp_path, "fine", budget=Budget("tiny", 0.2))
    assert [len(each.samples["it"].blocks) for each in found.results] == [1, 1]


def test_a_benchmark_that_dies_leaves_the_others_alone(tmp_path: Path) -> None:
    died, fine, _ = run(tmp_path, "dies", "fine").results
    assert why(died).reason is Reason.FAILED
    assert "was ended by SIGSEGV" in why(died).detail
    assert fine.missing is None


def test_a_benchmark_that_hangs_is_stopped(tmp_path: Path) -> None:
    hung, fine, _ = run(tmp_path, "hangs", "fine", budget=Budget("b", 0.2, False, 0.5)).results
    assert "did not end within" in why(hung).detail
    assert fine.missing is None


def test_a_wrong_answer_has_no_speed(tmp_path: Path) -> None:
    result = only(run(tmp_path, "wrong"))
    assert result.reasons == (Doubt.WRONG_RESULT,)
    assert why(result).detail == "the computed answer is wrong: it: element 3 is 4"
    assert result.samples == {}


def test_a_case_that_cannot_be_had_says_why(tmp_path: Path) -> None:
    missing = why(only(run(tmp_path, "refuses")))
    assert (missing.reason, missing.detail) == (Reason.UNSUPPORTED, "too slow here")
    assert missing.hint == "take another"


def test_an_error_of_ours_keeps_its_words(tmp_path: Path) -> None:
    missing = why(only(run(tmp_path, "unwritable")))
    assert missing.detail == f"{tmp_path} cannot be written: No space left on device."
    assert missing.hint == "Free some."


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("impossible", Reason.DENIED, "the directory is closed"),
        ("lacking", Reason.ABSENT, "no_such_library is not installed"),
        ("broken", Reason.FAILED, "raised ZeroDivisionError: our bug (broken.py, line"),
        ("unloadable", Reason.FAILED, "raised ImportError: no such thing (unloadable.py, line"),
    ],
)
def test_a_benchmark_without_cases_is_a_result_that_says_why(
    tmp_path: Path, name: str, reason: Reason, words: str
) -> None:
    missing = why(only(run(tmp_path, name)))
    assert missing.reason is reason
    assert missing.detail.startswith(words)
    assert missing.hint


def test_what_the_first_process_found_is_kept_when_the_second_dies(tmp_path: Path) -> None:
    result = only(run(tmp_path, "stumbles"))
    assert len(result.samples["it"].blocks) == 1
    assert result.validity is Validity.DEGRADED
    assert Doubt.UNSTABLE in result.reasons
    assert Doubt.UNSTABLE in result.metrics[0].reasons


def test_an_interruption_between_cases_keeps_what_is_done(tmp_path: Path) -> None:
    found = run(tmp_path, "fine", "dies", watcher=Watcher(interrupt_at=1))
    assert found.is_interrupted
    assert [each.parameters for each in found.results] == [{"size": 1}]


def test_an_interruption_within_a_case_keeps_the_processes_that_ended(tmp_path: Path) -> None:
    (tmp_path / "parent").write_text(str(os.getpid()))
    found = run(tmp_path, "interrupted", "fine")

    assert found.is_interrupted
    result = only(found)
    assert len(result.samples["it"].blocks) == 1
    assert Doubt.INTERRUPTED in result.reasons
    assert result.validity is Validity.DEGRADED


def test_ranks_measure_together_and_the_slowest_counts(tmp_path: Path) -> None:
    result = only(run(tmp_path, "ranked"))
    assert result.missing is None
    time = result.metric("time")
    assert time is not None
    assert time.value == 2 / 1024


def test_the_context_is_what_the_probes_found(tmp_path: Path) -> None:
    limits = filled(
        Limits, name="limits", threads=reported(3, ONE, "x"), host_cpus=reported(64, ONE, "x"),
        effective_memory=reported(8e9, BYTE, "x"), available_memory=reported(2e9, BYTE, "x"),
    )  # fmt: skip
    cpu = filled(
        Cpu, name="cpu", core_groups=(), caches=(), last_level_cache=reported(64e6, BYTE, "x")
    )
    found = find_context(Host(), (limits, cpu), "/data", thorough=True)

    assert (found.threads, found.memory_bytes, found.cache_bytes) == (3, 2_000_000_000, 64_000_000)
    assert (found.directory, found.thorough) == ("/data", True)
    assert count_host_cpus(found) == 64


def test_an_unknown_machine_is_treated_with_caution() -> None:
    found = find_context(Host(), (), "/data", thorough=False)
    assert found.threads == count_host_cpus(found) == len(os.sched_getaffinity(0))
    assert found.memory_bytes == 1 << 30
    assert found.cache_bytes == 0
    assert find_context(Host(), (filled(Limits, name="limits"),), "", False).threads > 0


def test_the_budget_is_divided_by_the_weights() -> None:
    context = find_context(Host(), (), "/data", thorough=False)
    jobs, refused = find_jobs(("fine", "dies"), context, room)
    assert [job.weight for job in jobs] == [0.5, 0.5, 1.0]
    assert [job.ranks for job in jobs] == [1, 1, 1]
    assert refused == ()


def test_the_budgets_are_named() -> None:
    assert {name: each.seconds for name, each in BUDGETS.items()} == {
        "quick": 20, "standard": 90, "thorough": 600,
    }  # fmt: skip
    assert BUDGETS["thorough"].thorough
    assert not BUDGETS["standard"].thorough


def test_a_metric_is_doubted_for_the_loops_that_it_rests_on_alone(tmp_path: Path) -> None:
    result = only(run(tmp_path, "rests"))
    steady, unsteady = result.metrics
    assert Doubt.UNSTABLE not in steady.reasons
    assert Doubt.UNSTABLE in unsteady.reasons
    # The whole is believed as far as its first metric.
    assert Doubt.UNSTABLE not in result.reasons


def test_what_is_asked_for_has_as_many_ranks_as_the_benchmark_wants(tmp_path: Path) -> None:
    context = find_context(Host(), (), str(tmp_path), thorough=False)
    jobs, _ = find_jobs(("ranked",), context, room, {"ranked": ({"op": "x"}, {"world_size": 5})})
    assert [job.case.parameters for job in jobs] == [{"op": "x", "world_size": 2},
                                                     {"world_size": 5}]  # fmt: skip
