"""Questions for the cost model, built by hand: round numbers, no spread unless a test gives one."""

from bitpath_cli.model.reading import Quantity, Reading, absent, assumed
from bitpath_cli.model.site import Cloud, Link, Offer, OwnedHost, Place, Site
from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    FLOP,
    FLOP_PER_SECOND,
    ONE,
    PER_SECOND,
    SECOND,
    WATT,
    Unit,
)
from bitpath_cli.model.workload import (
    Cascade,
    Data,
    Limit,
    Precision,
    Residency,
    Serving,
    Training,
    Work,
    Workload,
)
from bitpath_cli.strategies import Machine, Question, Wire

USD = Unit("USD")
MBIT = 1e6 / 8
GBIT = 1e9 / 8


def exact(value: float, unit: Unit = ONE, factor: float = 1.0) -> Quantity:
    """A figure that the test states, with a spread only where it asks for one."""
    return assumed(value, unit, "stated by the test", factor)


def limit(value: float, unit: Unit = SECOND, *, binds: bool = True) -> Limit:
    return Limit(at=exact(value, unit), binds=binds)


def work(
    parameters: float = 25.6e6,
    forward: float = 8.18e9,
    precisions: tuple[Precision, ...] = ("float32",),
    traffic: float = 0.0,
    activations: float = 1e8,
    overhead_accelerator: float = 1e-3,
) -> Work:
    """ResNet-50's size unless told otherwise; 0.223 is what it reaches on an A100."""
    return Work(
        parameters=exact(parameters), forward=exact(forward, FLOP), operations=exact(54),
        traffic_bytes=exact(traffic, BYTE), activation_bytes=exact(activations, BYTE),
        efficiency_cpu=exact(1), efficiency_accelerator=exact(0.223),
        overhead_cpu=exact(1e-4, SECOND), overhead_accelerator=exact(overhead_accelerator, SECOND),
        precisions=precisions,
    )  # fmt: skip


def link(up: float, down: float, round_trip: float) -> Link:
    """Rates in B/s, the round trip in s."""
    return Link(
        up=exact(up, BYTE_PER_SECOND), down=exact(down, BYTE_PER_SECOND),
        round_trip=exact(round_trip, SECOND),
    )  # fmt: skip


def owned_host(price: float = 1000, idle: float = 50, full: float = 150) -> OwnedHost:
    return OwnedHost(
        price=exact(price, USD), power_idle=exact(idle, WATT), power_max=exact(full, WATT),
        availability=exact(0.99),
    )  # fmt: skip


def place(tariff: float = 0.146 / 3.6e6, pue: float = 1.2) -> Place:
    return Place(
        tariff=exact(tariff, Unit("USD/J")), pue=exact(pue), carbon=absent("not asked here")
    )


def cloud(within_region: bool = True) -> Cloud:
    return Cloud(
        provider="test", region="here", within_region=within_region, place=place(pue=1.1),
        offers=(Offer.model_validate({"name": "unused", "device": "unused", "devices": 1,
                 "on_demand": exact(1, Unit("USD/s")), "spot": absent("none"),
                 "per_request_factor": absent("none")}),),
        storage_price=exact(0.02 / 1e9 / 2629800, Unit("USD/(B·s)")),
        egress_price=exact(0.1e-9, Unit("USD/B")), link=link(10 * GBIT, 10 * GBIT, 1e-4),
        availability=exact(0.9999), start_up=exact(60, SECOND),
        preemptions=exact(1e-5, PER_SECOND),
    )  # fmt: skip


def site(
    uplink: Link | None = None, lan: Link | None = None, *, without_cloud: bool = False
) -> Site:
    return Site(
        name="test-site", summary="for tests", is_example=False, currency="USD",
        value_of_time=exact(1 / 3600, Unit("USD/s")), place=place(),
        uplink=uplink or link(20 * MBIT, 50 * MBIT, 0.04),
        lan=lan or link(GBIT, GBIT, 2e-4), today=owned_host(),
        lifetime=exact(5 * 31557600, SECOND), duty=exact(0.5), purchases=(),
        host_for_accelerator=owned_host(), cloud=None if without_cloud else cloud(),
    )  # fmt: skip


