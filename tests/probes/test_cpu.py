from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.host import Host
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.reading import Reason
from bitpath_cli.probes import Question, _caches, _frequency, _instructions, _topology
from bitpath_cli.probes._pressure import parse_pressure, pressure
from bitpath_cli.probes.cpu import PROBE, parse_steal
from tests.recorded import recorded
from tests.tree import number, said, tree, why

CPUS = "/sys/devices/system/cpu"


def cpu(host: Host) -> Cpu:
    (found,) = PROBE.find(host, Question())
    assert isinstance(found, Cpu)
    return found


def sizes(of: Cpu) -> list[tuple[int, str, float, float]]:
    return [
        (each.level, each.type, number(each.size), number(each.instances)) for each in of.caches
    ]


@pytest.mark.parametrize(
    ("machine", "logical", "cores", "sockets", "threads", "nodes"),
    [
        ("microvm", 2, 2, 1, 1, 1),
        ("xeon-rapl", 8, 4, 2, 2, 2),
        ("epyc-two-die", 8, 4, 1, 2, 2),
        ("container-v2", 4, 2, 1, 2, 1),
        ("container-v1", 4, 4, 4, 1, 1),
        ("dgx-8gpu", 8, 4, 2, 2, 2),
    ],
)
def test_topology(
    machine: str, logical: int, cores: int, sockets: int, threads: int, nodes: int
) -> None:
    found = cpu(recorded(machine))
    assert number(found.logical_cpus) == logical
    assert number(found.physical_cores) == cores
    assert number(found.sockets) == sockets
    assert number(found.threads_per_core) == threads
    assert number(found.numa_nodes) == nodes


def test_two_dies_share_one_package() -> None:
    assert number(cpu(recorded("epyc-two-die")).dies) == 2


def test_offline_cores_are_possible_and_not_counted() -> None:
    found = cpu(recorded("jetson"))
    assert number(found.possible_cpus) == 6
    assert number(found.logical_cpus) == number(found.physical_cores) == 4


def test_a_shared_cache_counts_once() -> None:
    assert sizes(cpu(recorded("xeon-rapl"))) == [
        (1, "data", 48 << 10, 4),
        (1, "instruction", 32 << 10, 4),
        (2, "unified", 1280 << 10, 4),
        (3, "unified", 24 << 20, 2),
    ]
    assert number(cpu(recorded("xeon-rapl")).last_level_cache) == 48 << 20


def test_core_complexes_of_one_die_do_not_share_their_cache() -> None:
    assert number(cpu(recorded("epyc-two-die")).last_level_cache) == 4 * (8 << 20)
    assert number(cpu(recorded("microvm")).last_level_cache) == 32 << 20


def test_clocks_of_a_bare_metal_server() -> None:
    found = cpu(recorded("xeon-rapl"))
    assert number(found.frequency_now) == 3.3e9
    assert number(found.frequency_min) == 0.8e9
    assert number(found.frequency_max) == number(found.frequency_limit) == 3.5e9
    assert number(found.frequency_base) == 2.9e9
    assert said(found.governor) == "performance"
    assert said(found.boost) is True
    assert number(found.throttle_count) == 12


def test_a_power_mode_limits_the_clock_below_what_the_hardware_can() -> None:
    found = cpu(recorded("jetson"))
    assert number(found.frequency_max) == 1.5104e9
    assert number(found.frequency_limit) == 0.96e9


def test_a_virtual_machine_does_not_tell_its_clocks() -> None:
    found = cpu(recorded("microvm"))
    assert why(found.frequency_max).reason is Reason.ABSENT
    assert why(found.governor).reason is Reason.ABSENT
    assert number(found.frequency_now) > 1e9


def test_a_name_tells_the_base_clock_where_nothing_else_does() -> None:
    assert number(cpu(recorded("container-v2")).frequency_base) == 2.9e9
    assert "base rate" in why(cpu(recorded("microvm")).frequency_base).detail


