"""What the page of validation computes itself, by hand."""

import pytest

from bitpath_cli.model.reading import derived
from bitpath_cli.model.result import CollectivePoint
from bitpath_cli.model.trial import Check, Held, Trial, Tried
from bitpath_cli.model.units import ONE
from tests.sample_report import points
from tests.validation.document import left_out
from tests.validation.throttles import Seen, Throttle, read


def at(size_bytes: int, seconds: float) -> CollectivePoint:
    known = points()[0]
    time = known.time.model_copy(
        update={"value": seconds, "low": None, "high": None, "level": None}
    )
    return known.model_copy(update={"size_bytes": size_bytes, "time": time})


def test_a_size_left_out_is_read_off_the_line_between_its_neighbours() -> None:
    """Half way between 1 s and 3 s lies 2 s; 2.5 s were measured. Below 64 KiB none is judged."""
    kib = 1 << 10
    assert left_out([at(16 * kib, 5.0), at(32 * kib, 9.0), at(48 * kib, 1.0)]) == []
    swept = [at(64 * kib, 1.0), at(128 * kib, 2.5), at(192 * kib, 3.0)]
    assert left_out(swept) == [pytest.approx(0.2)]


def seen(slow: str, held: str, resource: str = "storage", left: float | None = None) -> Seen:
    number = derived(0.7, ONE, "a test")
    checks = tuple(
        Check.model_validate(
            {
                "resource": name, "reported": number, "found": number, "share": number,
                "is_slow": name == slow,
            }
        )
        for name in ("compute", "storage")
    )  # fmt: skip
    candidate = Tried(
        strategy="today", nodes=1, sync="single", every=1, label="one node",
        held=Held.model_validate(
            {
                "resource": held, "share": number, "runner_up": "network",
                "runner_up_share": number,
            }
        ),
    )  # fmt: skip
    trial = Trial(
        workload="w", site="s", scaling="", is_emulated=False, candidates=(candidate,),
        decisions=(), checks=checks,
    )  # fmt: skip
    throttle = Throttle(resource=resource, model="mlp", hosts=1, candidate="one node")
    return Seen(throttle, trial, left=left)


@pytest.mark.parametrize(
    ("found", "is_right"),
    [
        (seen("storage", "storage"), True),
        (seen("storage", "compute"), False),
        (seen("", "storage"), False),
        (seen("compute", "storage"), False),
        # Nothing was throttled, so nothing may be named.
        (seen("", "compute", resource=""), True),
        (seen("storage", "storage", resource=""), False),
        # A neighbour that leaves nine tenths is not to be felt.
        (seen("", "compute", resource="memory_bandwidth", left=0.9), True),
    ],
)
def test_a_throttle_must_be_named_alone_and_hold_the_step_up(found: Seen, is_right: bool) -> None:
    assert found.is_right is is_right


def test_the_committed_throttles_cover_all_four_resources_and_none() -> None:
    assert {each.resource for each in read()} == {
        "", "compute", "storage", "network", "memory_bandwidth"
    }  # fmt: skip
