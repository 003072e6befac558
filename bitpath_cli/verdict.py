"""Whether to believe a measurement, from what was seen around it and from how it varied.

Every rule annotates and none deletes. Shares are of the time in which the loops ran.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.evidence import Window
from bitpath_cli.model.reading import Missing, Quantity, Reading, derived, failed
from bitpath_cli.model.result import Doubt, Samples
from bitpath_cli.model.units import CELSIUS, HERTZ, ONE
from bitpath_cli.stats import LEVEL, blocked_median_interval

STEAL_SHARE: Final = 0.05
FOREIGN_SHARE: Final = 0.10
PRESSURE_SHARE: Final = 0.10
THROTTLED_SHARE: Final = 0.01
UNSTABLE_HALF_WIDTH: Final = 0.10
# /proc/stat counts in hundredths of a second: fewer than three prove nothing.
_LEAST_STEAL_SECONDS: Final = 0.03
_LEAST_BUSY_SECONDS: Final = 0.05
# All cores together run slower than one alone, so a lower clock shows throttling only when hot.
_CLOCK_DROP: Final = 0.80
_HOT_CELSIUS: Final = 85.0
_PRESSURE: Final = "cpu_pressure_time"
_HARMFUL: Final = ("throttled_thermal", "throttled_reliability", "throttled_board_limit")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What speaks against a measurement, and the conditions it was made under."""

    doubts: tuple[Doubt, ...]
    conditions: Mapping[str, Reading]


def judge(windows: Sequence[Window], host_cpus: int, fills_processors: bool) -> Verdict:
    """The doubts that the meters raise over all of a case's processes.

    Pressure accuses others only where the loops themselves have no more threads than processors.
    """
    seconds = sum(each.seconds for each in windows)
    if seconds <= 0:
        return Verdict((), {})
    conditions: dict[str, Reading] = {
        "steal": _steal(windows),
        "foreign_cpu": _foreign(windows, seconds * host_cpus),
        "cpu_pressure": _pressure(windows, seconds),
        "quota_throttled": _share(windows, "throttled_time", seconds),
    }
    raised = {
        Doubt.STEAL: _exceeds(conditions["steal"], STEAL_SHARE),
        Doubt.CONTENDED: _exceeds(conditions["foreign_cpu"], FOREIGN_SHARE)
        or (fills_processors and _waits_for_others(conditions)),
        Doubt.CPU_QUOTA: _exceeds(conditions["quota_throttled"], THROTTLED_SHARE),
        Doubt.THROTTLED: _is_throttled(windows, seconds),
    }
    conditions |= _instants(windows)
    return Verdict(tuple(doubt for doubt, is_raised in raised.items() if is_raised), conditions)


def doubt_samples(samples: Iterable[Samples]) -> tuple[Doubt, ...]:
    """Whether there are enough samples, and whether they agree with each other."""
    found = []
    intervals = [blocked_median_interval(each.seconds_by_block) for each in samples]
    if any(each.level < LEVEL for each in intervals):
        found.append(Doubt.TOO_FEW)
    if any(each.half_width > UNSTABLE_HALF_WIDTH for each in intervals):
        found.append(Doubt.UNSTABLE)
    return tuple(found)


def _steal(windows: Sequence[Window]) -> Reading:
    """Of the processor time that this machine wanted, the share that the hypervisor kept."""
    steal, busy = _sum(windows, "steal_time"), _sum(windows, "busy_time")
    if isinstance(steal, Missing):
        return steal
    if isinstance(busy, Missing):
        return busy
    counts = steal >= _LEAST_STEAL_SECONDS
    return derived(steal / (steal + busy) if counts else 0.0, ONE, "/proc/stat: steal of wanted")


def _foreign(windows: Sequence[Window], possible_seconds: float) -> Reading:
    """Of all processors' time, the share that others used."""
    busy = _sum(windows, "busy_time")
    if isinstance(busy, Missing):
        return busy
    others = busy - sum(each.own_cpu_seconds for each in windows)
    counts = others >= _LEAST_BUSY_SECONDS
    share = min(1.0, others / possible_seconds) if counts else 0.0
    return derived(share, ONE, "/proc/stat: busy without our own CPU time")


def _pressure(windows: Sequence[Window], seconds: float) -> Reading:
    """Of the time, the share in which a task waited for a processor: our group's if it is told."""
    told = {each.subject for one in windows for each in one.counters if each.name == _PRESSURE}
    waited = _sum(windows, _PRESSURE, "cgroup" if "cgroup" in told else None)
    if isinstance(waited, Missing):
        return waited
    return derived(min(1.0, waited / seconds), ONE, f"{_PRESSURE} of the time")


def _waits_for_others(conditions: Mapping[str, Reading]) -> bool:
    """Waiting for a quota's next period is counted as pressure too, and is no one else's doing."""
    waited, stopped = conditions["cpu_pressure"], conditions["quota_throttled"]
    if isinstance(waited, Missing):
        return False
    own = stopped.value if isinstance(stopped, Quantity) else 0.0
    return waited.value - own > PRESSURE_SHARE


def _share(windows: Sequence[Window], name: str, seconds: float) -> Reading:
    """Of the time, the share that a counter of seconds grew by, for its worst subject."""
    subjects = {each.subject for one in windows for each in one.counters if each.name == name}
    known: list[float] = []
    for subject in subjects:
        found = _sum(windows, name, subject)
        if isinstance(found, Missing):
            return found
        known.append(found)
    if not known:
        return failed(f"no meter counted {name}")
    return derived(min(1.0, max(known) / seconds), ONE, f"{name} of the time")


def _sum(windows: Sequence[Window], name: str, subject: str | None = None) -> float | Missing:
    total, is_known = 0.0, False
    for each in (each for one in windows for each in one.counters):
        if each.name != name or subject not in (None, each.subject):
            continue
        if isinstance(each.reading, Missing):
            return each.reading
        total, is_known = total + each.reading.value, True
    return total if is_known else failed(f"no meter counted {name}")


def _is_throttled(windows: Sequence[Window], seconds: float) -> bool:
    if any(_exceeds(_share(windows, name, seconds), THROTTLED_SHARE) for name in _HARMFUL):
        return True
    gauges = [each for one in windows for each in one.gauges]
    if any(each.name == "throttled" and max(each.before, each.after) > 0 for each in gauges):
        return True
    is_hot = any(each.name == "temperature" and each.after >= _HOT_CELSIUS for each in gauges)
    is_slower = any(
        each.name == "cpu_frequency" and each.after < _CLOCK_DROP * each.before for each in gauges
    )
    return is_hot and is_slower


def _instants(windows: Sequence[Window]) -> dict[str, Reading]:
    """The lowest clock and the highest temperature after the loops, where they are known."""
    found: dict[str, Reading] = {}
    for name, unit, worst in (("cpu_frequency", HERTZ, min), ("temperature", CELSIUS, max)):
        values = [each.after for one in windows for each in one.gauges if each.name == name]
        if values:
            found[name] = derived(worst(values), unit, f"{name} just after the loops")
    return found


def _exceeds(reading: Reading, limit: float) -> bool:
    return isinstance(reading, Quantity) and reading.value > limit
