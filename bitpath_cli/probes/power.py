"""Power and energy meters of any kind: which exist, what each covers, and what is denied."""

from types import ModuleType
from typing import Any, Final

from bitpath_cli.host import Host
from bitpath_cli.meters import battery, hwmon, ina3221, nvml
from bitpath_cli.meters.hwmon import Sensor
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import (
    Missing,
    Quantity,
    Reason,
    absent,
    fact,
    reported,
    unsupported,
)
from bitpath_cli.model.units import JOULE, WATT
from bitpath_cli.probes import Probe, Question, _powercap
from bitpath_cli.probes._micro import watts
from bitpath_cli.probes._power_meter import NO_MIRROR, NOT_NESTED, Values, meter, place
from bitpath_cli.probes._sysfs import first, text

_COVERS_PROCESSOR: Final = frozenset({"cpu_package", "platform", "node_dc", "node_ac", "rail"})
_SOURCES: Final = {"amdgpu": "amdgpu", "i915": "intel_gpu", "xe": "intel_gpu"}
_NO_WRAP: Final = absent("a counter of 64 bits, which does not wrap")
_NO_LIMIT: Final = absent("it only measures")
_MODULE: Final = "module"
# NVML_POWER_SCOPE_MODULE, a name that nvidia-ml-py learnt later than its drivers.
_MODULE_SCOPE: Final = 1


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """Every meter; one of source `none` says why nothing measures the processor."""
    zones = _powercap.find_meters(host)
    found = [
        *(() if isinstance(zones, Missing) else zones),
        *_gpus(host),
        *_sensors(host),
        *_rails(host),
        *_batteries(host),
    ]
    if any(each.scope in _COVERS_PROCESSOR for each in found):
        return tuple(found)
    why = zones if isinstance(zones, Missing) else absent("no zone covers a processor")
    return (*found, meter("processor", "none", "cpu_package", {}, _unmetered(host, why)))


def _unmetered(host: Host, why: Missing) -> Missing:
    """Why nothing measures the processor, and what would."""
    if why.hint:
        return why
    known = text(host, "/proc/cpuinfo")
    flags = "" if isinstance(known, Missing) else known
    if " hypervisor" in flags:
        detail = "a virtual machine, whose hypervisor passes no energy counter on"
        hint = "read the meter of the host itself, or measure at the wall"
    elif "GenuineIntel" in flags or "AuthenticAMD" in flags:
        detail, hint = "the kernel's RAPL driver is not loaded", "sudo modprobe intel_rapl_msr"
    else:
        detail, hint = "this processor has no energy counter", "measure at the wall"
    return why.model_copy(update={"detail": f"{detail} ({why.detail})", "hint": hint})


def _gpus(host: Host) -> list[PowerMeter]:
    library = host.outside.nvml()
    if isinstance(library, Missing):
        return []
    handles = nvml.handles(library)
    if isinstance(handles, Missing):
        return []
    return [
        each
        for index, handle in handles
        if not isinstance(handle, Missing)
        for each in _gpu(library, index, handle)
        if not (_unmeasured(each.energy) and _unmeasured(each.power))
    ]


def _unmeasured(reading: Quantity | Missing) -> bool:
    """Whether the device says that it has no such meter, as a Jetson's GPU does of all."""
    return isinstance(reading, Missing) and reading.reason is Reason.UNSUPPORTED


