from pathlib import Path

import pytest

from bitpath_cli.meters.cgroup_cpu import METER
from tests.recorded import recorded
from tests.tree import tree


def test_version_2_counts_microseconds() -> None:
    (found,) = METER.read(recorded("container-v2"))
    assert (found.name, found.subject, found.quantity.value) == ("group_cpu_time", "cgroup", 400.0)


def test_version_1_counts_nanoseconds(tmp_path: Path) -> None:
    host = tree(
        tmp_path,
        {
            "/proc/self/cgroup": "2:cpuacct:/job",
            "/proc/self/mountinfo": "8 1 0:26 / /cg/cpuacct rw - cgroup cgroup rw,cpuacct",
            "/cg/cpuacct/job/cpuacct.usage": "2500000000",
        },
    )
    (found,) = METER.read(host)
    assert found.quantity.value == pytest.approx(2.5)


@pytest.mark.parametrize("text", ["", "usage_usec", "usage_usec many"])
def test_a_file_without_the_count_gives_nothing(tmp_path: Path, text: str) -> None:
    host = tree(
        tmp_path,
        {
            "/proc/self/cgroup": "0::/",
            "/proc/self/mountinfo": "9 1 0:27 / /cg rw - cgroup2 cgroup2 rw",
            "/cg/cpu.stat": text,
        },
    )
    assert METER.read(host) == ()


def test_without_control_groups_there_is_nothing(tmp_path: Path) -> None:
    assert METER.read(tree(tmp_path, {})) == ()
