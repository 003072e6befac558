"""What a profile must also keep when each of its fields is right: curves, names, one currency."""

import math
from statistics import fmean
from typing import Final

from bitpath_cli.catalogue._files import read_text
from bitpath_cli.catalogue._places import find, names
from bitpath_cli.catalogue._profile import Profile
from bitpath_cli.catalogue._reader import read_profile
from bitpath_cli.errors import BadProfile, BitpathError
from bitpath_cli.model.device import Device
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.record import Record
from bitpath_cli.model.site import Site
from bitpath_cli.model.workload import Workload

_HOURS: Final = 24


def find_faults(noun: Record, profile: Profile) -> list[BadProfile]:
    """The faults between fields, and between a site and the devices that it names."""
    if isinstance(noun, Workload):
        return _curve(noun, profile)
    if isinstance(noun, Site):
        return _offers(noun, profile) + _purchases(noun, profile)
    return []


def _curve(workload: Workload, profile: Profile) -> list[BadProfile]:
    curve = workload.serving.load_curve if workload.serving else ()
    if not curve or (len(curve) == _HOURS and math.isclose(fmean(curve), 1.0, rel_tol=1e-3)):
        return []
    problem = f"{len(curve)} factors with the mean {fmean(curve):.4g}"
    return [profile.fault(("serving", "load_curve"), problem, "24 hourly factors whose mean is 1")]


def _offers(site: Site, profile: Profile) -> list[BadProfile]:
    if site.cloud is None:
        return []
    faults = []
    known = names("device")
    seen: set[str] = set()
    for index, offer in enumerate(site.cloud.offers):
        path = ("cloud", "offers", index)
        if offer.device not in known:
            problem = f"there is no device called '{offer.device}'"
            faults.append(profile.fault((*path, "device"), problem, ", ".join(known)))
        if offer.name in seen:
            problem = f"'{offer.name}' is offered twice"
            faults.append(profile.fault((*path, "name"), problem, "each name once"))
        seen.add(offer.name)
    return faults


def _purchases(site: Site, profile: Profile) -> list[BadProfile]:
    faults = []
    known = names("device")
    for index, name in enumerate(site.purchases):
        path = ("purchases", index)
        if name not in known:
            problem = f"there is no device called '{name}'"
            faults.append(profile.fault(path, problem, ", ".join(known)))
            continue
        price = _price(name)
        if price is None:
            problem, allowed = f"'{name}' cannot be bought: its profile gives no usable price", ""
            faults.append(profile.fault(path, problem, allowed))
        elif price.unit != site.currency:
            problem = f"'{name}' has its price in {price.unit}, this site counts in {site.currency}"
            allowed = f"devices with a price in {site.currency}, such as a copy with your own price"
            faults.append(profile.fault(path, problem, allowed))
    return faults


def _price(device: str) -> Quantity | None:
    try:
        file = find("device", device)
        noun, _ = read_profile("device", file, read_text(file))
    except BitpathError:
        return None
    price = noun.price if isinstance(noun, Device) else None
    return price if isinstance(price, Quantity) else None
