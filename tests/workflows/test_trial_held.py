"""Which resource holds a step up, from its parts."""

import pytest

from bitpath_cli.model.reading import derived
from bitpath_cli.model.result import BenchmarkResult, Block, Direction, Samples, Validity, metric
from bitpath_cli.model.trial import Check
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE, SECOND
from bitpath_cli.workflows._trial_held import find_held


def step(
    seconds: float, load: float = 0.0, exposed: float = 0.0, backward: float = 0.0
) -> BenchmarkResult:
    block = Block(
        loops=1, seconds=(seconds,), warmup_seconds=(), calibration=(),
        evidence={"load_seconds": (load,), "combine_seconds": (), "average_seconds": (0.0,)},
    )  # fmt: skip
    metrics = [metric("step_time", derived(seconds, SECOND, "a test"), Direction.LOWER)]
    if exposed:
        told = derived(exposed, SECOND, "a test")
        metrics.append(metric("exposed_communication_time", told, Direction.LOWER))
    if backward:
        metrics.append(
            metric("backward_time", derived(backward, SECOND, "a test"), Direction.LOWER)
        )
    return BenchmarkResult(
        benchmark="train_step", revision=1, parameters={}, validity=Validity.VALID,
        duration_seconds=1.0, metrics=tuple(metrics),
        samples={"step": Samples(work=1, unit=ONE, blocks=(block,), stopped="precise")},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "resource", "share"),
    [
        (step(0.1), "compute", 1.0),
        (step(0.4, load=0.3), "storage", 0.75),
        (step(0.5, load=0.1, exposed=0.3), "network", 0.6),
    ],
)
def test_the_largest_part_holds_the_step_up(
    result: BenchmarkResult, resource: str, share: float
) -> None:
    held = find_held(result, ())
    assert held is not None
    assert held.resource == resource
    assert held.share.value == pytest.approx(share)
    assert not held.is_balanced


def test_what_backward_takes_beyond_its_own_is_waiting_for_other_ranks() -> None:
    """A step of 1.4 s, 1.3 s of it backward, which takes 0.1 s alone: 1.2 s of reductions."""
    held = find_held(step(1.4, backward=1.3), (), backward_alone=0.1)
    assert held is not None
    assert held.resource == "network"
    assert held.share.value == pytest.approx(1.2 / 1.4)
    alone = find_held(step(1.4, backward=1.3), (), backward_alone=1.31)
    assert alone is not None
    assert alone.resource == "compute"


def test_two_parts_within_a_fifth_are_balanced() -> None:
    held = find_held(step(1.0, exposed=0.46), ())
    assert held is not None
    assert (held.resource, held.runner_up, held.is_balanced) == ("compute", "network", True)


def test_memory_that_has_become_slow_is_named_in_the_processors_place() -> None:
    rate = derived(1e10, BYTE_PER_SECOND, "a test")
    slow = Check(
        resource="memory_bandwidth", reported=rate, found=rate, share=derived(0.4, ONE, "a test"),
        is_slow=True,
    )  # fmt: skip
    held = find_held(step(0.1), (slow,))
    assert held is not None
    assert held.resource == "memory_bandwidth"


def test_without_a_step_nothing_is_said() -> None:
    assert find_held(step(0.1).model_copy(update={"metrics": ()}), ()) is None
