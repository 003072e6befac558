from pathlib import Path

import pytest

from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.reading import Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes._pci import generation
from bitpath_cli.probes.accelerators import PROBE
from tests.recorded import recorded
from tests.tree import number, said, tree, why

BUS = "/sys/bus/pci/devices"


def found(root: Path, files: dict[str, object]) -> list[Accelerator]:
    components = PROBE.find(tree(root, files), Question())
    return [each for each in components if isinstance(each, Accelerator)]


def device(address: str, vendor: str, code: str, kind: str) -> dict[str, object]:
    folder = f"{BUS}/{address}"
    return {f"{folder}/vendor": vendor, f"{folder}/device": code, f"{folder}/class": kind}


def test_an_npu_is_listed_once_with_its_clock() -> None:
    (npu,) = PROBE.find(recorded("laptop"), Question())
    assert isinstance(npu, Accelerator)
    assert (npu.name, npu.vendor) == ("accel0", "intel")
    assert said(npu.model) == "PCI 8086:7d1d"
    assert said(npu.driver) == "intel_vpu"
    assert number(npu.clock_core_max) == 1400e6
    assert why(npu.clock_core).reason is Reason.UNSUPPORTED
    assert why(npu.memory_total).hint == "the maker's own tool"
    assert "maker's own package" in why(npu.usable).detail


def test_gaudi_of_the_older_driver(tmp_path: Path) -> None:
    folder = "/sys/class/habanalabs/hl0"
    files = {
        f"{folder}/device_type": "GAUDI2",
        f"{folder}/pci_addr": "0000:19:00.0",
        f"{folder}/clk_cur_freq_mhz": 1100,
        f"{folder}/clk_max_freq_mhz": 1650,
        f"{folder}/max_power": 600_000,
        **device("0000:19:00.0", "0x1da3", "0x1020", "0x120000"),
    }
    (gaudi,) = found(tmp_path, files)
    assert (gaudi.name, gaudi.vendor) == ("habana0", "habana")
    assert said(gaudi.model) == "GAUDI2"
    assert (number(gaudi.clock_core), number(gaudi.clock_core_max)) == (1100e6, 1650e6)
    assert number(gaudi.power_limit) == 600


def test_gaudi_of_the_kernels_own_class(tmp_path: Path) -> None:
    files = {
        **device("0000:19:00.0", "0x1da3", "0x1020", "0x120000"),
        "/sys/class/accel/accel0/device": "-> ../../../bus/pci/devices/0000:19:00.0",
        f"{BUS}/0000:19:00.0/device_type": "GAUDI2",
    }
    (gaudi,) = found(tmp_path, files)
    assert gaudi.vendor == "habana"
    assert said(gaudi.model) == "GAUDI2"
    assert said(gaudi.bus_address) == "0000:19:00.0"


def test_neuron_devices(tmp_path: Path) -> None:
    folder = "/sys/devices/virtual/neuron_device/neuron0/info/architecture"
    (neuron,) = found(
        tmp_path, {f"{folder}/device_name": "Trainium1", f"{folder}/arch_type": "NDv2"}
    )
    assert (neuron.name, neuron.vendor) == ("neuron0", "aws")
    assert said(neuron.model) == "Trainium1"
    assert said(neuron.architecture) == "NDv2"


def test_a_device_on_no_bus_is_listed_by_its_name(tmp_path: Path) -> None:
    (npu,) = found(tmp_path, {"/sys/class/accel/accel0/dev": "261:0"})
    assert (npu.name, npu.vendor) == ("accel0", "other")


@pytest.mark.parametrize(
    ("vendor", "kind", "listed"),
    [
        ("0x1e52", "0x120000", True),
        ("0x1d17", "0x030000", True),
        ("0x8086", "0x120000", True),
        ("0x1a03", "0x030000", False),
        ("0x1af4", "0x038000", False),
        ("0x10de", "0x030200", False),
        ("0x1002", "0x120000", False),
        ("0x8086", "0x030000", False),
        ("0x8086", "0x020000", False),
    ],
)
def test_strangers_are_listed_and_screens_and_other_probes_devices_are_not(
    tmp_path: Path, vendor: str, kind: str, listed: bool
) -> None:
    strangers = found(tmp_path, device("0000:05:00.0", vendor, "0x0401", kind))
    assert [each.name for each in strangers] == (["unrecognised0"] if listed else [])
    if listed:
        assert said(strangers[0].model) == f"PCI {vendor[2:]}:0401, unrecognised"


def test_a_management_controllers_screen_is_no_accelerator() -> None:
    assert PROBE.find(recorded("dgx-8gpu"), Question()) == ()


@pytest.mark.parametrize(
    ("words", "expected"),
    [("2.5 GT/s PCIe", 1), ("5.0 GT/s PCIe", 2), ("8.0 GT/s", 3), ("16.0 GT/s PCIe", 4),
     ("32.0 GT/s PCIe", 5), ("64.0 GT/s PCIe", 6)],
)  # fmt: skip
def test_speeds_are_generations(tmp_path: Path, words: str, expected: int) -> None:
    assert number(generation(tree(tmp_path, {"/speed": words}), "/speed")) == expected


@pytest.mark.parametrize(
    ("words", "reason"),
    [("Unknown", Reason.UNSUPPORTED), ("3 GT/s", Reason.FAILED), ("", Reason.UNSUPPORTED)],
)
def test_speeds_that_are_none(tmp_path: Path, words: str, reason: Reason) -> None:
    assert why(generation(tree(tmp_path, {"/speed": words}), "/speed")).reason is reason
