import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes._libraries import arguments
from bitpath_cli.probes._nvml import kernel_address, name_throttles
from bitpath_cli.probes.gpu_nvidia import PROBE
from tests.nvml_fake import (
    DGX,
    GEFORCE,
    MIG,
    MISMATCHED,
    UNLOADED,
    Answers,
    address,
    door,
    driver,
    h100,
    module,
)
from tests.recorded import recorded
from tests.tree import number, said, tree, why

SOURCE = Path(__file__).parent / "fake_nvml.c"


def found(host: Host, ask: bool = False) -> tuple[list[Accelerator], AcceleratorSoftware]:
    components = PROBE.find(host, Question(ask_libraries=ask))
    (software,) = [each for each in components if isinstance(each, AcceleratorSoftware)]
    return [each for each in components if isinstance(each, Accelerator)], software


def with_gpus(*gpus: Answers) -> Host:
    fake = module(driver("550.54.15", 12040), gpus)
    return recorded("dgx-8gpu", door(fake))


def test_eight_gpus_tell_everything() -> None:
    gpus, software = found(recorded("dgx-8gpu"))
    assert [gpu.name for gpu in gpus] == [f"nvidia{index}" for index in range(8)]
    first = gpus[0]
    assert said(first.model) == "NVIDIA H100 80GB HBM3"
    assert said(first.uuid) == "GPU-00000000-1111-2222-3333-444444444444"
    assert said(first.architecture) == "Hopper sm_90"
    assert said(first.memory_kind) == "dedicated"
    assert number(first.memory_total) == 81559 << 20
    assert number(first.memory_used) == 4 << 20
    assert (number(first.link_generation), number(first.link_width)) == (5, 16)
    assert (number(first.clock_core), number(first.clock_core_max)) == (345e6, 1980e6)
    assert (number(first.clock_memory), number(first.clock_memory_max)) == (2619e6, 2619e6)
    assert said(first.driver) == "nvidia 535.161.08"
    assert number(first.power) == 71.25
    assert (number(first.power_limit), number(first.power_limit_default)) == (700, 700)
    assert said(first.ecc) is True
    assert number(first.uncorrected_errors) == 0
    assert said(first.partitioning) == "none"
    assert number(first.utilisation) == 0
    assert said(first.throttle_reasons) == ("idle",)
    assert number(software.devices_seen) == 8
    assert said(software.driver) == "535.161.08"
    assert said(software.runtime) == "CUDA 12.2"


def test_a_gpu_stands_where_the_bus_says() -> None:
    gpus, _ = found(recorded("dgx-8gpu"))
    assert said(gpus[4].bus_address) == "0000:9d:00.0"
    assert [number(gpu.numa_node) for gpu in gpus] == [0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("00000000:1B:00.0", "0000:1b:00.0"), ("00010000:3B:00.0", "10000:3b:00.0")],
)
def test_addresses_are_written_as_the_kernel_writes_them(words: str, expected: str) -> None:
    assert kernel_address(words) == expected


def test_gpus_behind_switches_reach_every_peer_over_all_their_links() -> None:
    gpus, _ = found(recorded("dgx-8gpu"))
    peers = {peer.peer: peer for peer in gpus[1].peers}
    assert sorted(peers) == [f"nvidia{index}" for index in range(8) if index != 1]
    assert {number(peer.nvlinks) for peer in gpus[1].peers} == {18}
    assert said(peers["nvidia0"].path) == "NODE: host bridges of one NUMA node"
    assert said(peers["nvidia7"].path) == "SYS: across NUMA nodes"


def test_direct_links_are_counted_per_peer() -> None:
    """Four V100 in a ring with a double side: 0 has two links to 1, one to 2 and none to 3."""
    far_ends = {0: "1B", 1: "1B", 2: "43"}
    places = ("1A", "1B", "43", "52")

    def gpu(index: int) -> Answers:
        bus = places[index]
        return {
            **h100(index),
            "nvmlDeviceGetPciInfo": address(f"00000000:{bus}:00.0"),
            "nvmlDeviceGetNvLinkState": lambda link: 1 if link in far_ends else 0,
            "nvmlDeviceGetNvLinkRemoteDeviceType": lambda _link: pynvml.NVML_NVLINK_DEVICE_TYPE_GPU,
            "nvmlDeviceGetNvLinkRemotePciInfo": lambda link: address(
                f"00000000:{far_ends[link]}:00.0"
            ),
        }

    gpus, _ = found(with_gpus(*(gpu(index) for index in range(4))))
    assert [number(peer.nvlinks) for peer in gpus[0].peers] == [2, 1, 0]