def test_instruction_sets_that_matter() -> None:
    assert said(cpu(recorded("epyc-two-die")).isa) == ("sse4_2", "avx", "f16c", "fma", "avx2")
    amx = said(cpu(recorded("dgx-8gpu")).isa)
    assert isinstance(amx, tuple)
    assert {"amx_tile", "amx_bf16", "avx512_bf16"} <= set(amx)
    assert said(cpu(recorded("jetson")).isa) == ("asimd", "asimdhp", "asimddp")


def test_arm_cores_are_named_by_their_part() -> None:
    found = cpu(recorded("jetson"))
    assert found.name == "Arm Cortex-A78AE"
    assert said(found.vendor) == "Arm"
    assert said(found.family) == "implementer 0x41, part 0xd42, variant 0x0, revision 1"
    assert _instructions.parse_midr(0x410FD421) == (0x41, 0xD42)


def test_x86_is_named_as_it_names_itself() -> None:
    found = cpu(recorded("microvm"))
    assert found.name == "AMD EPYC"
    assert said(found.family) == "family 26, model 2, stepping 1"


def test_steal_is_a_share_of_all_time() -> None:
    assert number(cpu(recorded("container-v1")).steal_fraction) == 500 / 100000
    assert number(cpu(recorded("container-v2")).steal_fraction) == 50 / 10000


@pytest.mark.parametrize("stat", ["", "cpu  1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu  0 0 0 0 0 0 0 0"])
def test_no_steal_is_no_zero(stat: str) -> None:
    with pytest.raises(ValueError, match="eight counters"):
        parse_steal(stat)


@given(
    st.lists(st.integers(0, 10**12), min_size=8, max_size=10).filter(
        lambda ticks: sum(ticks[:8]) > 0
    )
)
def test_steal_is_a_fraction(ticks: list[int]) -> None:
    assert 0 <= parse_steal("cpu  " + " ".join(map(str, ticks))) <= 1


def test_vulnerabilities_are_those_that_affect() -> None:
    assert said(cpu(recorded("xeon-rapl")).vulnerabilities) == (
        "gather_data_sampling: Vulnerable: No microcode",
        "mmio_stale_data: Mitigation: Clear CPU buffers; SMT vulnerable",
    )


def test_pressure_is_a_share(tmp_path: Path) -> None:
    assert number(cpu(recorded("container-v2")).pressure) == 0.12
    block = (
        "some avg10=1.25 avg60=0.50 avg300=0.20 total=9\nfull avg10=0.00 avg60=0 avg300=0 total=0"
    )
    assert parse_pressure(block) == {"some": 1.25, "full": 0.0}
    host = tree(tmp_path, {"/proc/pressure/cpu": "some", "/proc/pressure/io": "x"},
                refusals={"/proc/pressure/memory": "EOPNOTSUPP"})  # fmt: skip
    assert why(pressure(host, "cpu")).reason is Reason.FAILED
    assert why(pressure(host, "memory")).reason is Reason.UNSUPPORTED
    assert "psi=1" in why(pressure(host, "memory")).hint


def test_old_kernels_list_siblings_under_another_name(tmp_path: Path) -> None:
    files = {f"{CPUS}/cpu{each}/topology/thread_siblings_list": "0,2" if each % 2 == 0 else "1,3"
             for each in range(4)}  # fmt: skip
    host = tree(tmp_path, files)
    assert _topology.groups(host, (0, 1, 2, 3), _topology.CORE) == ((0, 2), (1, 3))


def test_offline_siblings_do_not_count(tmp_path: Path) -> None:
    host = tree(tmp_path, {f"{CPUS}/cpu0/topology/core_cpus_list": "0,4"})
    assert _topology.groups(host, (0,), _topology.CORE) == ((0,),)


def test_cores_that_differ_have_no_one_number_of_threads() -> None:
    found = why(_topology.threads_per_core(((0, 1), (2,))))
    assert found.detail == "the cores differ: 1 to 2 threads"


