"""The values of one NVIDIA GPU: one question to NVML each, whose refusal costs that value alone."""

from types import ModuleType
from typing import Any, Final

from bitpath_cli.host import Host
from bitpath_cli.meters.nvml import (
    MEGA,
    MILLI,
    ZERO,
    as_quantity,
    ask,
    ask_number,
    memory_info,
    throttle_mask,
)
from bitpath_cli.model.components.accelerator import Partition
from bitpath_cli.model.reading import Fact, Missing, Quantity, Statement, fact, unsupported
from bitpath_cli.model.units import BYTE, CELSIUS, HERTZ, ONE, WATT
from bitpath_cli.probes._accelerator import Values
from bitpath_cli.probes._pci import numa_node

_ARCHITECTURES: Final = (
    "KEPLER", "MAXWELL", "PASCAL", "VOLTA", "TURING", "AMPERE", "ADA", "HOPPER", "BLACKWELL",
    "RUBIN",
)  # fmt: skip
_THROTTLES: Final = {
    "GpuIdle": "idle",
    "ApplicationsClocksSetting": "application clocks",
    "SwPowerCap": "power cap",
    "HwSlowdown": "hardware slowdown",
    "SyncBoost": "sync boost",
    "SwThermalSlowdown": "software thermal slowdown",
    "HwThermalSlowdown": "hardware thermal slowdown",
    "HwPowerBrakeSlowdown": "power brake",
    "DisplayClockSetting": "display clocks",
    "BoardLimit": "board limit",
    "Reliability": "reliability voltage",
}
# Chips whose GPU has no memory of its own, by words in their names.
_UNIFIED: Final = ("GB10", "Orin", "Xavier", "Thor", "Tegra")
UNIFIED_MEMORY: Final = unsupported(
    "the GPU has no memory of its own: it shares the main memory, whose size the memory probe tells"
)


def describe(host: Host, nvml: ModuleType, handle: Any) -> Values:
    """Everything about one GPU but its partitions, its peers and whether torch can use it."""
    return {
        **_identity(host, nvml, handle),
        **_memory(nvml, handle),
        **_link(nvml, handle),
        **_clocks(nvml, handle),
        **_power(nvml, handle),
        **_health(nvml, handle),
    }


def told(nvml: ModuleType, question: str, *arguments: object) -> Statement:
    """An answer in words."""
    answer = ask(nvml, question, *arguments)
    return answer if isinstance(answer, Missing) else fact(str(answer), question)


def capability(nvml: ModuleType, handle: Any) -> str | Missing:
    """What code must be built for, such as `sm_90`."""
    pair = ask(nvml, "nvmlDeviceGetCudaComputeCapability", handle)
    return pair if isinstance(pair, Missing) else f"sm_{pair[0]}{pair[1]}"


def bus_address(nvml: ModuleType, handle: Any) -> Statement:
    """The address as /sys writes it: NVML's domain has eight digits, the kernel's has four."""
    info = ask(nvml, "nvmlDeviceGetPciInfo", handle)
    if isinstance(info, Missing):
        return info
    words = info.busId.decode() if isinstance(info.busId, bytes) else str(info.busId)
    if not words:
        return unsupported("nvmlDeviceGetPciInfo names no address: the GPU is not on a PCI bus")
    return fact(kernel_address(words), "nvmlDeviceGetPciInfo")


def kernel_address(words: str) -> str:
    """`00000000:1B:00.0` is `0000:1b:00.0` to the kernel."""
    domain, _, rest = words.lower().partition(":")
    digits = domain.lstrip("0")
    return f"{digits:0>4}:{rest}"


def _identity(host: Host, nvml: ModuleType, handle: Any) -> Values:
    address = bus_address(nvml, handle)
    return {
        "uuid": told(nvml, "nvmlDeviceGetUUID", handle),
        "model": told(nvml, "nvmlDeviceGetName", handle),
        "architecture": _architecture(nvml, handle),
        "driver": _driver(nvml),
        "bus_address": address,
        "numa_node": (
            address if isinstance(address, Missing) else numa_node(host, str(address.value))
        ),
    }


def _driver(nvml: ModuleType) -> Statement:
    question = "nvmlSystemGetDriverVersion"
    version = ask(nvml, question)
    return version if isinstance(version, Missing) else fact(f"nvidia {version}", question)


def _architecture(nvml: ModuleType, handle: Any) -> Statement:
    code = ask(nvml, "nvmlDeviceGetArchitecture", handle)
    built_for = capability(nvml, handle)
    named = "" if isinstance(code, Missing) else _architecture_name(nvml, int(code))
    if isinstance(built_for, Missing):
        return fact(named, "nvmlDeviceGetArchitecture") if named else built_for
    words = f"{named} {built_for}".strip()
    return fact(words, "nvmlDeviceGetArchitecture, nvmlDeviceGetCudaComputeCapability")


def _architecture_name(nvml: ModuleType, code: int) -> str:
    names = (
        name for name in _ARCHITECTURES if getattr(nvml, f"NVML_DEVICE_ARCH_{name}", -1) == code
    )
    return next(names, "").capitalize()


