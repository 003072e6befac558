"""What TCP does between two processes of this host: a limit of its processors, not of a network.

Bytes are counted by the receiver; the time ends when its receipt is here. Round trips are of 64 B
with TCP_NODELAY.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from bitpath_cli.benchmarks import Benchmark, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._latency import percentile_metrics
from bitpath_cli.benchmarks._rate import rate
from bitpath_cli.model.result import Direction, Doubt, Metric, Samples, Validity, metric
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, ONE

_STREAM_COUNTS: Final = (1, 4)
_STREAM: Final = "stream"
_ROUND_TRIP: Final = "round_trip"
_BUSY: Final = 0.9
_MESSAGE: Final = 1.0


def find_cases(context: Context) -> tuple[Case, ...]:
    """One stream, with the round trips beside it, and four."""
    return tuple(
        Case({"peer": "loopback", "streams": count, "direction": "send"})
        for count in _STREAM_COUNTS
    )


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """Connections to a process of our own; PeerFailed where there can be none."""
    from bitpath_cli.benchmarks._tcp_streams import BLOCK_BYTES, RoundTrips, Streams, peer

    count = int(case.parameters["streams"])
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(peer())
        loops = {}
        if count == 1:
            trips = stack.enter_context(contextlib.closing(RoundTrips(other)))
            loops[_ROUND_TRIP] = Loop(trips, _MESSAGE, ONE, evidence=trips.evidence)
        streams = stack.enter_context(contextlib.closing(Streams(other, count)))
        loops[_STREAM] = Loop(streams, count * BLOCK_BYTES, BYTE, evidence=streams.evidence)
        yield loops


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Bandwidth and latency, every figure marked as loopback."""
    count = int(case.parameters["streams"])
    doubts: tuple[Doubt, ...] = (Doubt.LOOPBACK_ONLY,)
    validity = Validity.DEGRADED
    metrics: list[Metric] = []
    if _STREAM in samples:
        found = samples[_STREAM]
        doubts += _doubts_about_load(found, count, context.threads)
        if sum(found.evidence("received_bytes")) != sum(found.evidence("sent_bytes")):
            doubts, validity = (*doubts, Doubt.WRONG_RESULT), Validity.INVALID
        figure = rate(found, found.work, BYTE_PER_SECOND, _describe(found, count))
        metrics.append(
            metric("bandwidth", figure, Direction.HIGHER, reasons=doubts, validity=validity)
        )
    if _ROUND_TRIP in samples:
        source = "tcp, loopback, round trips of 64 B with TCP_NODELAY"
        latencies = samples[_ROUND_TRIP].evidence("latency")
        metrics += percentile_metrics(latencies, source, (Doubt.LOOPBACK_ONLY,), Validity.DEGRADED)
    return Conclusion(tuple(metrics), validity=validity, reasons=doubts)


def _doubts_about_load(samples: Samples, streams: int, threads: int) -> tuple[Doubt, ...]:
    """Whether an end had no more processor time to give, or both ends shared one core."""
    doubts = []
    shares = _processor_shares(samples)
    is_end_busy = max(shares) >= _BUSY * min(streams, threads)
    if is_end_busy or sum(shares) >= _BUSY * threads:
        doubts.append(Doubt.CPU_BOUND)
    if threads < 2:
        doubts.append(Doubt.CONTENDED)
    return tuple(doubts)


def _processor_shares(samples: Samples) -> tuple[float, float]:
    """Processor seconds per second of the sender and of the receiver."""
    wall = sum(samples.evidence("wall_seconds"))
    if wall <= 0:
        return 0.0, 0.0
    sender = sum(samples.evidence("sender_cpu_seconds"))
    receiver = sum(samples.evidence("receiver_cpu_seconds"))
    return sender / wall, receiver / wall


def _describe(samples: Samples, streams: int) -> str:
    sender, receiver = _processor_shares(samples)
    plural = "s" if streams > 1 else ""
    return (
        f"tcp, loopback, {streams} stream{plural}, counted by the receiver; processors busy: "
        f"sender {sender:.0%}, receiver {receiver:.0%}"
    )


BENCHMARK = Benchmark(
    summary="TCP between two processes of this host (loopback, not a network)",
    revision=1,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    blocks=3,
    weight=0.7,
)
