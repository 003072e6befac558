"""How often a CPU quota stopped this process's control groups, and for how long: cpu.stat."""

from collections.abc import Mapping

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._cgroup import find_groups
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import ONE, SECOND


def read(host: Host) -> tuple[MeterReading, ...]:
    """The own group and each above it: a quota counts where it is set, not in the groups below."""
    groups = find_groups(host, "cpu")
    if groups is None:
        return ()
    readings: list[MeterReading] = []
    for folder in groups.folders:
        found = host.read_text(f"{folder}/cpu.stat", 4096)
        if not isinstance(found, Missing):
            readings += convert(parse_stat(found), folder)
    return tuple(readings)


def parse_stat(text: str) -> dict[str, int]:
    """The lines `name number`."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def convert(told: Mapping[str, int], folder: str) -> list[MeterReading]:
    """Version 1 counts throttled time in ns, version 2 in µs; a root group has no such counts."""
    source = f"{folder}/cpu.stat"
    readings = []
    for key, factor in (("throttled_usec", 1e-6), ("throttled_time", 1e-9)):
        if key in told:
            value = reported(told[key] * factor, SECOND, source)
            readings.append(MeterReading("throttled_time", folder, "counter", value))
    for key, name in (("nr_throttled", "throttled_periods"), ("nr_periods", "quota_periods")):
        if key in told:
            value = reported(told[key], ONE, source)
            readings.append(MeterReading(name, folder, "counter", value))
    return readings


METER = Meter(summary="CPU quotas: periods and time for which the cgroup was stopped", read=read)