def _memory(nvml: ModuleType, handle: Any) -> Values:
    found = memory_info(nvml, handle)
    if not isinstance(found, Missing):
        source = "nvmlDeviceGetMemoryInfo"
        return {
            "memory_kind": fact("dedicated", source),
            "memory_total": as_quantity(found.total, BYTE, 1, source),
            "memory_used": as_quantity(found.used, BYTE, 1, source),
        }
    name = ask(nvml, "nvmlDeviceGetName", handle)
    if not isinstance(name, Missing) and any(word in str(name) for word in _UNIFIED):
        return {
            "memory_kind": fact("unified", "nvmlDeviceGetName"),
            "memory_total": UNIFIED_MEMORY,
            "memory_used": UNIFIED_MEMORY,
        }
    return {"memory_kind": found, "memory_total": found, "memory_used": found}


def _link(nvml: ModuleType, handle: Any) -> Values:
    questions = {
        "link_generation": "nvmlDeviceGetCurrPcieLinkGeneration",
        "link_generation_max": "nvmlDeviceGetMaxPcieLinkGeneration",
        "link_width": "nvmlDeviceGetCurrPcieLinkWidth",
        "link_width_max": "nvmlDeviceGetMaxPcieLinkWidth",
    }
    no_link = frozenset({0, 255})
    return {
        field: ask_number(nvml, ONE, 1, question, handle, unknown=no_link)
        for field, question in questions.items()
    }


def _clocks(nvml: ModuleType, handle: Any) -> Values:
    values: Values = {}
    for field, domain in (("core", nvml.NVML_CLOCK_SM), ("memory", nvml.NVML_CLOCK_MEM)):
        for suffix, question in (
            ("", "nvmlDeviceGetClockInfo"),
            ("_max", "nvmlDeviceGetMaxClockInfo"),
        ):
            values[f"clock_{field}{suffix}"] = ask_number(
                nvml, HERTZ, MEGA, question, handle, domain, unknown=ZERO
            )
    return values


def _power(nvml: ModuleType, handle: Any) -> Values:
    questions = {
        "power": "nvmlDeviceGetPowerUsage",
        "power_limit": "nvmlDeviceGetEnforcedPowerLimit",
        "power_limit_default": "nvmlDeviceGetPowerManagementDefaultLimit",
    }
    return {
        field: ask_number(nvml, WATT, MILLI, question, handle, unknown=ZERO)
        for field, question in questions.items()
    }


def _health(nvml: ModuleType, handle: Any) -> Values:
    rates = ask(nvml, "nvmlDeviceGetUtilizationRates", handle)
    mode = ask(nvml, "nvmlDeviceGetEccMode", handle)
    return {
        "throttle_reasons": _throttles(nvml, handle),
        "temperature": ask_number(
            nvml, CELSIUS, 1, "nvmlDeviceGetTemperature", handle, nvml.NVML_TEMPERATURE_GPU
        ),
        "ecc": mode if isinstance(mode, Missing) else fact(bool(mode[0]), "nvmlDeviceGetEccMode"),
        "uncorrected_errors": ask_number(
            nvml, ONE, 1, "nvmlDeviceGetTotalEccErrors", handle,
            nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC,
        ),
        "utilisation": (
            rates
            if isinstance(rates, Missing)
            else as_quantity(rates.gpu, ONE, 0.01, "nvmlDeviceGetUtilizationRates")
        ),
    }  # fmt: skip


def _throttles(nvml: ModuleType, handle: Any) -> Statement:
    mask = throttle_mask(nvml, handle)
    if isinstance(mask, Missing):
        return mask
    return fact(name_throttles(nvml, mask) or ("none",), "nvmlDeviceGetCurrentClocksEventReasons")


def name_throttles(nvml: ModuleType, mask: int) -> tuple[str, ...]:
    """The bits of a mask in words; a bit that a newer driver invented keeps its number."""
    words = []
    for name, word in _THROTTLES.items():
        bit = getattr(nvml, f"nvmlClocksThrottleReason{name}", 0)
        if mask & bit:
            words.append(word)
            mask &= ~bit
    return (*words, f"unknown reason {mask:#x}") if mask else tuple(words)


def find_partitions(nvml: ModuleType, handle: Any) -> tuple[Fact | Missing, tuple[Partition, ...]]:
    """Whether MIG divides the GPU, and into which instances."""
    mode = ask(nvml, "nvmlDeviceGetMigMode", handle)
    if isinstance(mode, Missing):
        return mode, ()
    if not mode[0]:
        return fact("none", "nvmlDeviceGetMigMode"), ()
    most = ask(nvml, "nvmlDeviceGetMaxMigDeviceCount", handle)
    found = []
    for index in range(0 if isinstance(most, Missing) else most):
        instance = ask(nvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        if not isinstance(instance, Missing):
            found.append(_partition(nvml, instance, index))
    return fact("MIG", "nvmlDeviceGetMigMode"), tuple(found)


def _partition(nvml: ModuleType, instance: Any, index: int) -> Partition:
    name = ask(nvml, "nvmlDeviceGetName", instance)
    memory = memory_info(nvml, instance)
    shares = ask(nvml, "nvmlDeviceGetAttributes_v2", instance)
    source = "nvmlDeviceGetAttributes_v2"
    slices: Quantity | Missing = (
        shares
        if isinstance(shares, Missing)
        else as_quantity(shares.computeInstanceSliceCount, ONE, 1, source, ZERO)
    )
    return Partition(
        name=f"instance {index}" if isinstance(name, Missing) else str(name),
        memory=(
            memory
            if isinstance(memory, Missing)
            else as_quantity(memory.total, BYTE, 1, "nvmlDeviceGetMemoryInfo")
        ),
        compute_slices=slices,
    )
