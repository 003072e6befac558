"""What every field of a profile means, its unit, and the range that it can have.

`¤` stands for a currency: the site's in a site, the one that is typed elsewhere.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

from bitpath_cli.model.device import Device
from bitpath_cli.model.record import Record
from bitpath_cli.model.site import Cloud, Link, Offer, OwnedHost, Place, Site
from bitpath_cli.model.workload import (
    Cascade,
    Data,
    Generation,
    Reduction,
    Residency,
    Serving,
    Split,
    Tables,
    Training,
    Work,
    Workload,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A field: a figure where it has a `unit`.

    The spread lies on the distance from `anchor`: it is the unavailability and the overhead of a
    PUE that can be three times larger. A `scenario` is what somebody wants to run, so it has no
    spread, whoever states it. `performance` marks a datasheet's promises, which are used
    to predict and are held to be wider than 5 %; `price` marks what carries a date.
    """

    meaning: str
    unit: str = ""
    least: float = 0.0
    most: float = math.inf
    positive: bool = False
    anchor: float = 0.0
    performance: bool = False
    price: bool = False
    scenario: bool = False

    def accepts(self, value: float) -> bool:
        """Whether a value in base units lies in the range."""
        return self.least <= value <= self.most and not (self.positive and value <= 0)

    def for_precision(self, precision: str) -> "Row":
        """Integer arithmetic is counted in operations, so that no one adds it to FLOP."""
        return replace(self, unit="OP/s") if precision.startswith("int") else self

    @property
    def range_in_words(self) -> str:
        """`more than 0 and at most 1`."""
        low = "more than 0" if self.positive and self.least == 0 else f"at least {self.least:g}"
        return low if math.isinf(self.most) else f"{low} and at most {self.most:g}"


def _figure(unit: str, meaning: str) -> Row:
    return Row(meaning, unit, positive=True)


def _share(meaning: str) -> Row:
    return Row(meaning, "1", most=1.0, positive=True)


def _price(unit: str, meaning: str) -> Row:
    return Row(meaning, unit, price=True)


def _availability(meaning: str) -> Row:
    return Row(meaning, "1", most=1.0, positive=True, anchor=1.0)


_COUNT: Final = 1.0

