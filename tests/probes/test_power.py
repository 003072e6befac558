from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes.power import PROBE
from tests.nvml_fake import DGX, NOT_SUPPORTED, door, driver, h100, module, superchip_module
from tests.recorded import recorded
from tests.tree import number, said, tree, why


def meters(host: Host) -> dict[str, PowerMeter]:
    found = {each.name: each for each in PROBE.find(host, Question())}
    assert all(isinstance(each, PowerMeter) for each in found.values())
    return {name: each for name, each in found.items() if isinstance(each, PowerMeter)}


def test_a_server_whose_counters_only_root_may_read() -> None:
    found = meters(recorded("xeon-rapl"))
    package = found["package-0"]
    assert (package.source, package.scope) == ("rapl", "cpu_package")
    refused = why(package.energy)
    assert refused.reason is Reason.DENIED
    assert "CVE-2020-8694" in refused.detail
    assert refused.hint.endswith(
        "chgrp GROUP /sys/class/powercap/intel-rapl:0/energy_uj && "
        "chmod g+r /sys/class/powercap/intel-rapl:0/energy_uj"
    )
    assert number(package.limit) == 185
    assert number(package.wraps_at) == 262143.32885
    assert why(package.power).hint == "a benchmark derives it: bitpath bench compute"
    memory = found["package-0/dram"]
    assert memory.scope == "dram"
    assert why(memory.nested_in).reason is Reason.ABSENT
    assert why(memory.limit).detail.endswith("says 0: the zone has no limit")
    whole = found["power_meter power1 (hwmon2)"]
    assert (whole.source, whole.scope, number(whole.power)) == ("hwmon", "platform", 312)


def test_root_reads_the_counters() -> None:
    found = meters(recorded("xeon-rapl", user_id=0, refusals={}))
    assert number(found["package-1"].energy) == 201234.56789


def test_root_in_a_container_is_told_to_leave_it() -> None:
    found = meters(recorded("xeon-rapl", user_id=0))
    assert "outside the container" in why(found["package-0"].energy).hint


def test_mirrored_dies_name_the_counter_that_they_show() -> None:
    found = meters(recorded("epyc-two-die"))
    assert said(found["package-0-die-1"].mirror_of) == "package-0-die-0"
    assert why(found["package-0-die-0"].mirror_of).reason is Reason.ABSENT
    assert said(found["package-0-die-0/core"].nested_in) == "package-0-die-0"
    assert number(found["package-0-die-0"].energy) == 10360.237493
    assert why(found["package-0-die-0"].limit).reason is Reason.ABSENT


def test_a_laptop_has_nested_doubled_and_whole_meters() -> None:
    found = meters(recorded("laptop"))
    assert {name: each.source for name, each in found.items()} == {
        "package-0": "rapl",
        "package-0/core": "rapl",
        "package-0/uncore": "rapl",
        "psys": "rapl",
        "mmio/package-0": "rapl_mmio",
        "BAT0": "battery",
    }
    assert said(found["package-0"].nested_in) == "psys"
    assert said(found["mmio/package-0"].mirror_of) == "package-0"
    assert found["psys"].scope == "platform"
    battery = found["BAT0"]
    assert battery.scope == "node_dc"
    assert number(battery.power) == pytest.approx(8.69976)
    assert why(battery.energy).reason is Reason.UNSUPPORTED


def test_a_jetson_is_metered_at_its_rails() -> None:
    found = meters(recorded("jetson"))
    assert {name: each.scope for name, each in found.items()} == {
        "VDD_IN": "platform",
        "VDD_CPU_GPU_CV": "rail",
        "VDD_SOC": "rail",
    }
    assert number(found["VDD_IN"].power) == pytest.approx(5.031232)
    assert said(found["VDD_SOC"].nested_in) == "VDD_IN"


def test_gpus_are_boards_with_counters_that_do_not_wrap() -> None:
    found = meters(recorded("dgx-8gpu"))
    board = found["nvidia3"]
    assert (board.source, board.scope) == ("nvml", "gpu_board")
    assert number(board.energy) == pytest.approx(5_000_000.003)
    assert number(board.power) == pytest.approx(71.253)
    assert number(board.limit) == 700
    assert why(board.wraps_at).reason is Reason.ABSENT
    assert sum(each.source == "nvml" for each in found.values()) == 8


def test_a_board_without_a_counter_still_has_its_power() -> None:
    old = {**h100(0), "nvmlDeviceGetTotalEnergyConsumption": NOT_SUPPORTED}
    found = meters(recorded("dgx-8gpu", door(module(driver("470.1", 11040), [old]))))
    assert why(found["nvidia0"].energy).reason is Reason.UNSUPPORTED
    assert number(found["nvidia0"].power) == 71.25


