from pathlib import Path
from typing import Any

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.reading import Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes.gpu_intel import PROBE
from tests.recorded import recorded
from tests.tree import number, said, tree, why

CARD = "/sys/bus/pci/devices/0000:03:00.0"


def found(host: Host) -> tuple[list[Accelerator], AcceleratorSoftware]:
    components = PROBE.find(host, Question())
    (software,) = [each for each in components if isinstance(each, AcceleratorSoftware)]
    return [each for each in components if isinstance(each, Accelerator)], software


def battlemage(tmp_path: Path, **told: Any) -> Host:
    """A separate card with the driver xe."""
    throttle = f"{CARD}/tile0/gt0/freq0/throttle"
    sensors = f"{CARD}/hwmon/hwmon3"
    files: dict[str, object] = {
        f"{CARD}/class": "0x030000",
        f"{CARD}/vendor": "0x8086",
        f"{CARD}/device": "0xe20b",
        f"{CARD}/driver": "-> ../../drivers/xe",
        "/sys/bus/pci/drivers/xe/uevent": "",
        f"{CARD}/tile0/physical_vram_size_bytes": 12 << 30,
        f"{CARD}/tile0/gt0/freq0/act_freq": 400,
        f"{CARD}/tile0/gt0/freq0/max_freq": 2850,
        f"{throttle}/status": 1,
        f"{throttle}/reason_pl1": 0,
        f"{throttle}/reason_thermal": 1,
        f"{sensors}/name": "xe",
        f"{sensors}/power1_max": 190_000_000,
        f"{sensors}/power1_rated_max": 0,
        f"{sensors}/temp2_input": 47_000,
        f"{sensors}/temp2_label": "pkg",
        f"{sensors}/temp3_input": 52_000,
        f"{sensors}/temp3_label": "vram",
    }
    return tree(tmp_path, files, **told)


def test_built_in_graphics_shares_the_main_memory() -> None:
    (gpu,), software = found(recorded("laptop"))
    assert said(gpu.model) == "Intel 8086:7d55"
    assert said(gpu.memory_kind) == "unified"
    assert "shares the main memory" in why(gpu.memory_total).detail
    assert number(gpu.clock_core_max) == 2250e6
    assert why(gpu.clock_core).reason is Reason.UNSUPPORTED
    assert said(gpu.throttle_reasons) == ("pl1",)
    assert "only separate cards" in why(gpu.power).detail
    assert said(gpu.driver) == "i915"
    assert number(software.devices_seen) == 1


def test_whether_torch_can_use_it_is_open_and_the_hint_asks_torch() -> None:
    (gpu,), software = found(recorded("laptop"))
    assert why(gpu.usable).hint.endswith("print(torch.xpu.is_available())'")
    assert why(software.mismatch).reason is Reason.UNSUPPORTED


def test_a_separate_card_has_memory_limits_and_reasons_of_its_own(tmp_path: Path) -> None:
    (gpu,), _ = found(battlemage(tmp_path))
    assert said(gpu.memory_kind) == "dedicated"
    assert number(gpu.memory_total) == 12 << 30
    assert (number(gpu.clock_core), number(gpu.clock_core_max)) == (400e6, 2850e6)
    assert said(gpu.throttle_reasons) == ("thermal",)
    assert number(gpu.power_limit) == 190
    assert "says 0" in why(gpu.power_limit_default).detail
    assert number(gpu.temperature) == 47
    assert why(gpu.power).hint.endswith("bitpath bench compute")


@pytest.mark.parametrize("version", ["2.13.0+cpu", "2.13.0+cu130", "2.9.1+rocm6.4"])
def test_builds_for_others_cannot_use_it(tmp_path: Path, version: str) -> None:
    (gpu,), _ = found(battlemage(tmp_path, distributions={"torch": version}))
    assert said(gpu.usable) is False


def test_its_own_build_leaves_the_question_open(tmp_path: Path) -> None:
    (gpu,), _ = found(battlemage(tmp_path, distributions={"torch": "2.13.0+xpu"}))
    assert why(gpu.usable).reason is Reason.UNSUPPORTED


def test_no_graphics_is_no_component() -> None:
    assert PROBE.find(recorded("epyc-two-die"), Question()) == ()
