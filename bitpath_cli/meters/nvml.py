"""Energy, power, clocks, heat and throttling of NVIDIA GPUs, from NVML.

Each question's answer, unit and refusals are described in NVIDIA's NVML API reference.
"""

from types import ModuleType
from typing import Any, Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    absent,
    denied,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import BYTE, CELSIUS, HERTZ, JOULE, ONE, SECOND, WATT, Unit

MILLI: Final = 1e-3
MEGA: Final = 1e6
ZERO: Final = frozenset({0})
# NVML writes "not available" as the largest number of the answer's width.
_SENTINELS: Final = frozenset({0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF, -1})
_UNKNOWN_HERE: Final = (
    "NOT_SUPPORTED", "INVALID_ARGUMENT", "ARGUMENT_VERSION_MISMATCH", "DEPRECATED", "NO_DATA",
)  # fmt: skip
_ABSENT: Final = ("NOT_FOUND", "GPU_NOT_FOUND")
_BROKEN: Final = ("GPU_IS_LOST", "RESET_REQUIRED")
_VIOLATIONS: Final = {
    "power": "NVML_PERF_POLICY_POWER",
    "thermal": "NVML_PERF_POLICY_THERMAL",
    "reliability": "NVML_PERF_POLICY_RELIABILITY",
    "board_limit": "NVML_PERF_POLICY_BOARD_LIMIT",
}


def ask(nvml: ModuleType, question: str, *arguments: object) -> Any | Missing:
    """The answer to one question of NVML's, or why there is none; text is decoded."""
    function = getattr(nvml, question, None)
    if function is None:
        return unsupported(
            f"the installed nvidia-ml-py has no {question}", "pip install -U nvidia-ml-py"
        )
    try:
        answer = function(*arguments)
    except nvml.NVMLError as error:
        return refusal(nvml, question, error)
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def ask_number(
    nvml: ModuleType,
    unit: Unit,
    factor: float,
    question: str,
    *arguments: object,
    unknown: frozenset[int] = frozenset(),
) -> Quantity | Missing:
    """A number times `factor` in `unit`; NVML's sentinels and those in `unknown` are Missing."""
    answer = ask(nvml, question, *arguments)
    if isinstance(answer, Missing):
        return answer
    return as_quantity(int(answer), unit, factor, question, unknown)


def as_quantity(
    raw: int, unit: Unit, factor: float, source: str, unknown: frozenset[int] = frozenset()
) -> Quantity | Missing:
    """A raw number of NVML's with its unit, unless it is a sentinel."""
    if raw in _SENTINELS or raw in unknown:
        return unsupported(f"{source} says {raw}, which means unknown")
    return reported(raw * factor, unit, source)


def refusal(nvml: ModuleType, question: str, error: Exception) -> Missing:
    """One of NVML's errors as the reason why a single value is missing."""
    code = getattr(error, "value", None)
    words = f"{question}: {error}"
    if code in _codes(nvml, _UNKNOWN_HERE):
        return unsupported(words)
    if code == nvml.NVML_ERROR_FUNCTION_NOT_FOUND:
        return unsupported(words, "a newer NVIDIA driver")
    if code == nvml.NVML_ERROR_NO_PERMISSION:
        return denied(words, "the administrator's permission; often only root may ask this")
    if code in _codes(nvml, _ABSENT):
        return absent(words)
    if code in _codes(nvml, _BROKEN):
        return failed(words, "the GPU dropped out: see 'dmesg | grep Xid', then restart the host")
    return failed(words)


def handles(nvml: ModuleType) -> tuple[tuple[int, Any | Missing], ...] | Missing:
    """Index and handle of every GPU; a GPU that dropped out has a Missing for a handle."""
    count = ask(nvml, "nvmlDeviceGetCount")
    if isinstance(count, Missing):
        return count
    return tuple((each, ask(nvml, "nvmlDeviceGetHandleByIndex", each)) for each in range(count))


def subject(index: int) -> str:
    """The name of a GPU in readings and components: NVML counts in the order of the PCI bus."""
    return f"nvidia{index}"


def _codes(nvml: ModuleType, names: tuple[str, ...]) -> frozenset[int]:
    return frozenset(
        getattr(nvml, f"NVML_ERROR_{name}") for name in names if hasattr(nvml, f"NVML_ERROR_{name}")
    )