def test_heat_is_told_in_words() -> None:
    gpus, _ = found(recorded("dgx-8gpu"))
    assert said(gpus[2].throttle_reasons) == ("hardware slowdown", "hardware thermal slowdown")
    assert number(gpus[2].temperature) == 88


def test_no_reason_is_told_as_none_and_a_new_bit_keeps_its_number() -> None:
    assert name_throttles(DGX, 0) == ()
    assert name_throttles(DGX, 0x4 | 0x10000) == ("power cap", "unknown reason 0x10000")


def test_instances_of_a_divided_gpu_and_what_is_not_told_of_it() -> None:
    (gpu,), _ = found(recorded("dgx-8gpu", door(MIG)))
    assert said(gpu.partitioning) == "MIG"
    assert [each.name for each in gpu.partitions] == [
        "NVIDIA A100-SXM4-40GB MIG 4g.20gb",
        "NVIDIA A100-SXM4-40GB MIG 3g.20gb",
    ]
    assert [number(each.compute_slices) for each in gpu.partitions] == [4, 3]
    assert {number(each.memory) for each in gpu.partitions} == {19968 << 20}
    assert why(gpu.utilisation).reason is Reason.UNSUPPORTED
    assert said(gpu.architecture) == "Ampere sm_80"


def test_each_refusal_costs_its_own_value_only() -> None:
    (gpu,), _ = found(recorded("dgx-8gpu", door(GEFORCE)))
    assert said(gpu.model) == "NVIDIA GeForce RTX 3060"
    assert number(gpu.memory_used) == 1 << 30
    assert (number(gpu.link_generation), number(gpu.link_generation_max)) == (1, 4)
    assert (number(gpu.link_width), number(gpu.link_width_max)) == (8, 16)
    assert number(gpu.utilisation) == 0.07
    assert said(gpu.throttle_reasons) == ("power cap", "unknown reason 0x10000")
    reasons = {
        name: value.reason
        for name in Accelerator.model_fields
        if isinstance(value := getattr(gpu, name), Missing)
    }
    assert reasons == {
        "numa_node": Reason.ABSENT,
        "usable": Reason.UNSUPPORTED,
        "clock_memory_max": Reason.UNSUPPORTED,
        "power": Reason.UNSUPPORTED,
        "power_limit_default": Reason.DENIED,
        "temperature": Reason.FAILED,
        "ecc": Reason.UNSUPPORTED,
        "uncorrected_errors": Reason.UNSUPPORTED,
        "partitioning": Reason.UNSUPPORTED,
    }


def test_a_gpu_that_dropped_out_keeps_its_place() -> None:
    fake = module(driver("550.54", 12040), [h100(0), h100(1)])
    healthy = fake.nvmlDeviceGetHandleByIndex

    def handle(index: int) -> object:
        if index == 0:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return healthy(index)

    fake.nvmlDeviceGetHandleByIndex = handle  # type: ignore[attr-defined]
    (lost, alive), software = found(recorded("dgx-8gpu", door(fake)))
    assert why(lost.model).reason is Reason.FAILED
    assert said(alive.model) == "NVIDIA H100 80GB HBM3"
    assert number(software.devices_seen) == 2


def test_a_jetson_has_one_gpu_that_shares_the_main_memory() -> None:
    (gpu,), software = found(recorded("jetson"))
    assert said(gpu.memory_kind) == "unified"
    assert "shares the main memory" in why(gpu.memory_total).detail
    assert (number(gpu.clock_core), number(gpu.clock_core_max)) == (306e6, 408e6)
    assert number(gpu.utilisation) == pytest.approx(0.012)
    assert "supply rails" in why(gpu.power).hint
    assert said(gpu.model) == "Orin (nvgpu)"
    assert number(software.devices_seen) == 1


