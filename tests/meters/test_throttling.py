from pathlib import Path

import pytest

from bitpath_cli.meters import MeterReading
from bitpath_cli.meters._cgroup import find_groups
from bitpath_cli.meters.throttling import METER
from tests.recorded import recorded
from tests.tree import tree


def values(readings: tuple[MeterReading, ...]) -> dict[tuple[str, str], float]:
    assert all(each.form == "counter" for each in readings)
    return {(each.name, each.subject): each.quantity.value for each in readings}


def test_version_2_counts_where_the_quota_is_set_above_the_own_group() -> None:
    found = values(METER.read(recorded("container-v2")))
    above, own = "/sys/fs/cgroup/trainer", "/sys/fs/cgroup/trainer/rank0"
    assert found["throttled_time", above] == pytest.approx(3.5)
    assert found["throttled_periods", above] == 120
    assert found["quota_periods", above] == 1000
    assert found["throttled_time", own] == 0
    assert {subject for _, subject in found} == {above, own}


def test_version_1_counts_nanoseconds() -> None:
    found = values(METER.read(recorded("container-v1")))
    assert found["throttled_time", "/sys/fs/cgroup/cpu,cpuacct"] == pytest.approx(1.5)
    assert found["throttled_periods", "/sys/fs/cgroup/cpu,cpuacct"] == 20


MOUNT2 = "9 1 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"


@pytest.mark.parametrize("own", ["/../other", "/not/shown"])
def test_a_group_that_the_mount_does_not_show_gives_nothing(tmp_path: Path, own: str) -> None:
    host = tree(
        tmp_path,
        {
            "/proc/self/cgroup": f"0::{own}",
            "/proc/self/mountinfo": MOUNT2,
            "/sys/fs/cgroup/cpu.stat": "nr_throttled 5",
        },
    )
    assert find_groups(host, "cpu") is None
    assert METER.read(host) == ()


def test_a_hybrid_host_is_read_where_its_controller_is(tmp_path: Path) -> None:
    host = tree(
        tmp_path,
        {
            "/proc/self/cgroup": "1:cpu:/job/7\n0::/user",
            "/proc/self/mountinfo": (
                "9 1 0:27 / /cg/unified rw - cgroup2 cgroup2 rw\n"
                "8 1 0:26 /job /cg/cpu rw - cgroup cgroup rw,cpu"
            ),
            "/cg/cpu/7/cpu.stat": "nr_periods 4\nnr_throttled 2\nthrottled_time 3000000000",
            "/cg/unified/user/cpu.stat": "throttled_usec 9",
        },
    )
    groups = find_groups(host, "cpu")
    assert groups is not None
    assert (groups.version, groups.folders) == (1, ("/cg/cpu/7", "/cg/cpu"))
    unified = find_groups(host, "")
    assert unified is not None
    assert (unified.version, unified.folders) == (2, ("/cg/unified/user", "/cg/unified"))
    assert values(METER.read(host))["throttled_time", "/cg/cpu/7"] == pytest.approx(3.0)


def test_without_control_groups_there_is_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {"/proc/self/cgroup": "0::/"})) == ()
