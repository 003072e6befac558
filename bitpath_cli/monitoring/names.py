"""What meters' readings are called outside: in the watch, in Prometheus, and in PromQL.

The conventions are Prometheus's: one prefix, base units as plural suffixes, `_total` for counters,
shares as ratios.
"""

from typing import Final

from bitpath_cli.meters import MeterReading
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    CELSIUS,
    HERTZ,
    JOULE,
    ONE,
    SECOND,
    WATT,
    Unit,
)
from bitpath_cli.monitoring import Sourced
from bitpath_cli.monitoring.measures import Measure

PREFIX: Final = "bitpath_"
_SUFFIXES: Final[dict[Unit, str]] = {
    SECOND: "_seconds", BYTE: "_bytes", JOULE: "_joules", WATT: "_watts", CELSIUS: "_celsius",
    HERTZ: "_hertz", BYTE_PER_SECOND: "_bytes_per_second",
}  # fmt: skip
_RATIOS: Final = ("gpu_kernel_active", "drift_")
_GPU_METER: Final = "nvml"
_RENAMED: Final = {
    (_GPU_METER, "utilisation"): "gpu_kernel_active", ("steal", "busy_time"): "cpu_busy_time",
    ("steal", "steal_time"): "cpu_steal_time",
}  # fmt: skip
_LABELS: Final = (
    ("disk_", "device"), ("drift_disk", "device"), ("filesystem_", "mountpoint"),
    ("network_", "interface"), ("gpu_", "gpu"), ("throttled_", "cgroup"), ("quota_", "cgroup"),
    ("energy", "component"), ("power", "component"), ("part_", "component"),
    ("machine_", "component"), ("temperature", "component"),
)  # fmt: skip
# The units of what measures are made of, so that rules can be written where no meter was read.
_UNITS: Final[dict[str, Unit]] = {
    **dict.fromkeys(
        ("memory_available", "memory_total", "swap_used", "swap_total", "group_memory_used",
         "group_memory_limit", "swapped_out", "disk_read", "disk_written", "filesystem_available",
         "filesystem_size", "network_received", "network_sent", "gpu_memory_used",
         "gpu_memory_total"),
        BYTE,
    ),
    **dict.fromkeys(("temperature", "gpu_temperature"), CELSIUS),
    **dict.fromkeys(("cpu_frequency", "gpu_clock_core"), HERTZ),
    **dict.fromkeys(("power", "part_power", "machine_power", "gpu_power"), WATT),
    **dict.fromkeys(("gpu_throttled_thermal", "gpu_throttled_power"), SECOND),
    "energy": JOULE,
}  # fmt: skip


def watched(meter: str, reading: MeterReading) -> Sourced:
    """A reading under its name in the watch, which says what it is of."""
    plain = f"gpu_{reading.name}" if meter == _GPU_METER else reading.name
    name = _RENAMED.get((meter, reading.name), plain)
    if name == reading.name:
        return Sourced(meter, reading)
    renamed = MeterReading(name, reading.subject, reading.form, reading.quantity, reading.wraps_at)
    return Sourced(meter, renamed)


def family(name: str, unit: Unit) -> str:
    """The name of a metric family, without the `_total` of a counter."""
    stem = name.removesuffix("_time") if unit == SECOND else name
    ratio = "_ratio" if unit == ONE and name.startswith(_RATIOS) else ""
    return f"{PREFIX}{stem}{ratio or _SUFFIXES.get(unit, '')}"


def label(name: str) -> str:
    """The label that holds the subject."""
    return next((word for prefix, word in _LABELS if name.startswith(prefix)), "scope")


def expression(measure: Measure, matcher: str, window: str) -> str:
    """A measure in PromQL: rates over `window` where Python has the change between two samples.

    `matcher` selects subjects as in `{device=~"sd.*"}`, and is empty for all.
    """
    grows = measure.form == "growth"
    over = _total(measure.over, grows, matcher, window)
    if measure.per:
        over = f"{over} / {_total(measure.per, grows, matcher, window)}"
    if measure.divided_by:
        over = f"{over} / {_series(measure.divided_by, grows=False)}{matcher}"
    return over


def _total(names: tuple[str, ...], grows: bool, matcher: str, window: str) -> str:
    parts = [f"{_series(name, grows)}{matcher}" for name in names]
    if grows:
        parts = [f"rate({part}[{window}])" for part in parts]
    return parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"


def _series(name: str, grows: bool) -> str:
    unit = _UNITS.get(name, SECOND if name.endswith("_time") else ONE)
    return family(name, unit) + ("_total" if grows else "")
