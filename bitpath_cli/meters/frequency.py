"""The processors' frequency and temperature at this instant, from cpufreq and thermal zones.

The files are described in the kernel's admin-guide/pm/cpufreq.rst and driver-api/thermal.
"""

import re
from collections.abc import Sequence
from statistics import fmean
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._number import number, words
from bitpath_cli.model.reading import Missing, derived, reported
from bitpath_cli.model.units import CELSIUS, HERTZ

CPUS: Final = "/sys/devices/system/cpu"
ZONES: Final = "/sys/class/thermal"
# Reading a processor's frequency may interrupt it, so on large machines a part of them must do.
LARGEST_SAMPLE: Final = 16
_OF_PROCESSORS: Final = re.compile(r"x86_pkg_temp|cpu|soc|package", re.IGNORECASE)
# Sensors that are switched off answer with values such as -256 °C.
_PLAUSIBLE_CELSIUS: Final = (-60.0, 200.0)


def read(host: Host) -> tuple[MeterReading, ...]:
    """Both are gauges; a guest usually has neither."""
    return (*read_frequency(host), *read_temperatures(host))


def read_frequency(host: Host) -> tuple[MeterReading, ...]:
    """The mean over the processors that this process may use, evenly chosen where they are many."""
    chosen = spread(host.outside.affinity(), LARGEST_SAMPLE)
    found = [number(host, f"{CPUS}/cpu{cpu}/cpufreq/scaling_cur_freq") for cpu in chosen]
    known = [each * 1e3 for each in found if not isinstance(each, Missing) and each > 0]
    if not known:
        return ()
    source = f"{CPUS}/cpu*/cpufreq/scaling_cur_freq, mean of {len(known)}"
    return (MeterReading("cpu_frequency", "host", "gauge", derived(fmean(known), HERTZ, source)),)


def read_temperatures(host: Host) -> tuple[MeterReading, ...]:
    """The thermal zones of processors and systems on a chip."""
    readings = []
    for zone in host.matching(ZONES, "thermal_zone*"):
        kind = words(host, f"{zone}/type")
        if not _OF_PROCESSORS.search(kind):
            continue
        found = number(host, f"{zone}/temp")
        if isinstance(found, Missing):
            continue
        celsius = found * 1e-3
        if _PLAUSIBLE_CELSIUS[0] < celsius < _PLAUSIBLE_CELSIUS[1]:
            value = reported(celsius, CELSIUS, f"{zone}/temp")
            subject = f"{kind} ({zone.rpartition('/')[2]})"
            readings.append(MeterReading("temperature", subject, "gauge", value))
    return tuple(readings)


def spread(cpus: Sequence[int], most: int) -> tuple[int, ...]:
    """At most so many of the processors, at even distances from the first on."""
    if len(cpus) <= most:
        return tuple(cpus)
    return tuple(cpus[index * len(cpus) // most] for index in range(most))


METER = Meter(summary="CPU frequency and temperature at this instant", read=read)
