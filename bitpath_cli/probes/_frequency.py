"""Clock rates and what governs them; most virtual machines tell none of it.

Read from /sys/devices/system/cpu/cpufreq and /proc/cpuinfo; the kernel's admin-guide/pm/cpufreq
explains it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, Quantity, absent, derived, fact, reported
from bitpath_cli.model.units import HERTZ
from bitpath_cli.probes import _sysfs
from bitpath_cli.probes._topology import FOLDER

_POLICIES: Final = f"{FOLDER}/cpufreq"
_SUMMARIES: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "mean": fmean, "min": min, "max": max,
}  # fmt: skip
_NAMED_RATE: Final = re.compile(r"@ ([0-9.]+)\s*GHz")


@dataclass(frozen=True, slots=True)
class Frequency:
    """`limit` is the most that the policies allow now, `maximum` the most that the hardware can."""

    now: Quantity | Missing
    minimum: Quantity | Missing
    maximum: Quantity | Missing
    limit: Quantity | Missing
    base: Quantity | Missing
    governor: Fact | Missing
    driver: Fact | Missing
    boost: Fact | Missing


def frequency(host: Host, cpuinfo: str | Missing) -> Frequency:
    """What the policies of all CPUs say together."""
    policies = host.matching(_POLICIES, "policy*")
    return Frequency(
        now=_sysfs.first(_rate(host, policies, "scaling_cur_freq", "mean"), _told_now(cpuinfo)),
        minimum=_rate(host, policies, "cpuinfo_min_freq", "min"),
        maximum=_rate(host, policies, "cpuinfo_max_freq", "max"),
        limit=_rate(host, policies, "scaling_max_freq", "max"),
        base=_base(host, policies, cpuinfo),
        governor=_words(host, policies, "scaling_governor"),
        driver=_words(host, policies, "scaling_driver"),
        boost=_boost(host),
    )


def parse_rates(cpuinfo: str) -> list[float]:
    """The rates in Hz of the lines `cpu MHz`."""
    rates = []
    for line in cpuinfo.splitlines():
        if line.startswith("cpu MHz"):
            word = line.partition(":")[2].strip()
            if re.fullmatch(r"[0-9]+(\.[0-9]+)?", word) and float(word) > 0:
                rates.append(float(word) * 1e6)
    return rates


def parse_named_rate(model: str) -> float | None:
    """The base rate in Hz that Intel writes into a name: `… CPU @ 2.90GHz`."""
    found = _NAMED_RATE.search(model)
    return float(found.group(1)) * 1e9 if found else None


def _rate(
    host: Host,
    policies: tuple[str, ...],
    name: str,
    summary: Literal["mean", "min", "max"],
) -> Quantity | Missing:
    """A rate over all policies; a policy of off-line CPUs refuses and does not count."""
    if not policies:
        return absent(
            f"{_POLICIES} has no policy: no frequency driver, as in most virtual machines"
        )
    found = [
        _sysfs.quantity(host, f"{each}/{name}", HERTZ, 1e3, frozenset({0})) for each in policies
    ]
    rates = [each.value for each in found if isinstance(each, Quantity)]
    if not rates:
        return found[0]
    source = f"{_POLICIES}/policy*/{name}"
    return reported(_SUMMARIES[summary](rates), HERTZ, f"{summary} of {source}")


def _base(host: Host, policies: tuple[str, ...], cpuinfo: str | Missing) -> Quantity | Missing:
    """What intel_pstate tells, else ACPI, else the processor's name."""
    nominal = f"{FOLDER}/cpu0/acpi_cppc/nominal_freq"
    told = _sysfs.first(
        _rate(host, policies, "base_frequency", "max"),
        _sysfs.quantity(host, nominal, HERTZ, 1e6, frozenset({0})),
    )
    return _named(cpuinfo) if isinstance(told, Missing) else told


def _told_now(cpuinfo: str | Missing) -> Quantity | Missing:
    if isinstance(cpuinfo, Missing):
        return cpuinfo
    rates = parse_rates(cpuinfo)
    if not rates:
        return absent("/proc/cpuinfo has no line 'cpu MHz'")
    return reported(fmean(rates), HERTZ, "mean of /proc/cpuinfo cpu MHz")


def _named(cpuinfo: str | Missing) -> Quantity | Missing:
    if isinstance(cpuinfo, Missing):
        return cpuinfo
    rate = parse_named_rate(_sysfs.parse_fields(cpuinfo).get("model name", ""))
    if rate is None:
        return absent("neither cpufreq nor ACPI nor the processor's name tells a base rate")
    return derived(rate, HERTZ, "/proc/cpuinfo model name")


def _words(host: Host, policies: tuple[str, ...], name: str) -> Fact | Missing:
    """The word that the policies agree on, or all of them."""
    if not policies:
        return absent(f"{_POLICIES} has no policy")
    found = [_sysfs.statement(host, f"{each}/{name}") for each in policies]
    words = sorted({str(each.value) for each in found if isinstance(each, Fact)})
    return fact(", ".join(words), f"{_POLICIES}/policy*/{name}") if words else found[0]


def _boost(host: Host) -> Fact | Missing:
    """Whether rates above the base are allowed."""
    boost = _sysfs.switch(host, f"{_POLICIES}/boost")
    turbo = _sysfs.switch(host, f"{FOLDER}/intel_pstate/no_turbo")
    if isinstance(boost, Missing) and isinstance(turbo, Fact):
        return fact(not turbo.value, f"not {turbo.origin.source}")
    return boost