def _gpu(library: ModuleType, index: int, handle: Any) -> list[PowerMeter]:
    """The board and, on Grace superchips, the module that holds the board and its processor."""
    name = nvml.subject(index)
    values: Values = {
        "energy": nvml.ask_number(
            library, JOULE, nvml.MILLI, "nvmlDeviceGetTotalEnergyConsumption", handle,
            unknown=nvml.ZERO,
        ),
        "power": nvml.ask_number(
            library, WATT, nvml.MILLI, "nvmlDeviceGetPowerUsage", handle, unknown=nvml.ZERO
        ),
        "limit": nvml.ask_number(
            library, WATT, nvml.MILLI, "nvmlDeviceGetEnforcedPowerLimit", handle, unknown=nvml.ZERO
        ),
        "wraps_at": _NO_WRAP,
    }  # fmt: skip
    whole = _module_power(library, handle)
    if isinstance(whole, Missing):
        return [meter(name, "nvml", "gpu_board", values, _NO_LIMIT)]
    module = f"{name}/{_MODULE}"
    values["nested_in"] = fact(module, "nvmlDeviceGetFieldValues")
    no_counter = unsupported("NVML counts the module's energy nowhere")
    return [
        meter(name, "nvml", "gpu_board", values, _NO_LIMIT),
        meter(module, "nvml", "gpu_module", {"power": whole, "limit": _NO_LIMIT}, no_counter),
    ]


def _module_power(library: ModuleType, handle: Any) -> Quantity | Missing:
    question = "nvmlDeviceGetFieldValues"
    field = (library.NVML_FI_DEV_POWER_INSTANT, _MODULE_SCOPE)
    values = nvml.ask(library, question, handle, [field])
    if isinstance(values, Missing):
        return values
    answer = values[0]
    if answer.nvmlReturn != library.NVML_SUCCESS or not answer.value.uiVal:
        return unsupported(f"{question}: this GPU is not part of a metered module")
    return reported(answer.value.uiVal * nvml.MILLI, WATT, question)


def _sensors(host: Host) -> list[PowerMeter]:
    """Power and energy of one channel belong to one meter."""
    channels: dict[tuple[str, int], list[Sensor]] = {}
    for sensor in hwmon.find_sensors(host):
        if sensor.kind != "temperature":
            channels.setdefault((sensor.folder, sensor.channel), []).append(sensor)
    firsts = {folder: group[0].subject for (folder, _), group in reversed(channels.items())}
    return [_sensor(host, group, firsts[folder]) for (folder, _), group in channels.items()]


def _sensor(host: Host, group: list[Sensor], whole: str) -> PowerMeter:
    one = group[0]
    prefix = f"{one.folder}/power{one.channel}"
    values: Values = {each.kind: hwmon.find_value(host, each) for each in group}
    part_of = whole if one.part and one.scope == "gpu_board" else ""
    values["nested_in"] = place(part_of, NOT_NESTED, one.path)
    if one.scope == "unknown":
        unknown = unsupported(f"what the chip {one.chip} measures is not known")
        values |= {"nested_in": unknown, "mirror_of": unknown}
    limits = (f"{prefix}_cap", f"{prefix}_max") if one.chip == "amdgpu" else (f"{prefix}_max",)
    values["limit"] = first(*(watts(host, path, "the limit is switched off") for path in limits))
    values["wraps_at"] = _NO_WRAP
    source = _SOURCES.get(one.chip, "hwmon")
    kinds = " and ".join(each.kind for each in group)
    return meter(one.subject, source, one.scope, values, absent(f"the chip tells {kinds} only"))


def _rails(host: Host) -> list[PowerMeter]:
    counts_nothing = unsupported("the sensor measures power and counts no energy")
    return [
        meter(
            rail.name,
            "ina3221",
            "platform" if rail.total else "rail",
            {
                "nested_in": place(rail.nested_in, NOT_NESTED, rail.path),
                "power": ina3221.find_power(host, rail),
                "limit": _NO_LIMIT,
            },
            counts_nothing,
        )
        for rail in ina3221.find_rails(host)
    ]


def _batteries(host: Host) -> list[PowerMeter]:
    falls = unsupported("a battery tells what is left in it, not what was used")
    return [
        meter(
            path.rpartition("/")[2],
            "battery",
            "node_dc",
            {"power": battery.find_power(host, path), "limit": _NO_LIMIT, "mirror_of": NO_MIRROR},
            falls,
        )
        for path in battery.find_batteries(host)
    ]


PROBE = Probe(summary="power and energy meters and what each covers", find=find)
