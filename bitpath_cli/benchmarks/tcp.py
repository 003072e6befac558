"""What TCP does between this host and another, or between two processes of this host alone.

Bytes are counted and timed by the receiver, after the ramp-up and while the flow goes on. Round
trips are of 64 B with TCP_NODELAY on a connection of their own, with no flow beside them.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from bitpath_cli.benchmarks import Benchmark, Case, Conclusion, Context, Loop, Peer
from bitpath_cli.benchmarks._latency import percentile_metrics
from bitpath_cli.benchmarks._tcp_ends import (
    describe,
    find_ceiling,
    find_doubts,
    flow_rate,
    is_within_host,
    lesser_metrics,
    window_finding,
)
from bitpath_cli.model.reading import Method, Origin, Quantity, failed
from bitpath_cli.model.result import (
    Ceiling,
    Direction,
    Doubt,
    Metric,
    Samples,
    Validity,
    metric,
    missing_metric,
)
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, ONE

_STREAM_COUNTS: Final = {False: (1, 4), True: (1, 4, 16)}
_DIRECTIONS: Final = ("send", "receive", "both")
_LOOPBACK: Final = "loopback"
_ROUND_TRIP: Final = "round_trip"
_SAMPLE_SECONDS: Final = 0.05
_MESSAGE: Final = 1.0
_PERCENTILES: Final = (("latency_p50", 0.50), ("latency_p95", 0.95), ("latency_p99", 0.99))
# A loop for each end that receives; in both directions at once the other flow never pauses.
_LOOPS: Final[Mapping[str, tuple[str, ...]]] = {
    "send": ("sent",), "receive": ("received",), "both": ("sent", "received"),
}  # fmt: skip


def find_cases(context: Context) -> tuple[Case, ...]:
    """One stream, with the round trips beside it, and several; with a peer in both directions."""
    if not context.peers:
        return tuple(
            Case({"peer": _LOOPBACK, "streams": count, "direction": "send"}) for count in (1, 4)
        )
    return tuple(
        Case(
            {"peer": peer.name, "streams": count, "direction": direction,
             "interface": peer.interface},
            weight=1.5 if (count, direction) == (1, "send") else 1.0,
        )
        for peer in context.peers
        for count in _STREAM_COUNTS[context.thorough]
        for direction in _DIRECTIONS
        if count > 1 or direction != "both" or context.thorough
    )  # fmt: skip


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """Connections to the peer, or to a process of our own; PeerFailed where there can be none."""
    from bitpath_cli.benchmarks._tcp_caller import ROLES, Line, RoundTrips, Stream
    from bitpath_cli.benchmarks._tcp_connect import own_listener
    from bitpath_cli.benchmarks._tcp_flows import OPERATION_BYTES

    direction, streams = str(case.parameters["direction"]), int(case.parameters["streams"])
    with contextlib.ExitStack() as stack:
        peer = _find_peer(case, context) or stack.enter_context(own_listener(context.threads))
        loops = {}
        if (streams, direction) == (1, "send"):
            trips = stack.enter_context(contextlib.closing(RoundTrips(peer)))
            loops[_ROUND_TRIP] = Loop(trips, _MESSAGE, ONE, evidence=trips.evidence)
        line = Line(peer, ROLES[direction], streams, context.host)
        stack.enter_context(contextlib.closing(line))
        for name in _LOOPS[direction]:
            stream = Stream(line, "there" if name == "sent" else "here")
            loops[name] = Loop(
                stream, OPERATION_BYTES, BYTE, sample_seconds=_SAMPLE_SECONDS,
                evidence=stream.evidence,
            )  # fmt: skip
        yield loops


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """Bandwidth by direction, latency, and what the ends and their kernels saw meanwhile."""
    direction, peer = str(case.parameters["direction"]), _find_peer(case, context)
    flows = {name: samples[name] for name in _LOOPS[direction] if name in samples}
    is_local = is_within_host(samples.values())
    common: tuple[Doubt, ...] = (Doubt.LOOPBACK_ONLY,) if is_local else ()
    doubts = common + find_doubts(flows, case, context, peer)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    metrics = _bandwidths(flows, case, context, peer, doubts)
    rests_on = {each.name: tuple(flows) for each in metrics}
    rests_on |= {f"bandwidth_{name}": (name,) for name in flows}
    if _ROUND_TRIP in samples:
        source = f"tcp, {case.parameters['peer']}, round trips of 64 B with TCP_NODELAY"
        worth = Validity.DEGRADED if common else Validity.VALID
        trips = percentile_metrics(
            samples[_ROUND_TRIP].evidence("latency"), source, common, worth, _PERCENTILES
        )
        metrics += trips
        rests_on |= {each.name: (_ROUND_TRIP,) for each in trips}
    for each in lesser_metrics(flows):
        metrics.append(each)
        rests_on[each.name] = ()
    finding = window_finding(flows, doubts)
    return Conclusion(
        tuple(metrics), rests_on=rests_on, findings=finding, validity=validity, reasons=doubts
    )


def _bandwidths(
    flows: Mapping[str, Samples],
    case: Case,
    context: Context,
    peer: Peer | None,
    doubts: tuple[Doubt, ...],
) -> list[Metric]:
    """`bandwidth`, which in both directions at once is that of both together."""
    rates = {
        name: flow_rate(found, describe(found, name, case, context, peer))
        for name, found in flows.items()
    }
    if not rates:
        return []
    if len(_LOOPS[str(case.parameters["direction"])]) == 1:
        (only,) = rates.values()
        ceiling = find_ceiling(flows, case, context)
        return [_bandwidth("bandwidth", only, doubts, ceiling)]
    return [
        _both(tuple(rates.values()), doubts),
        *(_bandwidth(f"bandwidth_{name}", each, doubts) for name, each in rates.items()),
    ]


def _bandwidth(
    name: str, figure: Quantity, doubts: tuple[Doubt, ...], ceiling: Ceiling | None = None
) -> Metric:
    validity = Validity.DEGRADED if doubts else Validity.VALID
    return metric(
        name, figure, Direction.HIGHER, ceiling=ceiling, reasons=doubts, validity=validity
    )


def _both(rates: tuple[Quantity, ...], doubts: tuple[Doubt, ...]) -> Metric:
    """Both directions together, where the budget reached both."""
    if len(rates) == 2:
        return _bandwidth("bandwidth", _together(rates), doubts)
    spent = failed("the budget was spent before its turn", "use a larger --budget")
    return missing_metric("bandwidth", BYTE_PER_SECOND, spent, Direction.HIGHER, rates[0].origin)


def _together(rates: tuple[Quantity, ...]) -> Quantity:
    """Both directions' sum; its bounds are those of both at their lowest and at their highest."""
    origin = Origin(
        method=Method.MEASURED, source=f"both directions at once: {rates[0].origin.source}"
    )
    value = sum(each.value for each in rates)
    levels = [each.level for each in rates if each.level is not None]
    if len(levels) < len(rates):
        return Quantity(value=value, unit=BYTE_PER_SECOND, origin=origin)
    return Quantity(
        value=value, unit=BYTE_PER_SECOND, origin=origin, level=min(levels),
        low=sum(each.low or 0.0 for each in rates), high=sum(each.high or 0.0 for each in rates),
    )  # fmt: skip


def _find_peer(case: Case, context: Context) -> Peer | None:
    name = case.parameters["peer"]
    return next((each for each in context.peers if each.name == name), None)


BENCHMARK = Benchmark(
    summary="TCP to another host (--peer), or between two processes of this one (no network)",
    revision=2,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    blocks=3,
    weight=0.7,
)
