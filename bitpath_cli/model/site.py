"""Where things may run: the place where data is born, its links, and what lies beyond them."""

from pydantic import Field

from bitpath_cli.model.reading import Quantity, Reading, absent
from bitpath_cli.model.record import Record


class Link(Record):
    """A path between two places: one-way rates and the round trip."""

    up: Quantity
    down: Quantity
    round_trip: Quantity


class Place(Record):
    """A room with power: tariff (currency/J), PUE (1) and carbon (kg/J)."""

    tariff: Quantity
    pue: Quantity
    carbon: Reading


class Offer(Record):
    """A machine for rent: `devices` of one kind, with prices per second while it is held."""

    name: str
    device: str
    devices: int = Field(gt=0)
    on_demand: Quantity
    spot: Reading
    per_request_factor: Reading
    memory: Reading = absent("the profile does not say how much main memory it has")


class Cloud(Record):
    """A provider's region: what can be rented there, and what storage and egress cost.

    What is rented by the request is there after a `cold_start`, unless it idled for less than
    `keep_warm`; each request is billed `billed_least` at least, and `request_price` beside.
    """

    provider: str
    region: str
    within_region: bool
    place: Place
    offers: tuple[Offer, ...] = Field(min_length=1)
    storage_price: Quantity
    egress_price: Quantity
    link: Link
    availability: Quantity
    start_up: Quantity
    preemptions: Quantity
    cold_start: Reading = absent("the profile does not say how long a cold start takes")
    keep_warm: Reading = absent("the profile does not say how long an idle machine is kept warm")
    billed_least: Reading = absent("the profile does not say the least time that is billed")
    request_price: Reading = absent("the profile does not say what a request costs beside its time")


class OwnedHost(Record):
    """What a report does not know of a host: its price, its power and how often it is up."""

    price: Quantity
    power_idle: Quantity
    power_max: Quantity
    availability: Quantity
    memory: Reading = absent("the profile does not say how much main memory it has")


class Site(Record):
    """One place where data is born, with its links out. One currency per site.

    `duty` is the share of its service life in which a bought machine has a job: one that is bought
    is paid for its idle hours too.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    summary: str
    is_example: bool
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    value_of_time: Quantity
    place: Place
    uplink: Link
    lan: Link
    today: OwnedHost
    lifetime: Quantity
    duty: Quantity
    purchases: tuple[str, ...]
    host_for_accelerator: OwnedHost
    largest_cluster: int = Field(default=8, ge=1)
    cloud: Cloud | None = None
