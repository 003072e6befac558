from pathlib import Path

from bitpath_cli.benchmarks._huge_pages import (
    Extent,
    find_policy,
    find_share,
    parse_node_share,
    parse_share,
)
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Quantity

# Two mappings of arrays, of which the second holds two of them, and one that is none of ours.
SMAPS = """\
00400000-00452000 r-xp 00000000 08:02 173521                             /usr/bin/python3.11
Size:                328 kB
Rss:                 300 kB
AnonHugePages:         0 kB
VmFlags: rd ex mr mw me
7f0000000000-7f0000800000 rw-p 00000000 00:00 0
Size:               8192 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                8192 kB
AnonHugePages:      6144 kB
Private_Hugetlb:       0 kB
VmFlags: rd wr mr mw me ac sd hg
7f1000000000-7f1001000000 rw-p 00000000 00:00 0
Size:              16384 kB
Rss:               16384 kB
AnonHugePages:     14336 kB
Private_Hugetlb:       0 kB
VmFlags: rd wr mr mw me ac sd
"""
FIRST = Extent(0x7F0000001000, 4 << 20)
SECOND = Extent(0x7F1000001000, 4 << 20)
THIRD = Extent(0x7F1000800000, 4 << 20)


def value(reading: Quantity | Missing) -> float:
    assert isinstance(reading, Quantity), reading
    return reading.value


def test_the_share_is_that_of_the_arrays_mappings_alone() -> None:
    assert value(parse_share(SMAPS, [FIRST])) == 6144 / 8192
    # A mapping that holds two arrays counts once.
    assert value(parse_share(SMAPS, [SECOND, THIRD])) == 14336 / 16384
    assert value(parse_share(SMAPS, [FIRST, SECOND, THIRD])) == (6144 + 14336) / (8192 + 16384)


def test_arrays_that_smaps_does_not_know_have_no_share() -> None:
    found = parse_share(SMAPS, [Extent(0x100000000, 4096)])
    assert isinstance(found, Missing)
    assert isinstance(parse_share("", [FIRST]), Missing)


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    found = find_share(Host(tmp_path), [FIRST])
    assert isinstance(found, Missing)
    assert "/proc/self/smaps" in found.detail


def test_this_process_knows_its_own_arrays() -> None:
    import torch

    array = torch.ones(1 << 20)
    share = value(find_share(Host(), [Extent(array.data_ptr(), array.nbytes)]))
    assert 0 <= share <= 1


def test_the_policy_is_the_word_in_brackets(tmp_path: Path) -> None:
    assert find_policy(Host(tmp_path)) == "unknown"
    folder = tmp_path / "sys/kernel/mm/transparent_hugepage"
    folder.mkdir(parents=True)
    (folder / "enabled").write_text("always madvise [never]\n")
    assert find_policy(Host(tmp_path)) == "never"


NUMA_MAPS = """\
00400000 default file=/usr/bin/python3.11 mapped=75 N0=75 kernelpagesize_kB=4
7f0000000000 default anon=2048 dirty=2048 N0=1536 N1=512 kernelpagesize_kB=4
7f1000000000 default anon=4096 dirty=4096 N1=4096 kernelpagesize_kB=4
"""


def test_pages_are_counted_by_node() -> None:
    assert parse_node_share(NUMA_MAPS, [FIRST], 0) == 0.75
    assert parse_node_share(NUMA_MAPS, [SECOND, THIRD], 1) == 1
    assert parse_node_share(NUMA_MAPS, [FIRST, SECOND, THIRD], 1) == (512 + 4096) / 6144
    assert parse_node_share(NUMA_MAPS, [Extent(0x1000, 8)], 0) is None
    assert parse_node_share("", [FIRST], 0) is None
