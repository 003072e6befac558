from pathlib import Path

from bitpath_cli.host import Host
from bitpath_cli.meters.memory import METER, parse_meminfo
from tests.tree import tree


def test_kibibytes_become_bytes_and_swap_that_is_used_is_what_is_not_free() -> None:
    text = (
        "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 400 kB\n"
        "SwapTotal: 50 kB\nSwapFree: 20 kB\nHugePages_Total: 0"
    )
    assert {each.name: each.quantity.value for each in parse_meminfo(text)} == {
        "memory_total": 1024000, "memory_available": 409600, "swap_total": 51200,
        "swap_used": 30720,
    }  # fmt: skip


def test_a_host_without_swap_has_none() -> None:
    names = {each.name for each in parse_meminfo("MemTotal: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB")}
    assert names == {"memory_total"}


def test_this_machine_and_one_without_the_file(tmp_path: Path) -> None:
    found = {each.name: each.quantity.value for each in METER.read(Host())}
    assert 0 < found["memory_available"] <= found["memory_total"]
    assert METER.read(tree(tmp_path, {})) == ()
