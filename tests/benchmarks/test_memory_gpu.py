from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bitpath_cli.benchmarks import (
    CannotMeasure,
    Case,
    _torch_loops,
    _transfers,
    memory_bandwidth,
)
from bitpath_cli.benchmarks._transfers import Transfers
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.reading import reported
from bitpath_cli.model.result import Validity
from bitpath_cli.model.units import BYTE, ONE
from tests.benchmarks.scenes import MIB, context, samples
from tests.sample_report import filled

CPU = torch.device("cpu")


def gpu(**told: Any) -> Accelerator:
    known = {
        "vendor": "nvidia", "index": 0, "memory_total": reported(80 << 30, BYTE, "nvml"),
        "memory_used": reported(1 << 30, BYTE, "nvml"),
        "link_generation_max": reported(5, ONE, "nvml"),
        "link_width_max": reported(16, ONE, "nvml"),
    }  # fmt: skip
    return filled(Accelerator, name="gpu", **{**known, **told})


def of_gpu(found: tuple[Case, ...]) -> list[Case]:
    return [each for each in found if each.parameters["device"] == "cuda:0"]


def test_a_gpu_has_its_streams_and_copies_of_both_kinds(tmp_path: Path) -> None:
    streams, *copies = of_gpu(memory_bandwidth.find_cases(context(tmp_path, gpu())))
    assert (streams.parameters["variant"], streams.parameters["array_bytes"]) == (
        "stream-like", 1 << 30,
    )  # fmt: skip
    assert [each.parameters["host_memory"] for each in copies] == ["pinned", "pageable"]
    assert {each.parameters["copied_bytes"] for each in copies} == {256 * MIB}


def test_the_cost_models_figure_is_measured_even_in_a_hurry(tmp_path: Path) -> None:
    (streams,) = of_gpu(memory_bandwidth.find_cases(context(tmp_path, gpu(), quick=True)))
    assert streams.parameters["variant"] == "stream-like"


@pytest.mark.parametrize(
    ("told", "array_mib", "copied_mib"),
    [
        # 4 GiB less 1 GiB in use: a quarter is 768 MiB for three arrays.
        ({"memory_total": reported(4 << 30, BYTE, "nvml")}, 256, 256),
        ({"memory_total": reported((1 << 30) + 120 * MIB, BYTE, "nvml")}, 10, 30),
    ],
)
def test_a_small_gpu_is_not_filled(
    tmp_path: Path, told: dict[str, Any], array_mib: int, copied_mib: int
) -> None:
    streams, copy, _ = of_gpu(memory_bandwidth.find_cases(context(tmp_path, gpu(**told))))
    assert streams.parameters["array_bytes"] == array_mib * MIB
    assert copy.parameters["copied_bytes"] == copied_mib * MIB


def test_no_nvidia_gpu_means_no_case(tmp_path: Path) -> None:
    found = memory_bandwidth.find_cases(context(tmp_path, gpu(vendor="intel"), gpu(index=1)))
    assert of_gpu(found) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is at hand, which is measured instead")
@pytest.mark.parametrize("which", [0, 1])
def test_a_gpu_that_torch_cannot_use_is_a_reason(tmp_path: Path, which: int) -> None:
    scene = context(tmp_path, gpu())
    case = of_gpu(memory_bandwidth.find_cases(scene))[which]
    with pytest.raises(CannotMeasure, match="cannot use it"):
        memory_bandwidth.open_loops(case, scene).__enter__()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_loops_are_timed_by_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """The same code on the CPU in a GPU's place, whose events are 2 ms apart."""
    monkeypatch.setattr(_torch_loops, "find_device", lambda _name: CPU)
    monkeypatch.setattr(_torch_loops, "_event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _device: None)
    monkeypatch.setattr(
        _transfers, "Transfers", lambda size, device, _pinned: Transfers(size, device, False)
    )
    small = gpu(memory_total=reported((1 << 30) + 120 * MIB, BYTE, "nvml"))
    scene = context(tmp_path, small)
    case = of_gpu(memory_bandwidth.find_cases(scene))[which]
    with memory_bandwidth.open_loops(case, scene) as loops:
        for loop in loops.values():
            assert loop.trial.find_error() is None
            assert loop.trial.run(3) == pytest.approx(0.006)


class Event:
    def record(self) -> None:
        pass

    def elapsed_time(self, end: "Event") -> float:
        assert end is not self
        return 2.0


def conclude(root: Path, *accelerators: Accelerator) -> Any:
    scene = context(root, gpu())
    case = of_gpu(memory_bandwidth.find_cases(scene))[1]
    told = {
        "host_to_device": samples(256e6, BYTE, (5e-3,) * 6),
        "device_to_host": samples(256e6, BYTE, (4e-3,) * 6),
    }
    return memory_bandwidth.conclude(case, context(root, *accelerators), told)


def test_copies_are_compared_with_the_link_at_its_widest(tmp_path: Path) -> None:
    there, back = conclude(tmp_path, gpu()).metrics
    assert (there.name, there.value, back.name, back.value) == (
        "host_to_device", 51.2e9, "device_to_host", 64e9,
    )  # fmt: skip
    # 32 GT/s on 16 lanes, 128 of 130 bits.
    assert there.ceiling is not None
    assert there.ceiling.value == pytest.approx(63.015e9, rel=1e-4)
    assert there.ceiling.source == "PCI Express 5.0, 16 lanes, one way"
    assert "pinned copies" in there.origin.source


@pytest.mark.parametrize("told", [{"link_generation_max": reported(9, ONE, "nvml")},
                                  {"link_width_max": reported(0, ONE, "nvml")}])  # fmt: skip
def test_an_unknown_link_is_no_ceiling(tmp_path: Path, told: dict[str, Any]) -> None:
    assert conclude(tmp_path, gpu(**told)).metrics[0].ceiling is None
    assert conclude(tmp_path).metrics[0].ceiling is None


def test_a_gpus_kernels_have_no_pages_and_no_ceiling(tmp_path: Path) -> None:
    scene = context(tmp_path, gpu())
    streams = of_gpu(memory_bandwidth.find_cases(scene))[0]
    found = memory_bandwidth.conclude(streams, scene, {"triad": samples(2e9, BYTE, (1e-3,) * 6)})
    assert [each.name for each in found.metrics] == ["triad", "copy", "scale", "add", "read"]
    assert found.metrics[0].value == 2e12
    assert found.metrics[0].ceiling is None
    assert found.validity is Validity.VALID


@pytest.mark.parametrize("name", ["host_to_device", "device_to_host"])
def test_a_copy_that_brings_other_bytes_is_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfers = Transfers(1000, CPU, is_pinned=False)
    assert transfers.find_error(name) is None
    right, (_, target) = transfers.copy(name), transfers._ends(name)

    def leave_the_last_out(_name: str) -> Callable[[], object]:
        return lambda: (right(), target[-1:].zero_())

    monkeypatch.setattr(transfers, "copy", leave_the_last_out)
    assert transfers.find_error(name) == f"{name} brought other bytes than were sent"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use")
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_real_gpu_gives_right_answers(tmp_path: Path, which: int) -> None:
    small = gpu(memory_total=reported((1 << 30) + 1200 * MIB, BYTE, "nvml"))
    scene = context(tmp_path, small)
    case = of_gpu(memory_bandwidth.find_cases(scene))[which]
    with memory_bandwidth.open_loops(case, scene) as loops:
        for loop in loops.values():
            assert loop.trial.find_error() is None
            assert loop.trial.run(2) > 0