def test_a_superchips_module_covers_its_board() -> None:
    hopper = {
        **h100(0),
        "nvmlDeviceGetName": "NVIDIA GH200 480GB",
        "nvmlDeviceGetFieldValues": superchip_module(210_500),
    }
    found = meters(recorded("dgx-8gpu", door(module(driver("550.54", 12040), [hopper]))))
    assert found["nvidia0/module"].scope == "gpu_module"
    assert number(found["nvidia0/module"].power) == 210.5
    assert said(found["nvidia0"].nested_in) == "nvidia0/module"


def test_cards_of_other_makers_and_their_parts(tmp_path: Path) -> None:
    folder = "/sys/class/hwmon/hwmon4"
    files = {
        f"{folder}/name": "xe",
        f"{folder}/energy1_input": 7_250_000,
        f"{folder}/energy1_label": "card",
        f"{folder}/power1_max": 190_000_000,
        f"{folder}/energy2_input": 5_000_000,
        f"{folder}/energy2_label": "pkg",
    }
    found = meters(tree(tmp_path, files))
    whole, part = found["xe card (hwmon4)"], found["xe pkg (hwmon4)"]
    assert (whole.source, whole.scope) == ("intel_gpu", "gpu_board")
    assert (number(whole.energy), number(whole.limit)) == (7.25, 190)
    assert said(part.nested_in) == "xe card (hwmon4)"
    assert found["processor"].source == "none"


def test_an_unknown_chip_is_listed_and_not_placed(tmp_path: Path) -> None:
    folder = "/sys/class/hwmon/hwmon9"
    found = meters(
        tree(tmp_path, {f"{folder}/name": "isl69247", f"{folder}/power1_input": 8_000_000})
    )
    chip = found["isl69247 power1 (hwmon9)"]
    assert (chip.scope, number(chip.power)) == ("unknown", 8)
    assert why(chip.nested_in).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("information", "detail", "hint"),
    [
        ("flags : fpu hypervisor avx", "virtual machine", "meter of the host itself"),
        ("vendor_id : GenuineIntel\nflags : fpu", "driver is not loaded", "modprobe"),
        ("CPU implementer : 0x41", "no energy counter", "at the wall"),
    ],
)
def test_nothing_to_read_says_why_and_what_would_help(
    tmp_path: Path, information: str, detail: str, hint: str
) -> None:
    (only,) = PROBE.find(tree(tmp_path, {"/proc/cpuinfo": information}), Question())
    assert isinstance(only, PowerMeter)
    assert (only.source, only.scope) == ("none", "cpu_package")
    for reading in (only.energy, only.power, only.limit, only.wraps_at):
        assert detail in why(reading).detail
        assert hint in why(reading).hint


def test_a_guest_with_an_empty_folder_is_not_told_to_load_a_driver(tmp_path: Path) -> None:
    files = {"/proc/cpuinfo": "flags : fpu hypervisor", "/sys/class/powercap/dtpm/enabled": 1}
    (only,) = PROBE.find(tree(tmp_path, files), Question())
    assert isinstance(only, PowerMeter)
    assert "modprobe" not in why(only.energy).hint
    assert "holds no RAPL zone" in why(only.energy).detail


def test_zones_hidden_by_a_container_are_told_with_the_mount_that_shows_them(
    tmp_path: Path,
) -> None:
    gone = "-> ../../devices/virtual/powercap/intel-rapl/intel-rapl:0"
    found = meters(tree(tmp_path, {"/sys/class/powercap/intel-rapl:0": gone}))
    assert "-v /sys/devices/virtual/powercap" in why(found["processor"].energy).hint


def test_gpus_alone_do_not_measure_the_processor() -> None:
    found = meters(recorded("amd-gpu"))
    assert found["amdgpu PPT (hwmon0)"].source == "amdgpu"
    assert found["processor"].source == "none"


def test_an_error_of_the_library_costs_the_gpus_only() -> None:
    broken = module({"nvmlDeviceGetCount": NOT_SUPPORTED}, [])
    assert len(meters(recorded("epyc-two-die", door(broken)))) == 4
    silent = recorded("epyc-two-die", lambda: Missing(reason=Reason.FAILED, detail="NVML: no"))
    assert len(meters(silent)) == 4
    assert len(meters(recorded("epyc-two-die", door(DGX)))) == 12
