"""NVML as a plain description answers it, behind the real module's names, constants and errors.

A description maps a question, such as `nvmlDeviceGetName`, to its answer, to a function of the
arguments after the handle, or to a Refusal. What a description leaves out this driver does not
have; a name that the real module lacks is an AttributeError, as it is there.
"""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest import mock

import pynvml as real

from bitpath_cli.host import Live
from bitpath_cli.model.reading import Missing

Answers = Mapping[str, Any]
Door = Callable[[], ModuleType | Missing]


@dataclass(frozen=True)
class Refusal:
    """The name of one of NVML's errors without its prefix, such as `NOT_SUPPORTED`."""

    name: str


@dataclass(frozen=True)
class Handle:
    """Stands for a device or for an instance of one."""

    answers: Answers


NOT_SUPPORTED = Refusal("NOT_SUPPORTED")
MIB = 1 << 20


def module(system: Answers, gpus: Sequence[Answers]) -> ModuleType:
    """The module whose functions answer from these descriptions."""
    fake = ModuleType("pynvml")
    for name, value in vars(real).items():
        setattr(fake, name, value)
    handles = tuple(Handle(gpu) for gpu in gpus)
    ours = {
        "nvmlInit": None,
        "nvmlDeviceGetCount": len(gpus),
        "nvmlDeviceGetHandleByIndex": lambda index: handles[index],
        **system,
    }
    for name, value in vars(real).items():
        if name.startswith("nvml") and callable(value) and not isinstance(value, type):
            setattr(fake, name, functools.partial(answer, name, ours))
    return fake


def answer(question: str, system: Answers, *arguments: Any) -> Any:
    """What the described driver says."""
    handle = arguments[0] if arguments and isinstance(arguments[0], Handle) else None
    described, rest = (system, arguments) if handle is None else (handle.answers, arguments[1:])
    told = described.get(question, Refusal("FUNCTION_NOT_FOUND"))
    if callable(told):
        told = told(*rest)
    if isinstance(told, Refusal):
        raise real.NVMLError(getattr(real, f"NVML_ERROR_{told.name}"))
    return told


def door(fake: ModuleType) -> Door:
    """The host's own door with this module behind it."""

    def nvml() -> ModuleType | Missing:
        with mock.patch.dict(sys.modules, {"pynvml": fake}):
            return Live().nvml()

    return nvml


def memory(total: int, used: int) -> Callable[..., Any]:
    """Both versions of the answer: only the second leaves the driver's own 300 MiB out."""

    def info(version: int | None = None) -> Any:
        if version is None:
            return real.c_nvmlMemory_t(total=total, free=total - used, used=used + 300 * MIB)
        return real.c_nvmlMemory_v2_t(
            version=version, total=total, reserved=300 * MIB, free=total - used, used=used
        )

    return info


def address(words: str) -> Any:
    """A place on the PCI bus."""
    return real.nvmlPciInfo_t(busId=words)


def clocks(core: int, of_memory: int) -> Callable[[int], int]:
    """Megahertz by domain."""
    return lambda domain: of_memory if domain == real.NVML_CLOCK_MEM else core


