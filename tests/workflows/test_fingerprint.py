"""The fingerprint: equal for machines that can be compared, and blind to who they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.component import Component
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import denied, derived, fact, reported
from bitpath_cli.model.units import BYTE, ONE
from bitpath_cli.workflows._fingerprint import fingerprint
from tests.sample_report import GIB, components, filled

SAMPLE = components()


def replaced(kind: type[Any], **changes: Any) -> tuple[Component, ...]:
    """The sample machine with other readings in its components of one kind."""
    return tuple(
        each.model_copy(update=changes) if isinstance(each, kind) else each for each in SAMPLE
    )


def test_it_is_the_same_in_every_process() -> None:
    assert fingerprint(SAMPLE) == "b6fb1d2d73fc119e"


@given(st.permutations(SAMPLE))
def test_the_order_in_which_things_are_found_does_not_count(order: list[Component]) -> None:
    assert fingerprint(order) == fingerprint(SAMPLE)


@pytest.mark.parametrize(
    "same",
    [
        replaced(System, name="edge-02", uptime=reported(1.0, ONE, "/proc")),
        replaced(Memory, available=reported(1.0, BYTE, "/proc")),
        replaced(Memory, total=reported(64 * GIB - (100 << 20), BYTE, "/proc")),
        replaced(Memory, total=reported(64 * GIB, BYTE, "elsewhere")),
        (*SAMPLE, filled(Nic, name="veth1", medium="virtual", default_route=False)),
    ],
    ids=["name and uptime", "use", "a kernel's reserve", "source", "a passing interface"],
)
def test_what_does_not_last_does_not_count(same: tuple[Component, ...]) -> None:
    assert fingerprint(same) == fingerprint(SAMPLE)


@pytest.mark.parametrize(
    "other",
    [
        replaced(System, kernel=fact("Linux 6.12", "uname")),
        replaced(Limits, effective_cpus=derived(4, ONE, "quota")),
        replaced(Memory, total=reported(32 * GIB, BYTE, "/proc")),
        replaced(Memory, total=denied("/proc/meminfo", "read access to /proc/meminfo")),
        replaced(Software, torch=fact("2.14.0", "package metadata")),
        SAMPLE[1:],
    ],
    ids=["kernel", "quota", "memory", "unreadable", "torch", "a component less"],
)
def test_hardware_limits_kernel_and_libraries_count(other: tuple[Component, ...]) -> None:
    assert fingerprint(other) != fingerprint(SAMPLE)
