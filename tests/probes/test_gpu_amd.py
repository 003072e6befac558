import json
from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.reading import Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes._drm import clocks
from bitpath_cli.probes._kfd import address, architecture
from bitpath_cli.probes._libraries import arguments
from bitpath_cli.probes.gpu_amd import PROBE
from tests.recorded import recorded
from tests.tree import number, said, tree, why

CARD = "/sys/bus/pci/devices/0000:03:00.0"


def found(host: Host, ask: bool = False) -> tuple[list[Accelerator], AcceleratorSoftware]:
    components = PROBE.find(host, Question(ask_libraries=ask))
    (software,) = [each for each in components if isinstance(each, AcceleratorSoftware)]
    return [each for each in components if isinstance(each, Accelerator)], software


def card(**files: object) -> dict[str, object]:
    basic = {"class": "0x030000", "vendor": "0x1002", "device": "0x744c", **files}
    return {f"{CARD}/{name}": text for name, text in basic.items()}


def test_a_die_tells_its_memory_clocks_and_place() -> None:
    gpus, software = found(recorded("amd-gpu"))
    first = gpus[0]
    assert [gpu.name for gpu in gpus] == ["amd0", "amd1"]
    assert said(first.model) == "AMD Instinct MI250X"
    assert said(first.uuid) == "4f3f7a1d2c5b0e90"
    assert said(first.architecture) == "gfx90a"
    assert said(first.memory_kind) == "dedicated"
    assert number(first.memory_total) == 68702699520
    assert (number(first.clock_core), number(first.clock_core_max)) == (500e6, 1700e6)
    assert (number(first.clock_memory), number(first.clock_memory_max)) == (1600e6, 1600e6)
    assert (number(first.link_generation), number(first.link_width)) == (4, 16)
    assert number(first.numa_node) == 3
    assert said(first.driver) == "amdgpu 6.8.5"
    assert said(first.ecc) is True
    assert number(first.uncorrected_errors) == 0
    assert number(first.temperature) == 44
    assert (number(first.power), number(first.power_limit)) == (92, 560)
    assert said(software.library) == "6.2.4-139"
    assert number(software.devices_seen) == 2


def test_the_second_die_of_a_board_says_why_it_has_no_power() -> None:
    gpus, _ = found(recorded("amd-gpu"))
    missing = why(gpus[1].power)
    assert missing.reason is Reason.UNSUPPORTED
    assert missing.detail.endswith("a board of two dies meters and limits both at the first one")


def test_dies_are_joined_by_xgmi() -> None:
    gpus, _ = found(recorded("amd-gpu"))
    assert [(peer.peer, said(peer.path)) for peer in gpus[0].peers] == [("amd1", "XGMI")]
    assert [peer.peer for peer in gpus[1].peers] == ["amd0"]
    assert why(gpus[0].peers[0].nvlinks).reason is Reason.ABSENT


def test_a_build_for_another_maker_cannot_use_them() -> None:
    gpus, software = found(recorded("amd-gpu"))
    assert {said(gpu.usable) for gpu in gpus} == {False}
    assert said(software.mismatch) == (
        "torch can use none of 2: torch 2.13.0+cpu is a build for cpu"
    )


@pytest.mark.parametrize(("hip", "usable"), [("6.4.43482", 2), (None, 0)])
def test_torch_is_asked_where_its_metadata_is_silent(hip: str | None, usable: int) -> None:
    torch = {
        "version": "2.9.1", "cuda": None, "hip": hip, "threads": 4, "interop_threads": 4,
        "configuration": "", "cpu_capability": "AVX2", "cudnn": None, "nccl": None, "gloo": True,
        "cuda_usable": bool(hip), "architectures": ["gfx90a"], "devices": ["", ""],
    }  # fmt: skip
    printed = {"code": 0, "stdout": json.dumps({"torch": torch}), "stderr": ""}
    host = recorded(
        "amd-gpu", distributions={"torch": "2.9.1"}, commands={" ".join(arguments()): printed}
    )
    _, software = found(host, ask=True)
    assert number(software.devices_usable) == usable


def test_a_card_that_a_guest_holds_is_seen_and_not_usable(tmp_path: Path) -> None:
    files = card(driver="-> ../../drivers/vfio-pci")
    files["/sys/bus/pci/drivers/vfio-pci/uevent"] = ""
    host = tree(tmp_path, files, distributions={"torch": "2.9.1+rocm6.4"})
    (gpu,), software = found(host)
    assert said(gpu.model) == "AMD 1002:744c"
    assert said(gpu.usable) is False
    assert said(software.mismatch) == (
        "torch can use none of 1: its driver is vfio-pci, which computes nothing"
    )
    assert why(gpu.power).reason is Reason.ABSENT
    assert why(gpu.architecture).hint.startswith("load amdgpu with compute support")


def test_a_processor_with_graphics_shares_its_memory(tmp_path: Path) -> None:
    node = "/sys/class/kfd/kfd/topology/nodes/0/properties"
    properties = "cpu_cores_count 24\nsimd_count 228\nlocation_id 768\ngfx_target_version 90402"
    (gpu,), _ = found(tree(tmp_path, {**card(), node: properties}))
    assert said(gpu.memory_kind) == "unified"
    assert said(gpu.architecture) == "gfx942"


def test_no_card_is_no_component(tmp_path: Path) -> None:
    assert PROBE.find(recorded("xeon-rapl"), Question()) == ()
    assert PROBE.find(tree(tmp_path, {}), Question()) == ()


@pytest.mark.parametrize(
    ("version", "name"),
    [(90010, "gfx90a"), (90402, "gfx942"), (110000, "gfx1100"), (120001, "gfx1201"), (0, "")],
)
def test_architectures_are_named_as_the_compiler_names_them(version: int, name: str) -> None:
    assert architecture(version) == name


def test_a_location_is_an_address() -> None:
    assert address(0, 0x2900) == "0000:29:00.0"
    assert address(1, 0xC1 << 8 | 2 << 3 | 1) == "0001:c1:02.1"


def test_a_table_without_a_mark_knows_no_current_clock(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/table": "0: 500Mhz\n1: 800Mhz", "/empty": "nothing here"})
    now, highest = clocks(host, "/table")
    assert why(now).reason is Reason.UNSUPPORTED
    assert number(highest) == 800e6
    assert why(clocks(host, "/empty")[0]).reason is Reason.FAILED


def test_a_clock_in_deep_sleep_is_marked_by_its_letter(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/table": "S: 19Mhz *\n0: 615Mhz\n1: 2600Mhz"})
    now, highest = clocks(host, "/table")
    assert (number(now), number(highest)) == (19e6, 2600e6)