def read(host: Host) -> tuple[MeterReading, ...]:
    """Every GPU's energy (a counter since the driver was loaded), gauges and throttled times."""
    nvml = host.outside.nvml()
    if isinstance(nvml, Missing):
        return ()
    found = handles(nvml)
    if isinstance(found, Missing):
        return ()
    return tuple(
        reading
        for index, handle in found
        if not isinstance(handle, Missing)
        for reading in (*_counters(nvml, index, handle), *_gauges(nvml, index, handle))
    )


def _counters(nvml: ModuleType, index: int, handle: Any) -> list[MeterReading]:
    values = {
        "energy": ask_number(
            nvml, JOULE, MILLI, "nvmlDeviceGetTotalEnergyConsumption", handle, unknown=ZERO
        )
    }
    for name, policy in _VIOLATIONS.items():
        spent = ask(nvml, "nvmlDeviceGetViolationStatus", handle, getattr(nvml, policy))
        values[f"throttled_{name}"] = (
            spent
            if isinstance(spent, Missing)
            else as_quantity(spent.violationTime, SECOND, 1e-9, "nvmlDeviceGetViolationStatus")
        )
    return [
        MeterReading(name, subject(index), "counter", value)
        for name, value in values.items()
        if not isinstance(value, Missing)
    ]


def _gauges(nvml: ModuleType, index: int, handle: Any) -> list[MeterReading]:
    values = {
        "power": ask_number(nvml, WATT, MILLI, "nvmlDeviceGetPowerUsage", handle, unknown=ZERO),
        "temperature": ask_number(
            nvml, CELSIUS, 1, "nvmlDeviceGetTemperature", handle, nvml.NVML_TEMPERATURE_GPU
        ),
        "clock_core": ask_number(
            nvml, HERTZ, MEGA, "nvmlDeviceGetClockInfo", handle, nvml.NVML_CLOCK_SM
        ),
        "throttled": _throttled(nvml, handle),
    }
    rates = ask(nvml, "nvmlDeviceGetUtilizationRates", handle)
    if not isinstance(rates, Missing):
        values["utilisation"] = as_quantity(rates.gpu, ONE, 0.01, "nvmlDeviceGetUtilizationRates")
    memory = memory_info(nvml, handle)
    if not isinstance(memory, Missing):
        values["memory_used"] = as_quantity(memory.used, BYTE, 1, "nvmlDeviceGetMemoryInfo")
    return [
        MeterReading(name, subject(index), "gauge", value)
        for name, value in values.items()
        if not isinstance(value, Missing)
    ]


def memory_info(nvml: ModuleType, handle: Any) -> Any | Missing:
    """Total and used bytes; only the second version leaves the driver's own share out of used."""
    newer = ask(nvml, "nvmlDeviceGetMemoryInfo", handle, getattr(nvml, "nvmlMemory_v2", None))
    found = ask(nvml, "nvmlDeviceGetMemoryInfo", handle) if isinstance(newer, Missing) else newer
    if not isinstance(found, Missing) and found.total == 0:
        return unsupported("nvmlDeviceGetMemoryInfo says 0 bytes: the GPU has no memory of its own")
    return found


def throttle_mask(nvml: ModuleType, handle: Any) -> int | Missing:
    """The bits of what holds the clocks down at this instant; drivers before 535 name it so."""
    newer = ask(nvml, "nvmlDeviceGetCurrentClocksEventReasons", handle)
    if not isinstance(newer, Missing):
        return int(newer)
    older = ask(nvml, "nvmlDeviceGetCurrentClocksThrottleReasons", handle)
    return newer if isinstance(older, Missing) else int(older)


def _throttled(nvml: ModuleType, handle: Any) -> Quantity | Missing:
    """1 while heat or the power supply holds the clocks down; the power cap does so every day."""
    mask = throttle_mask(nvml, handle)
    if isinstance(mask, Missing):
        return mask
    harmful = (
        nvml.nvmlClocksThrottleReasonHwSlowdown
        | nvml.nvmlClocksThrottleReasonSwThermalSlowdown
        | nvml.nvmlClocksThrottleReasonHwThermalSlowdown
        | nvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown
    )
    return reported(float(bool(mask & harmful)), ONE, "nvmlDeviceGetCurrentClocksEventReasons")


METER = Meter(summary="energy, power, heat and throttling of NVIDIA GPUs (NVML)", read=read)