def test_hybrid_cores_are_told_apart(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "/sys/devices/cpu_core/cpus": "0-3",
        "/sys/devices/cpu_atom/cpus": "4-7",
        f"{CPUS}/online": "0-7",
    }
    for core, (size, shared) in {0: ("48K", "0-1"), 2: ("48K", "2-3")}.items():
        files |= cache(core, 0, 1, "Data", size, shared)
    for core in range(4, 8):
        files |= cache(core, 0, 1, "Data", "32K", str(core))
    found = cpu(tree(tmp_path, files))
    assert [(each.name, number(each.cpus)) for each in found.core_groups] == [
        ("performance", 4),
        ("efficiency", 4),
    ]
    assert sizes(found) == [(1, "data", 32 << 10, 4), (1, "data", 48 << 10, 2)]


def test_big_and_little_cores_are_told_apart_by_capacity(tmp_path: Path) -> None:
    capacities = {0: 446, 1: 446, 2: 1024}
    host = tree(tmp_path, {f"{CPUS}/cpu{k}/cpu_capacity": v for k, v in capacities.items()})
    assert [(each.name, number(each.cpus)) for each in _topology.core_groups(host, (0, 1, 2))] == [
        ("capacity 1024", 1),
        ("capacity 446", 2),
    ]


def test_one_kind_of_core_makes_no_groups() -> None:
    assert cpu(recorded("microvm")).core_groups == ()


def test_clusters_that_an_old_kernel_calls_packages_are_no_sockets(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/proc/device-tree/cpus/name": "cpus"})
    assert why(_topology.packages(host, ((0, 1), (2, 3)))).reason is Reason.UNSUPPORTED
    assert number(_topology.packages(host, ((0, 1, 2, 3),))) == 1


def test_cores_with_other_levels_are_read_for_themselves(tmp_path: Path) -> None:
    files = {
        **cache(0, 0, 1, "Data", "32K", "0"),
        **cache(0, 1, 3, "Unified", "4M", "0-1"),
        **cache(1, 0, 1, "Data", "32K", "1"),
        **cache(1, 1, 2, "Unified", "512K", "1"),
        **cache(1, 2, 3, "Unified", "4M", "0-1"),
    }
    found = _caches.caches(tree(tmp_path, files), (0, 1))
    assert [(each.level, number(each.instances)) for each in found] == [(1, 2), (2, 1), (3, 1)]
    assert number(_caches.last_level(found)) == 4 << 20


def test_a_cache_without_a_size_is_left_out(tmp_path: Path) -> None:
    host = tree(tmp_path, {f"{CPUS}/cpu0/cache/index0/level": 1})
    assert _caches.caches(host, (0,)) == ()
    assert why(_caches.last_level(())).reason is Reason.ABSENT


def test_policies_are_summarised(tmp_path: Path) -> None:
    files = {
        f"{CPUS}/cpufreq/policy0/scaling_cur_freq": 1000000,
        f"{CPUS}/cpufreq/policy1/scaling_cur_freq": 2000000,
        f"{CPUS}/cpufreq/policy2/scaling_cur_freq": 0,
        f"{CPUS}/cpufreq/policy0/scaling_governor": "powersave",
        f"{CPUS}/cpufreq/policy1/scaling_governor": "performance",
        f"{CPUS}/cpu0/acpi_cppc/nominal_freq": 2450,
    }
    found = _frequency.frequency(tree(tmp_path, files), "")
    assert number(found.now) == 1.5e9
    assert said(found.governor) == "performance, powersave"
    assert number(found.base) == 2.45e9


def test_a_rate_of_zero_is_unknown() -> None:
    assert _frequency.parse_rates("cpu MHz : 2596.1\ncpu MHz : 0.000\ncpu MHz : x") == [2596.1e6]


def cache(cpu: int, index: int, level: int, kind: str, size: str, shared: str) -> dict[str, object]:
    folder = f"{CPUS}/cpu{cpu}/cache/index{index}"
    return {
        f"{folder}/level": level,
        f"{folder}/type": kind,
        f"{folder}/size": size,
        f"{folder}/shared_cpu_list": shared,
    }
