"""What a placement of a model on two hosts was measured to do, beside what was asked of it."""

from typing import Literal

from pydantic import FiniteFloat

from bitpath_cli.model.reading import Reading, absent
from bitpath_cli.model.record import Record


class PlacementResult(Record):
    """One run of requests; bytes and processor seconds (`*_cpu`) are per answered request.

    `placement` is `edge`, `cloud`, `split:K` or `cascade:F`. `up` is from the edge to the cloud.
    Payload is what the messages hold; `link_*` is what the interface counted meanwhile, all of it.
    `*_compute` are medians of the model's own time at that end.
    """

    model: str
    placement: str
    arrival: Literal["poisson", "periodic"]
    rate: FiniteFloat
    requests: int
    failed: int
    seconds: FiniteFloat
    latency_p50: Reading
    latency_p95: Reading
    latency_p99: Reading
    throughput: Reading
    payload_up: Reading
    payload_down: Reading
    link_up: Reading
    link_down: Reading
    edge_cpu: Reading
    cloud_cpu: Reading
    edge_compute: Reading
    cloud_compute: Reading
    escalated: Reading
    top1_agreement: Reading
    relative_error: Reading
    latency_mean: Reading = absent("an earlier version did not keep it")
