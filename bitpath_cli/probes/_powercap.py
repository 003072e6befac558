"""RAPL's zones as power meters: what each covers, its limit, and the narrowest way to read it."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters.rapl import Zone, find_zones
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import Missing, Quantity, Reason, absent, denied, unsupported
from bitpath_cli.probes._micro import joules, watts
from bitpath_cli.probes._power_meter import NO_MIRROR, NOT_NESTED, meter, place
from bitpath_cli.probes._sysfs import text

_NOT_COUNTING: Final = "the zone is switched off"
_COUNTS_ENERGY: Final = unsupported(
    "the zone counts energy; power follows from two readings",
    "a benchmark derives it: bitpath bench compute",
)


def find_meters(host: Host) -> tuple[PowerMeter, ...] | Missing:
    """Every zone, those that must not be summed included, or why there is none."""
    zones = find_zones(host)
    return zones if isinstance(zones, Missing) else tuple(_meter(host, zone) for zone in zones)


def _meter(host: Host, zone: Zone) -> PowerMeter:
    return meter(
        zone.subject,
        "rapl_mmio" if zone.mmio else "rapl",
        zone.scope,
        {
            "nested_in": place(zone.nested_in, NOT_NESTED, zone.path),
            "mirror_of": place(zone.mirror_of, NO_MIRROR, zone.energy_path),
            "energy": _energy(host, zone),
            "power": _COUNTS_ENERGY,
            "limit": _limit(host, zone),
            "wraps_at": joules(host, zone.range_path, _NOT_COUNTING),
        },
        _COUNTS_ENERGY,
    )


def _energy(host: Host, zone: Zone) -> Quantity | Missing:
    path = zone.energy_path
    found = joules(host, path, _NOT_COUNTING)
    if not isinstance(found, Missing) or found.reason is not Reason.DENIED:
        return found
    if host.outside.user_id() == 0:
        return denied(found.detail, "run bitpath outside the container, which hides it from root")
    return denied(
        f"{found.detail}: only root may read it since CVE-2020-8694",
        f"read access for one group, given by root until the next start: "
        f"chgrp GROUP {path} && chmod g+r {path}",
    )


def _limit(host: Host, zone: Zone) -> Quantity | Missing:
    """What the processor holds on average, which is close to its rated power."""
    for path in host.matching(zone.path, "constraint_*_name"):
        if text(host, path) == "long_term":
            limit = path.replace("_name", "_power_limit_uw")
            return watts(host, limit, "the zone has no limit")
    return absent(f"{zone.path} holds no limit")
