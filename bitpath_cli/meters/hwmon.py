"""Sensors of power, energy and temperature that drivers register below /sys/class/hwmon.

The files are described in the kernel's Documentation/hwmon/sysfs-interface.rst; what a chip covers
is known for graphics drivers and for ACPI power meters only.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._number import number, words
from bitpath_cli.model.reading import Missing, Quantity, reported, unsupported
from bitpath_cli.model.units import CELSIUS, JOULE, WATT, Unit

HWMON: Final = "/sys/class/hwmon"
Kind = Literal["power", "energy", "temperature"]
Scope = Literal["gpu_board", "gpu_module", "cpu_package", "platform", "rail", "unknown"]
_FILE: Final = re.compile(r"(power|energy|temp)(\d+)_(input|average)")
_KINDS: Final[dict[str, tuple[Kind, Unit, int]]] = {
    "power": ("power", WATT, 1_000_000),
    "energy": ("energy", JOULE, 1_000_000),
    "temp": ("temperature", CELSIUS, 1_000),
}
GPU_CHIPS: Final = ("amdgpu", "i915", "xe")
_CPU_CHIPS: Final = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
_CPU_LABELS: Final = ("Package", "Tctl", "Tdie")
# Words of power1_oem_info on NVIDIA Grace; each line covers the ones below it.
_OEM_SCOPES: Final[dict[str, Scope]] = {
    "Module": "gpu_module",
    "Grace": "cpu_package",
    "CPU": "cpu_package",
    "SysIO": "rail",
}


@dataclass(frozen=True, slots=True)
class Sensor:
    """One value of one chip; `part` marks a GPU's channels beside the one for the whole card."""

    folder: str
    chip: str
    kind: Kind
    channel: int
    label: str
    path: str
    unit: Unit
    divisor: int
    scope: Scope
    part: bool

    @property
    def subject(self) -> str:
        """Unique on this machine until it is started again."""
        number_of_chip = self.folder.split("/")[4]
        return f"{self.chip} {self.label} ({number_of_chip})"

    @property
    def name(self) -> str:
        """`power` and `energy` may be summed, `machine_power` covers all, the rest parts of it."""
        if self.kind == "temperature" or (self.scope == "gpu_board" and not self.part):
            return self.kind
        return f"machine_{self.kind}" if self.scope == "platform" else f"part_{self.kind}"


def find_sensors(host: Host) -> tuple[Sensor, ...]:
    """Every sensor of power and energy, and the temperatures of processors and GPUs."""
    found: list[Sensor] = []
    for chip_folder in host.matching(HWMON, "hwmon*"):
        chip = words(host, f"{chip_folder}/name")
        if chip.startswith("ina3221") or _is_power_supply(host, chip_folder):
            continue
        folder = chip_folder
        if chip == "power_meter" and not host.exists(f"{folder}/power1_average"):
            # Older kernels keep an ACPI meter's values at the device.
            folder = f"{chip_folder}/device"
        found += _chip_sensors(host, chip, folder)
    return tuple(found)


def find_value(host: Host, sensor: Sensor) -> Quantity | Missing:
    """A sensor's value in base units."""
    raw = number(host, sensor.path)
    if isinstance(raw, Missing):
        return raw
    if raw == 0 and sensor.scope == "gpu_board" and sensor.kind != "temperature":
        return unsupported(
            f"{sensor.path} says 0: this die does not measure itself",
            "a board of two dies reports both at the first one",
        )
    return reported(raw / sensor.divisor, sensor.unit, sensor.path)


def _chip_sensors(host: Host, chip: str, folder: str) -> list[Sensor]:
    files: dict[tuple[str, int], str] = {}
    names = host.names(folder)
    for name in () if isinstance(names, Missing) else names:
        match = _FILE.fullmatch(name)
        if match and (match[3] == "average" or (match[1], int(match[2])) not in files):
            files[match[1], int(match[2])] = name
    sensors = []
    whole = min((channel for prefix, channel in files if prefix != "temp"), default=1)
    for (prefix, channel), name in sorted(files.items()):
        kind, unit, divisor = _KINDS[prefix]
        label = words(host, f"{folder}/{prefix}{channel}_label")
        if kind == "temperature" and not _is_wanted(chip, label):
            continue
        sensor = Sensor(
            folder=folder,
            chip=chip,
            kind=kind,
            channel=channel,
            label=label or f"{prefix}{channel}",
            path=f"{folder}/{name}",
            unit=unit,
            divisor=divisor,
            scope=_scope(host, chip, folder),
            part=kind != "temperature" and channel > whole,
        )
        sensors.append(sensor)
    return sensors


def _is_wanted(chip: str, label: str) -> bool:
    if chip in _CPU_CHIPS:
        return label.startswith(_CPU_LABELS) or chip == "cpu_thermal"
    return chip in GPU_CHIPS


def _scope(host: Host, chip: str, folder: str) -> Scope:
    if chip in GPU_CHIPS:
        return "gpu_board"
    if chip == "power_meter":
        told = words(host, f"{folder}/power1_oem_info").split()
        return _OEM_SCOPES.get(told[0], "platform") if told else "platform"
    return "unknown"


def _is_power_supply(host: Host, folder: str) -> bool:
    device = host.resolve(f"{folder}/device")
    return not isinstance(device, Missing) and "/power_supply/" in f"{device}/"


def read(host: Host) -> tuple[MeterReading, ...]:
    """Energies are counters that their drivers extend to 64 bits, so they do not wrap."""
    readings = []
    for sensor in find_sensors(host):
        value = find_value(host, sensor)
        if not isinstance(value, Missing):
            form: Literal["counter", "gauge"] = "counter" if sensor.kind == "energy" else "gauge"
            readings.append(MeterReading(sensor.name, sensor.subject, form, value))
    return tuple(readings)


METER = Meter(summary="power, energy and temperature sensors of drivers (hwmon)", read=read)
