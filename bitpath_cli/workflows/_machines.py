"""The machines of profiles: what can be bought for the edge, and what can be rented."""

from dataclasses import replace
from typing import Final

from bitpath_cli.model.configuration import Place, Tenure
from bitpath_cli.model.device import Device
from bitpath_cli.model.reading import Quantity, Reading, assumed
from bitpath_cli.model.site import Offer, Site
from bitpath_cli.model.units import BYTE_PER_SECOND, FLOP_PER_SECOND, WATT
from bitpath_cli.strategies import Machine
from bitpath_cli.workflows._combine import product, scaled, total

UNKNOWN_STORAGE: Final = assumed(
    5e8, BYTE_PER_SECOND, "a guess: neither profile nor report gives a storage rate", 3.0
)


def bought_machine(device: Device, site: Site, known: Machine | None = None) -> Machine | None:
    """A device with the host that it needs; None where its profile gives no price or power.

    `known` is a machine with such a device that was measured.
    """
    idle, full, price = device.power_idle, device.power_max, device.price
    if not (
        isinstance(idle, Quantity) and isinstance(full, Quantity) and isinstance(price, Quantity)
    ):
        return None
    host = site.host_for_accelerator
    if device.needs_host:
        source = f"{device.name} and the host that it sits in"
        idle = total(WATT, source, idle, host.power_idle)
        full = total(WATT, source, full, host.power_max)
        price = total(price.unit, source, price, host.price)
    found = _from_device(
        device, name=device.name, count=1, place="edge", idle=idle, full=full,
        prices={"bought": price}, availability=site.today.availability,
        host_memory=host.memory if device.needs_host else None,
    )  # fmt: skip
    return found if known is None else _as_measured(found, known)


def rented_machine(
    offer: Offer, device: Device, site: Site, known: Machine | None = None
) -> Machine | None:
    """An offer with its devices; None where the profile gives no power. `known` as above."""
    cloud, host = site.cloud, site.host_for_accelerator
    idle, full = device.power_idle, device.power_max
    if cloud is None or not (isinstance(idle, Quantity) and isinstance(full, Quantity)):
        return None
    idle, full = scaled(idle, offer.devices), scaled(full, offer.devices)
    if device.needs_host:
        source = f"{offer.devices} × {device.name} and the host that they sit in"
        idle = total(WATT, source, idle, host.power_idle)
        full = total(WATT, source, full, host.power_max)
    prices: dict[Tenure, Quantity] = {"on_demand": offer.on_demand}
    if isinstance(offer.spot, Quantity):
        prices["spot"] = offer.spot
    if isinstance(offer.per_request_factor, Quantity) and isinstance(cloud.cold_start, Quantity):
        unit, busy = offer.on_demand.unit, "price of a busy second"
        prices["per_request"] = product(unit, busy, offer.on_demand, offer.per_request_factor)
    found = _from_device(
        device, name=offer.name, count=offer.devices, place="cloud", idle=idle, full=full,
        prices=prices, availability=cloud.availability, host_memory=offer.memory,
    )  # fmt: skip
    return found if known is None else _as_measured(found, known)


def _as_measured(machine: Machine, known: Machine) -> Machine:
    """What was measured of one device wins, number type by number type; the rest stays promised."""
    count = machine.devices
    rates = {each: scaled(rate, count) for each, rate in known.rates.items()}
    storage = known.storage_rate
    return replace(
        machine,
        rates=dict(machine.rates) | rates,
        curve=known.curve,
        memory_bandwidth=scaled(known.memory_bandwidth, count),
        storage_rate=machine.storage_rate if storage is UNKNOWN_STORAGE else storage,
    )


def _from_device(
    device: Device,
    *,
    name: str,
    count: int,
    place: Place,
    idle: Quantity,
    full: Quantity,
    prices: dict[Tenure, Quantity],
    availability: Quantity,
    host_memory: Reading | None,
) -> Machine:
    rates = {
        precision: scaled(
            product(
                FLOP_PER_SECOND,
                f"{device.name}: dense peak × what large matrix products reach of it",
                peak,
                device.matrix_share,
            ),
            count,
        )
        for precision, peak in device.rates.items()
    }
    return Machine(
        name=name, hardware=f"{count} × {device.name}", place=place,
        is_accelerator=device.is_accelerator, devices=count, rates=rates, curve=(),
        memory_bandwidth=scaled(device.memory_bandwidth, count),
        memory=scaled(device.memory, count), storage_rate=UNKNOWN_STORAGE,
        power_idle=idle, power_max=full, prices=prices, availability=availability,
        link=device.link if isinstance(device.link, Quantity) else None,
        host_memory=host_memory if isinstance(host_memory, Quantity) else None,
    )  # fmt: skip
