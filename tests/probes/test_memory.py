import struct
from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.reading import Quantity, Reason, absent, reported
from bitpath_cli.model.units import BYTE
from bitpath_cli.probes import Question
from bitpath_cli.probes._meminfo import parse_meminfo
from bitpath_cli.probes._modules import Module, modules, parse_table
from bitpath_cli.probes.memory import PROBE, reconcile
from tests.machines.synthesise import memory_table
from tests.recorded import recorded
from tests.tree import number, said, tree, why, write

KIB = 1024
EDAC = "/sys/devices/system/edac/mc"


def memory(host: Host) -> Memory:
    (found,) = PROBE.find(host, Question())
    assert isinstance(found, Memory)
    return found


def test_sizes_of_a_server() -> None:
    found = memory(recorded("xeon-rapl"))
    assert number(found.total) == 131700000 * KIB
    assert number(found.available) == 120000000 * KIB
    assert number(found.cached) == 28000000 * KIB
    assert number(found.swap_total) == 8388604 * KIB
    assert number(found.swap_used) == 388604 * KIB
    assert said(found.transparent_huge_pages) == "always"


def test_huge_pages_are_counted_by_their_size() -> None:
    (pool,) = memory(recorded("xeon-rapl")).huge_page_pools
    assert [number(pool.page_size), number(pool.total), number(pool.free)] == [2 << 20, 512, 500]
    sizes = [number(each.page_size) for each in memory(recorded("microvm")).huge_page_pools]
    assert sizes == [2 << 20, 1 << 30]


def test_error_correction_and_errors_by_edac() -> None:
    found = memory(recorded("xeon-rapl"))
    assert number(found.modules) == 2
    assert said(found.module_type) == "Registered-DDR4"
    assert said(found.ecc) is True
    assert number(found.corrected_errors) == 3
    assert number(found.uncorrected_errors) == 0


def test_what_only_root_may_read_says_so() -> None:
    speed = why(memory(recorded("xeon-rapl")).module_speed)
    assert speed.reason is Reason.DENIED
    assert "CAP_DAC_READ_SEARCH" in speed.hint


def test_root_reads_the_firmwares_table() -> None:
    found = memory(recorded("epyc-two-die"))
    assert number(found.modules) == 3
    assert said(found.module_type) == "DDR4"
    assert number(found.module_speed) == 2400e6
    assert said(found.ecc) is True
    assert why(found.corrected_errors).reason is Reason.ABSENT


def test_a_virtual_machines_modules_are_made_up() -> None:
    found = memory(recorded("microvm"))
    for reading in (found.modules, found.module_type, found.module_speed, found.ecc):
        assert why(reading).detail == "a virtual machine's firmware makes its modules up"


def test_bandwidth_needs_channels_and_speed(tmp_path: Path) -> None:
    files = {
        f"{EDAC}/mc{mc}/dimm{dimm}/dimm_location": f"channel {dimm // 2} slot {dimm % 2} "
        for mc in (0, 1)
        for dimm in range(4)
    }
    host = tree(tmp_path, {**files, "/sys/firmware/dmi/tables/DMI": ""})
    (tmp_path / "sys/firmware/dmi/tables/DMI").write_bytes(memory_table((16384,)))
    # Two controllers of two channels, eight bytes each, at 2400 MT/s.
    assert number(modules(host, virtual=False).bandwidth) == 4 * 8 * 2400e6


def test_a_driver_without_correction_is_no_ecc(tmp_path: Path) -> None:
    files = {f"{EDAC}/mc0/rank0/dimm_edac_mode": "None", f"{EDAC}/mc0/ce_count": 0}
    found = modules(tree(tmp_path, files), virtual=False)
    assert said(found.ecc) is False
    assert why(found.count).reason is Reason.ABSENT
    assert why(found.uncorrected).reason is Reason.ABSENT


def test_the_firmwares_table_is_walked() -> None:
    assert parse_table(memory_table((16384, 0))) == (Module("DDR4", 2400e6, 64, 72),)


def test_fast_modules_have_their_speed_in_the_extended_field() -> None:
    body = bytearray(0x5C)
    body[0], body[1], body[0x12] = 17, 0x5C, 0x22
    struct.pack_into("<HH", body, 0x08, 0xFFFF, 32)
    struct.pack_into("<H", body, 0x0C, 32767)
    struct.pack_into("<H", body, 0x20, 0xFFFF)
    struct.pack_into("<I", body, 0x58, 70000)
    assert parse_table(bytes(body) + b"\0\0") == (Module("DDR5", 70000e6, 32, None),)


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_a_table_cut_short_gives_what_is_whole(length: int) -> None:
    assert parse_table(memory_table((16384, 16384))[:length]) == ()


def test_two_nodes_of_a_server() -> None:
    first, second = memory(recorded("xeon-rapl")).nodes
    assert (first.index, number(first.total), number(first.cpus)) == (0, 65600000 * KIB, 4)
    assert number(second.free) == 45000000 * KIB
    assert said(second.distances) == ("20", "10")
    assert first.has_cpus
    assert second.has_cpus


def test_memory_that_came_late_belongs_to_the_only_node() -> None:
    found = memory(recorded("microvm"))
    (node,) = found.nodes
    assert number(node.total) == number(found.total) == 24684092 * KIB
    assert isinstance(node.total, Quantity)
    assert "8281870336" in node.total.origin.source
    assert number(node.free) > 8087764 * KIB


def test_several_nodes_that_do_not_add_up_are_not_believed() -> None:
    nodes = (size(10), size(1)), (size(20), size(2))
    total, free = reconcile(nodes, (size(60), size(3)))[0]
    assert why(total).reason is why(free).reason is Reason.FAILED


def test_nodes_that_add_up_or_cannot_be_compared_stay() -> None:
    nodes = (size(10), size(1)), (size(20), size(2))
    assert reconcile(nodes, (size(30), size(3))) == nodes
    assert reconcile(nodes, (absent("no meminfo"), absent("no meminfo"))) == nodes


def test_a_node_of_memory_alone_has_no_cpus(tmp_path: Path) -> None:
    node = "/sys/devices/system/node"
    host = tree(tmp_path, {f"{node}/online": "0-1", f"{node}/node1/cpulist": ""})
    write(tmp_path, {f"{node}/node0/cpulist": "0-3"})
    first, second = memory(host).nodes
    assert first.has_cpus
    assert not second.has_cpus
    assert number(second.cpus) == 0


def test_fields_of_both_spellings() -> None:
    block = "MemTotal: 5 kB\nHugePages_Total:   3\nNode 0 MemFree:  2 kB\nnoise\nBad: x kB\nEmpty:"
    assert parse_meminfo(block) == {"MemTotal": 5120, "HugePages_Total": 3, "MemFree": 2048}


def size(gigabytes: float) -> Quantity:
    return reported(gigabytes * 1e9, BYTE, "meminfo")