def h100(index: int) -> Answers:
    """One of eight in a DGX H100 at rest, the third of them hot."""
    bus = ("1B", "43", "52", "61", "9D", "C3", "D1", "DF")[index]
    return {
        "nvmlDeviceGetName": "NVIDIA H100 80GB HBM3",
        "nvmlDeviceGetUUID": f"GPU-{index:08x}-1111-2222-3333-444444444444",
        "nvmlDeviceGetPciInfo": address(f"00000000:{bus}:00.0"),
        "nvmlDeviceGetArchitecture": real.NVML_DEVICE_ARCH_HOPPER,
        "nvmlDeviceGetCudaComputeCapability": (9, 0),
        "nvmlDeviceGetMemoryInfo": memory(81559 * MIB, 4 * MIB),
        "nvmlDeviceGetCurrPcieLinkGeneration": 5,
        "nvmlDeviceGetMaxPcieLinkGeneration": 5,
        "nvmlDeviceGetCurrPcieLinkWidth": 16,
        "nvmlDeviceGetMaxPcieLinkWidth": 16,
        "nvmlDeviceGetClockInfo": clocks(345, 2619),
        "nvmlDeviceGetMaxClockInfo": clocks(1980, 2619),
        "nvmlDeviceGetPowerUsage": 71_250 + index,
        "nvmlDeviceGetEnforcedPowerLimit": 700_000,
        "nvmlDeviceGetPowerManagementDefaultLimit": 700_000,
        "nvmlDeviceGetTotalEnergyConsumption": 5_000_000_000 + index,
        "nvmlDeviceGetViolationStatus": lambda policy: real.c_nvmlViolationTime_t(
            referenceTime=9, violationTime=1_500_000_000 * (policy == real.NVML_PERF_POLICY_POWER)
        ),
        "nvmlDeviceGetFieldValues": unmetered_module,
        "nvmlDeviceGetTemperature": lambda _sensor: 88 if index == 2 else 31,
        "nvmlDeviceGetCurrentClocksEventReasons": (
            real.nvmlClocksThrottleReasonHwThermalSlowdown | real.nvmlClocksThrottleReasonHwSlowdown
            if index == 2
            else real.nvmlClocksThrottleReasonGpuIdle
        ),
        "nvmlDeviceGetUtilizationRates": real.c_nvmlUtilization_t(gpu=0, memory=0),
        "nvmlDeviceGetEccMode": [1, 1],
        "nvmlDeviceGetTotalEccErrors": lambda _kind, _counter: 0,
        "nvmlDeviceGetMigMode": [0, 0],
        "nvmlDeviceGetNvLinkState": lambda link: 1 if link < 18 else Refusal("INVALID_ARGUMENT"),
        "nvmlDeviceGetNvLinkRemoteDeviceType": lambda _link: real.NVML_NVLINK_DEVICE_TYPE_SWITCH,
        "nvmlDeviceGetTopologyCommonAncestor": lambda other: (
            real.NVML_TOPOLOGY_NODE
            if (index < 4) == (other.answers["index"] < 4)
            else real.NVML_TOPOLOGY_SYSTEM
        ),
        "index": index,
    }


def unmetered_module(fields: Sequence[tuple[int, int]]) -> Any:
    """Only superchips know the power of a whole module."""
    values = (real.c_nvmlFieldValue_t * len(fields))()
    for value in values:
        value.nvmlReturn = real.NVML_ERROR_NOT_SUPPORTED
    return values


def superchip_module(milliwatts: int) -> Callable[[Sequence[tuple[int, int]]], Any]:
    """What a Grace Hopper answers for the module."""

    def fields(asked: Sequence[tuple[int, int]]) -> Any:
        values = (real.c_nvmlFieldValue_t * len(asked))()
        values[0].nvmlReturn = real.NVML_SUCCESS
        values[0].value.uiVal = milliwatts
        return values

    return fields


def instance(name: str, size: int, slices: int) -> Handle:
    """A MIG instance, of which NVML tells little."""
    return Handle(
        {
            "nvmlDeviceGetName": f"NVIDIA A100-SXM4-40GB MIG {name}",
            "nvmlDeviceGetMemoryInfo": memory(size, 0),
            "nvmlDeviceGetAttributes_v2": real.c_nvmlDeviceAttributes(
                gpuInstanceSliceCount=slices, computeInstanceSliceCount=slices
            ),
        }
    )


def mig_a100() -> Answers:
    """An A100 with two instances: utilisation is told of neither whole nor parts."""
    parts = {0: instance("4g.20gb", 19968 * MIB, 4), 2: instance("3g.20gb", 19968 * MIB, 3)}
    return {
        **h100(0),
        "nvmlDeviceGetName": "NVIDIA A100-SXM4-40GB",
        "nvmlDeviceGetArchitecture": real.NVML_DEVICE_ARCH_AMPERE,
        "nvmlDeviceGetCudaComputeCapability": (8, 0),
        "nvmlDeviceGetMigMode": [1, 1],
        "nvmlDeviceGetMaxMigDeviceCount": 7,
        "nvmlDeviceGetMigDeviceHandleByIndex": lambda index: parts.get(index, Refusal("NOT_FOUND")),
        "nvmlDeviceGetUtilizationRates": NOT_SUPPORTED,
    }