def test_a_jetson_without_nvml_is_found_by_its_device_tree() -> None:
    host = recorded("jetson", lambda: Missing(reason=Reason.ABSENT, detail="NVML: none"))
    (gpu,), software = found(host)
    assert said(gpu.model) == "NVIDIA Jetson Orin Nano Developer Kit"
    assert said(gpu.driver) == "L4T 36.3.0"
    assert why(gpu.uuid).detail == "NVML: none"
    assert number(software.devices_seen) == 1


def test_a_superchip_of_one_memory_is_unified_though_it_is_no_jetson() -> None:
    spark = {**h100(0), "nvmlDeviceGetName": "NVIDIA GB10"}
    del spark["nvmlDeviceGetMemoryInfo"]
    (gpu,), _ = found(with_gpus(spark))
    assert said(gpu.memory_kind) == "unified"
    assert why(gpu.memory_total).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("fake", "words"), [(MISMATCHED, "different versions"), (UNLOADED, "not loaded")]
)
def test_cards_stay_in_the_list_when_the_library_does_not_answer(fake: object, words: str) -> None:
    gpus, software = found(recorded("dgx-8gpu", door(fake)))  # type: ignore[arg-type]
    assert len(gpus) == 8
    assert said(gpus[5].model) == "NVIDIA H100 80GB HBM3"
    assert (number(gpus[5].link_generation), number(gpus[5].link_generation_max)) == (1, 5)
    assert said(gpus[5].driver) == "nvidia 535.161.08"
    assert words in why(gpus[5].memory_total).detail
    assert words in why(software.library).detail
    assert number(software.devices_seen) == 8
    assert str(said(software.driver)).startswith("NVRM version: NVIDIA UNIX x86_64 Kernel Module")


def test_a_card_without_a_driver_is_told_and_cannot_be_used() -> None:
    (gpu,), software = found(recorded("laptop"))
    assert said(gpu.model) == "NVIDIA 10de:28e0"
    assert "no driver is bound" in why(gpu.driver).detail
    assert said(gpu.usable) is False
    assert number(software.devices_usable) == 0
    assert said(software.mismatch) == "torch can use none of 1: no driver is bound to it"


def test_a_machine_without_cards_says_so_and_one_without_a_bus_does_not(tmp_path: Path) -> None:
    gpus, software = found(recorded("amd-gpu"))
    assert gpus == []
    assert number(software.devices_seen) == 0
    assert said(software.mismatch) is False
    nothing, blind = found(tree(tmp_path, {}))
    assert nothing == []
    assert why(blind.devices_seen).detail.startswith("NVML: libnvidia-ml.so.1 was not found")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (None, "torch is not installed"),
        ("2.13.0+cpu", "torch 2.13.0+cpu is a build for cpu"),
        ("2.9.1+rocm6.4", "torch 2.9.1+rocm6.4 is a build for rocm6.4"),
    ],
)
def test_a_build_that_cannot_use_them_needs_no_question(version: str | None, words: str) -> None:
    versions = {} if version is None else {"torch": version}
    gpus, software = found(recorded("dgx-8gpu", distributions=versions))
    assert number(software.devices_usable) == 0
    assert said(software.mismatch) == f"torch can use none of 8: {words}"
    assert {said(gpu.usable) for gpu in gpus} == {False}


def test_hidden_devices_need_no_question() -> None:
    _, software = found(recorded("dgx-8gpu", environment={"CUDA_VISIBLE_DEVICES": ""}))
    assert number(software.devices_usable) == 0
    assert "CUDA_VISIBLE_DEVICES is set to ''" in str(said(software.mismatch))


def test_unasked_torch_leaves_the_answer_open() -> None:
    gpus, software = found(recorded("dgx-8gpu"))
    assert why(gpus[0].usable).hint == "bitpath assess asks torch itself"
    assert why(software.devices_usable).reason is Reason.UNSUPPORTED


def torch_says(**answer: object) -> dict[str, object]:
    """What the subprocess prints when torch answers like this."""
    torch = {
        "version": "2.13.0", "cuda": "12.6", "hip": None, "threads": 4, "interop_threads": 4,
        "configuration": "", "cpu_capability": "AVX512", "cudnn": "90501", "nccl": "2.27.5",
        "gloo": True, "cuda_usable": True, "architectures": ["sm_80", "sm_90"], "devices": [],
        **answer,
    }  # fmt: skip
    printed = {"code": 0, "stdout": json.dumps({"torch": torch}), "stderr": ""}
    return {" ".join(arguments()): printed}