ROWS: Final[dict[type[Record], dict[str, Row]]] = {
    Workload: {
        "summary": Row("one line: what is run, on what"),
        "field": Row("the field of use, such as 'visual inspection'"),
        "task": Row("a training job or a service"),
        "work": Row("what one sample asks of a machine"),
        "data": Row("the data set"),
        "training": Row("the job; only with task = 'training'"),
        "serving": Row("the service; only with task = 'serving'"),
        "residency": Row("where the data may be processed"),
        "budget": _figure("¤", "the most that a job, or a month of service, may cost"),
    },
    Work: {
        "parameters": _figure("1", "parameters of the model"),
        "forward": _figure("FLOP", "work of one sample's forward pass: 2 × its multiply-adds"),
        "operations": _figure("1", "matrix operations in a forward pass: layers that multiply"),
        "traffic_bytes": Row(
            "what the element-wise operations of a sample's forward pass move to and from memory",
            "B",
        ),
        "activation_bytes": Row("what a sample's forward pass keeps for the backward pass", "B"),
        "efficiency_cpu": Row(
            "share of a CPU's large-matrix rate that the matrix operations reach; a library's "
            "convolutions can pass 1",
            "1", most=10.0, positive=True,
        ),
        "efficiency_accelerator": _share(
            "share of an accelerator's large-matrix rate that the matrix operations reach"
        ),
        "overhead_cpu": Row("fixed time of a forward pass on a CPU, whatever the batch", "s"),
        "overhead_accelerator": Row(
            "fixed time of a forward pass on an accelerator, whatever the batch", "s"
        ),
        "precisions": Row("number formats in which the model gives good answers"),
        "tables": Row("embedding tables, which the other figures of the work leave out"),
    },
    Tables: {
        "parameters": _figure("1", "parameters of the embedding tables"),
        "gathered_bytes": _figure("B", "rows that a sample reads from the tables"),
        "pooled_bytes": _figure("B", "what is left of a sample's rows once they are summed"),
        "gather_share": _share("share of a memory's rate that reads of single rows reach"),
    },
    Reduction: {
        "kept": _share("share of the bytes that is left"),
        "work": Row("work of a sample, counted at the rate of large matrix products", "FLOP"),
    },
    Data: {
        "samples": _figure("1", "samples in the data set"),
        "sample_bytes": _figure("B", "size of a sample as it is stored"),
        "born": Row("where the data is before the work begins"),
        "reduction": Row("what can be done to the data before it travels"),
    },
    Training: {
        "epochs": _figure("1", "passes over the data"),
        "global_batch": Row("samples of a step over all nodes together", "1", least=_COUNT),
        "optimiser": Row("decides the memory a parameter needs"),
        "deadline": _figure("s", "the most that the job may take"),
        "checkpoints_kept": Row("checkpoints that are kept", "1"),
        "trained": _figure("1", "parameters that are trained; all where it is left out"),
        "local_steps": Row(
            "numbers of steps between averagings that the model tolerates", least=_COUNT
        ),
        "compression_ranks": Row(
            "ranks of PowerSGD's factors that the model tolerates", least=_COUNT
        ),
    },
    Cascade: {
        "edge_work": _share("work of the small model as a share of the large one's"),
        "escalated": _share("share of the requests that the small model passes on"),
    },
    Serving: {
        "places": Row("places where requests are born", "1", least=_COUNT, scenario=True),
        "request_rate": Row("requests at each place", "1/s", positive=True, scenario=True),
        "arrival": Row("at random, or as a belt brings them"),
        "request_bytes": Row("size of a request on the wire", "B"),
        "reply_bytes": Row("size of a reply on the wire", "B"),
        "preparation": Row("decoding and resizing before the model, and reading its answer", "s"),
        "latency": _figure("s", "the bound on the percentile of the response time"),
        "percentile": Row("which percentile is bounded", most=1.0, positive=True),
        "availability": _availability("share of the time in which the service must answer"),
        "load_curve": Row("24 hourly factors whose mean is 1"),
        "cascade": Row("a small model at the edge that passes on what it is not sure of"),
        "splits": Row("layers after which the model can be cut between edge and centre"),
        "generation": Row("answers that are made token by token; [work] is then of one token"),
    },
    Split: {
        "after": Row("the layer after which it is cut"),
        "edge_work": _share("share of the model's work before the cut"),
        "sent_bytes": _figure("B", "what travels to the centre instead of the request"),
    },
    Generation: {
        "tokens_in": Row("tokens of a prompt", "1", least=_COUNT, scenario=True),
        "tokens_out": Row("tokens of an answer", "1", least=_COUNT, scenario=True),
        "layers": Row("layers that keep keys and values", "1", least=_COUNT),
        "kv_heads": Row("heads of keys and values in a layer", "1", least=_COUNT),
        "head_size": Row("elements of one head", "1", least=_COUNT),
        "first_token": _figure("s", "the bound on the percentile of the time to the first token"),
        "token": _figure("s", "the bound on the percentile of the time for each token after it"),
    },
    Residency: {
        "allowed": Row("anywhere, in the region, or on the site only"),
        "reason": Row("the rule behind it"),
        "binds": Row("not typed: it follows from the status"),
    },
    Device: {
        "summary": Row("one line: what it is"),
        "form": Row("where such a device stands"),
        "is_accelerator": Row("whether it is a GPU or the like rather than a CPU"),
        "needs_host": Row("whether it needs a computer around it, which is not in its figures"),
        "rates": Row("dense peak by number format", "FLOP/s", positive=True, performance=True),
        "matrix_share": _share("share of the peak that large matrix products reach"),
        "memory": _figure("B", "memory that a model can use"),
        "memory_bandwidth": Row("its peak rate", "B/s", positive=True, performance=True),
        "power_idle": _figure("W", "power when it waits"),
        "power_max": _figure("W", "power under full load"),
        "link": _figure("B/s", "one-way rate to its peers, or to its host, or of its network port"),
        "price": _price("¤", "what it costs to buy"),
    },
    Link: {
        "up": _figure("B/s", "rate away from the place"),
        "down": _figure("B/s", "rate towards the place"),
        "round_trip": _figure("s", "there and back"),
    },
    Place: {
        "tariff": _price("¤/J", "price of electricity"),
        "pue": Row(
            "power of the whole room over that of its machines", "1", least=1.0, most=5.0,
            anchor=1.0,
        ),
        "carbon": Row("carbon intensity of the electricity", "kg/J"),
    },
    Offer: {
        "name": Row("the provider's name for it"),
        "device": Row("the device profile that tells how fast it is"),
        "devices": Row("how many of them it holds", least=_COUNT),
        "on_demand": _price("¤/s", "rent"),
        "spot": _price("¤/s", "rent while nobody else wants it"),
        "memory": Row("main memory of the whole machine, which caches the data", "B"),
        "per_request_factor": Row(
            "how much dearer a second is where only busy seconds are billed", "1", least=1.0
        ),
    },
    Cloud: {
        "provider": Row("who rents it out"),
        "region": Row("the provider's name of the region"),
        "within_region": Row("whether data that must stay in the region may go there"),
        "place": Row("its electricity; rent contains the tariff, so 0 is right there"),
        "offers": Row("what can be rented"),
        "storage_price": _price("¤/(B·s)", "keeping data"),
        "egress_price": _price("¤/B", "moving data out"),
        "link": Row("the network between rented machines"),
        "availability": _availability("share of the time in which a rented machine answers"),
        "start_up": Row("from asking for a machine to its first useful work", "s"),
        "preemptions": Row("how often a spot machine is taken away", "1/s"),
        "cold_start": Row("wait for a request that finds no warm machine, billed by request", "s"),
        "keep_warm": Row("how long an idle machine that is billed by request is kept", "s"),
        "billed_least": Row("the least time that is billed for a request", "s"),
        "request_price": _price("¤", "what each request costs beside its time"),
    },
    OwnedHost: {
        "price": _price("¤", "what such a host costs to buy"),
        "power_idle": _figure("W", "power when it waits"),
        "power_max": _figure("W", "power under full load"),
        "availability": _availability("share of the time in which it answers"),
        "memory": Row("its main memory, which caches the data", "B"),
    },
    Site: {
        "summary": Row("one line: what kind of place"),
        "currency": Row("the ISO 4217 code that all prices of the site are in"),
        "value_of_time": Row("what an hour less of waiting is worth", "¤/s"),
        "place": Row("its electricity"),
        "uplink": Row("the way from here to the cloud, there and back"),
        "lan": Row("the network between machines here"),
        "today": Row("what a report does not know of today's host"),
        "lifetime": _figure("s", "years that a machine is in service"),
        "duty": _share("the share of its life in which a bought machine has a job"),
        "purchases": Row("device profiles that could be bought"),
        "host_for_accelerator": Row("the computer around a device that needs one"),
        "largest_cluster": Row("the most machines that could work together here", least=_COUNT),
        "cloud": Row("what can be rented"),
    },
}  # fmt: skip