def machine(
    name: str = "today's host",
    rate: float = 200e9,
    *,
    at: str = "edge",
    accelerator: bool = False,
    price: float = 1000,
    rent: float | None = None,
    memory: float = 16e9,
    idle: float = 50,
    full: float = 150,
    memory_bandwidth: float = 40e9,
    spread: float = 1.0,
    precisions: tuple[Precision, ...] = ("float32",),
) -> Machine:
    """A host at the edge, owned or to be bought; in the cloud with `rent` in USD an hour."""
    hourly = 0.0 if rent is None else rent
    return Machine(
        name=name, hardware=name, place="cloud" if at == "cloud" else "edge",
        is_accelerator=accelerator, devices=1,
        rates={each: exact(rate, FLOP_PER_SECOND, spread) for each in precisions}, curve=(),
        memory_bandwidth=exact(memory_bandwidth, BYTE_PER_SECOND, spread),
        memory=exact(memory, BYTE), storage_rate=exact(1e9, BYTE_PER_SECOND),
        power_idle=exact(idle, WATT), power_max=exact(full, WATT),
        prices={"on_demand": exact(hourly / 3600, Unit("USD/s"))}
        if at == "cloud"
        else {"owned": exact(price, USD), "bought": exact(price, USD)},
        availability=exact(0.99),
    )  # fmt: skip


def wire(latency: float = 1e-4, bandwidth: float = GBIT) -> Wire:
    return Wire(
        latency=exact(latency, SECOND), bandwidth=exact(bandwidth, BYTE_PER_SECOND),
        slowdown=exact(1), overlap_cpu=exact(1e-9), overlap_accelerator=exact(0.9),
    )  # fmt: skip


def job(
    batch: float = 256,
    samples: Reading | None = None,
    work_of: Work | None = None,
    deadline: Limit | None = None,
    budget: Limit | None = None,
    residency: Residency | None = None,
) -> Workload:
    """ResNet-50 on ImageNet for 90 epochs, its data in the cloud so that no upload counts."""
    return Workload(
        name="test-job", summary="for tests", field="tests", task="training", is_example=False,
        work=work_of or work(),
        data=Data(
            samples=samples or exact(1_281_024), sample_bytes=exact(114_660, BYTE), born="edge"
        ),
        training=Training(
            epochs=exact(90), global_batch=exact(batch), optimiser="momentum", deadline=deadline,
            checkpoints_kept=exact(1), local_steps=(8,), compression_ranks=(4,),
        ),
        residency=residency or Residency(allowed="anywhere", reason="public", binds=False),
        budget=budget,
    )  # fmt: skip


def service(
    rate: float = 10,
    latency: Limit | None = None,
    request_bytes: float = 1e6,
    places: float = 1,
    work_of: Work | None = None,
    arrival: str = "periodic",
    residency: Residency | None = None,
    cascade: Cascade | None = None,
) -> Workload:
    """Visual inspection: so many frames a second at every place."""
    return Workload(
        name="test-service", summary="for tests", field="tests", task="serving", is_example=False,
        work=work_of or work(),
        data=Data(
            samples=absent("a service"), sample_bytes=exact(request_bytes, BYTE), born="edge"
        ),
        serving=Serving(
            places=exact(places), request_rate=exact(rate, PER_SECOND),
            arrival="poisson" if arrival == "poisson" else "periodic",
            request_bytes=exact(request_bytes, BYTE), reply_bytes=exact(1000, BYTE),
            preparation=exact(1e-3, SECOND), latency=latency, percentile=0.99, cascade=cascade,
        ),
        residency=residency or Residency(allowed="anywhere", reason="public", binds=False),
    )  # fmt: skip


def question(
    workload: Workload,
    machines: tuple[Machine, ...] = (),
    at: Site | None = None,
    over: Wire | None = None,
    largest_cluster: int = 4,
) -> Question:
    """Today's host, then the machines given."""
    return Question(
        workload=workload, site=at or site(), machines=(machine(), *machines),
        wire=over or wire(), largest_cluster=largest_cluster,
    )  # fmt: skip