def uuids(*indices: int) -> list[str]:
    return [f"{index:08x}-1111-2222-3333-444444444444" for index in indices]


def asked(**answer: object) -> tuple[list[Accelerator], AcceleratorSoftware]:
    return found(recorded("dgx-8gpu", commands=torch_says(**answer)), ask=True)


def test_torch_that_sees_every_device_has_no_mismatch() -> None:
    gpus, software = asked(devices=uuids(*range(8)))
    assert {said(gpu.usable) for gpu in gpus} == {True}
    assert number(software.devices_usable) == 8
    assert said(software.mismatch) is False


def test_devices_are_matched_by_uuid_whatever_their_order() -> None:
    gpus, software = asked(devices=uuids(5, 2))
    assert [said(gpu.usable) for gpu in gpus] == [i in {2, 5} for i in range(8)]
    assert number(software.devices_usable) == 2
    assert str(said(software.mismatch)).startswith("torch can use 2 of 8: torch does not list it")


def test_a_build_without_code_for_the_device_cannot_use_it() -> None:
    _, software = asked(devices=uuids(*range(8)), architectures=["sm_70", "sm_80"])
    assert number(software.devices_usable) == 0
    assert said(software.mismatch) == (
        "torch can use 0 of 8: torch was built for sm_70, sm_80, not sm_90"
    )


def test_a_runtime_that_does_not_start_is_explained() -> None:
    _, software = asked(cuda_usable=False)
    assert "cannot start the driver's runtime" in str(said(software.mismatch))


def test_a_cpu_build_without_a_suffix_is_found_out_by_asking() -> None:
    _, software = asked(cuda=None, cuda_usable=False)
    assert said(software.mismatch) == ("torch can use none of 8: torch 2.13.0 is a build for cpu")


def test_devices_without_uuids_are_compared_by_number() -> None:
    gpus, software = asked(devices=["", "", ""])
    assert number(software.devices_usable) == 3
    assert "does not tell which" in why(gpus[0].usable).detail


def test_a_question_that_fails_leaves_the_answer_open() -> None:
    died = {" ".join(arguments()): {"code": -11, "stdout": "", "stderr": "Segmentation fault"}}
    _, software = found(recorded("dgx-8gpu", commands=died), ask=True)
    assert why(software.devices_usable).reason is Reason.FAILED


def test_the_real_module_reads_a_real_library(tmp_path: Path) -> None:
    """The door, the package nvidia-ml-py and a shared library, as on a machine with a driver."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed, and it builds the library that plays the driver's")
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SOURCE], check=True, timeout=60)
    script = (
        "from bitpath_cli.host import Host\n"
        "from bitpath_cli.probes import Question\n"
        "from bitpath_cli.probes.gpu_nvidia import PROBE\n"
        "for each in PROBE.find(Host(), Question()):\n"
        "    print(each.model_dump_json())\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
    )  # fmt: skip
    components = [json.loads(line) for line in printed.stdout.splitlines()]
    assert [each["name"] for each in components] == ["nvidia0", "nvidia1", "nvidia"]
    first, second, software = components
    assert first["model"]["value"] == "Pretend GPU 0"
    assert first["memory_total"]["value"] == 24 << 30
    assert first["memory_used"]["value"] == 3 << 30
    assert first["power"]["value"] == 55.5
    assert first["bus_address"]["value"] == "0000:3b:00.0"
    assert first["architecture"]["value"] == "Ada sm_89"
    assert first["ecc"]["reason"] == "unsupported"
    assert first["peers"][0]["path"]["value"] == "PIX: one PCIe switch"
    assert first["peers"][0]["nvlinks"]["reason"] == "unsupported"
    assert second["power"]["reason"] == "failed"
    assert "GPU is lost" in second["power"]["detail"]
    assert software["runtime"]["value"] == "CUDA 12.4"
    assert software["devices_seen"]["value"] == 2