def orin() -> Answers:
    """A Jetson's GPU: NVML starts and then supports nothing but the name."""
    asked = {name: NOT_SUPPORTED for name in vars(real) if name.startswith("nvmlDevice")}
    return {**asked, "nvmlDeviceGetName": "Orin (nvgpu)"}


def geforce() -> Answers:
    """A consumer card of an older driver: no ECC, no MIG, no NVLink, the old names, sentinels."""
    return {
        "nvmlDeviceGetName": b"NVIDIA GeForce RTX 3060",
        "nvmlDeviceGetUUID": "GPU-00000000-aaaa-bbbb-cccc-dddddddddddd",
        "nvmlDeviceGetPciInfo": address("00000000:01:00.0"),
        "nvmlDeviceGetArchitecture": real.NVML_DEVICE_ARCH_AMPERE,
        "nvmlDeviceGetCudaComputeCapability": (8, 6),
        "nvmlDeviceGetMemoryInfo": lambda version=None: (
            Refusal("FUNCTION_NOT_FOUND")
            if version
            else real.c_nvmlMemory_t(total=12 << 30, free=11 << 30, used=1 << 30)
        ),
        "nvmlDeviceGetCurrPcieLinkGeneration": 1,
        "nvmlDeviceGetMaxPcieLinkGeneration": 4,
        "nvmlDeviceGetCurrPcieLinkWidth": 8,
        "nvmlDeviceGetMaxPcieLinkWidth": 16,
        "nvmlDeviceGetClockInfo": clocks(210, 405),
        "nvmlDeviceGetMaxClockInfo": clocks(2130, 0xFFFFFFFF),
        "nvmlDeviceGetPowerUsage": 0xFFFFFFFF,
        "nvmlDeviceGetEnforcedPowerLimit": 170_000,
        "nvmlDeviceGetPowerManagementDefaultLimit": Refusal("NO_PERMISSION"),
        "nvmlDeviceGetTotalEnergyConsumption": NOT_SUPPORTED,
        "nvmlDeviceGetTemperature": lambda _sensor: Refusal("GPU_IS_LOST"),
        "nvmlDeviceGetCurrentClocksThrottleReasons": (
            real.nvmlClocksThrottleReasonSwPowerCap | 0x10000
        ),
        "nvmlDeviceGetUtilizationRates": real.c_nvmlUtilization_t(gpu=7, memory=3),
        "nvmlDeviceGetEccMode": NOT_SUPPORTED,
        "nvmlDeviceGetTotalEccErrors": NOT_SUPPORTED,
        "nvmlDeviceGetMigMode": NOT_SUPPORTED,
        "nvmlDeviceGetNvLinkState": NOT_SUPPORTED,
    }


def driver(version: str, cuda: int) -> Answers:
    """What a driver says of itself."""
    return {
        "nvmlSystemGetDriverVersion": version,
        "nvmlSystemGetNVMLVersion": f"12.{version}",
        "nvmlSystemGetCudaDriverVersion_v2": cuda,
    }


DGX = module(driver("535.161.08", 12020), [h100(index) for index in range(8)])
MIG = module(driver("550.54.15", 12040), [mig_a100()])
ORIN = module(driver("540.3.0", 12020), [orin()])
GEFORCE = module(driver("470.256.02", 11040), [geforce()])
MISMATCHED = module({"nvmlInit": Refusal("LIB_RM_VERSION_MISMATCH")}, [])
UNLOADED = module({"nvmlInit": Refusal("DRIVER_NOT_LOADED")}, [])

NVML_FAKES: dict[str, Door] = {
    "dgx-8gpu": door(DGX),
    "mig-a100": door(MIG),
    "jetson": door(ORIN),
    "geforce": door(GEFORCE),
    "mismatched": door(MISMATCHED),
    "unloaded": door(UNLOADED),
}
