import os
from pathlib import Path

import pytest

from bitpath_cli.benchmarks._numa import find_nodes, staying_on
from bitpath_cli.host import Host
from tests.recorded import MACHINES, Recorded, recorded


def test_a_recorded_machine_has_the_nodes_of_its_folders() -> None:
    assert find_nodes(recorded("epyc-two-die")) == {0: (0, 1, 4, 5), 1: (2, 3, 6, 7)}


def test_processors_that_we_may_not_use_are_left_out() -> None:
    told = {"affinity": [2, 5], "hostname": "h", "machine": "x86_64"}
    host = Host(MACHINES / "epyc-two-die", Recorded(told, None))
    assert find_nodes(host) == {0: (5,), 1: (2,)}


def test_nodes_of_memory_alone_are_left_out(tmp_path: Path) -> None:
    for number, cpulist in enumerate(("0-1", "")):
        folder = tmp_path / f"sys/devices/system/node/node{number}"
        folder.mkdir(parents=True)
        (folder / "cpulist").write_text(f"{cpulist}\n")
    told = {"affinity": [0, 1], "hostname": "h", "machine": "x86_64"}
    assert find_nodes(Host(tmp_path, Recorded(told, None))) == {0: (0, 1)}


def test_staying_is_for_a_while() -> None:
    before = os.sched_getaffinity(0)
    one = min(before)
    with staying_on((one,)):
        assert os.sched_getaffinity(0) == {one}
    assert os.sched_getaffinity(0) == before
    with pytest.raises(ZeroDivisionError), staying_on((one,)):
        _ = 1 // 0
    assert os.sched_getaffinity(0) == before
