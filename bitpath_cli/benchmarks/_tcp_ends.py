"""What the two ends saw beside the bytes: which was the limit, what was sent again, which way."""

from collections.abc import Iterable, Mapping
from statistics import fmean, median
from typing import Final

from bitpath_cli.benchmarks import Case, Context, Peer
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.reading import Method, Missing, Origin, Quantity, derived
from bitpath_cli.model.result import (
    Ceiling,
    Direction,
    Doubt,
    Finding,
    Metric,
    Samples,
    metric,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE
from bitpath_cli.stats import blocked_median_interval

_BUSY: Final = 0.9
_LIMITED: Final = 0.5
# Preamble, header, check sequence and gap of an Ethernet frame around its MTU.
_FRAME_BYTES: Final = 38
_ENDS: Final = ("sender", "receiver")
_CONGESTION_CONTROL: Final = "/proc/sys/net/ipv4/tcp_congestion_control"


def is_within_host(samples: Iterable[Samples]) -> bool:
    """Whether both ends of some connection had one address, so that nothing left this host."""
    return any(1.0 in each.evidence("within_host") for each in samples)


def flow_rate(found: Samples, source: str) -> Quantity:
    """All bytes of a process over all of its time, the median over processes.

    The windows follow each other without a gap, and one that is late makes the next one early, so
    that their median tells less than their sum. The interval is that of the windows.
    """
    blocks = [block for block in found.seconds_by_block if block]
    seconds = blocked_median_interval(blocks)
    centre = median(fmean(block) for block in blocks)
    origin = Origin(method=Method.MEASURED, source=source)
    if not 0 < seconds.level < 1:
        return Quantity(value=found.work / centre, unit=BYTE_PER_SECOND, origin=origin)
    return Quantity(
        value=found.work / centre, unit=BYTE_PER_SECOND, origin=origin, level=seconds.level,
        low=found.work / max(seconds.high, centre), high=found.work / min(seconds.low, centre),
    )  # fmt: skip


def find_doubts(
    flows: Mapping[str, Samples], case: Case, context: Context, peer: Peer | None
) -> tuple[Doubt, ...]:
    """Whether an end had no more processor time to give, or both ends shared one core."""
    streams = int(case.parameters["streams"]) * len(flows)
    shares = [_shares(name, found, context, peer, streams) for name, found in flows.items()]
    doubts = []
    if any(each >= _BUSY for one in shares for each in one):
        doubts.append(Doubt.CPU_BOUND)
    if peer is None and context.threads < 2:
        doubts.append(Doubt.CONTENDED)
    return tuple(doubts)


def _shares(
    name: str, found: Samples, context: Context, peer: Peer | None, streams: int
) -> tuple[float, ...]:
    """Of the processors that an end's streams could use, the share that was busy, by end.

    What the kernel does in interrupts is nobody's time, and yet takes it from the same core. On one
    host both ends share the processors, so that they are also counted together.
    """
    busy = {end: _busy(found, end) for end in _ENDS}
    if peer is None:
        together = sum(busy.values()) / context.threads
        return (together, *(each / min(streams, context.threads) for each in busy.values()))
    here = "sender" if name == "sent" else "receiver"
    return tuple(
        busy[end] / min(streams, context.threads if end == here else peer.threads) for end in _ENDS
    )


def _busy(found: Samples, end: str) -> float:
    own = _per_second(found, f"{end}_cpu_seconds")
    return own + _per_second(found, f"{end}_interrupt_seconds")


def _per_second(found: Samples, name: str) -> float:
    wall = sum(found.evidence("wall_seconds"))
    return sum(found.evidence(name)) / wall if wall > 0 else 0.0


def lesser_metrics(flows: Mapping[str, Samples]) -> list[Metric]:
    """Processors busy at each end, and the share of the bytes that was sent again.

    In both directions at once each end does both, and its processors tell nothing of either.
    """
    made: list[Metric] = []
    for name, found in flows.items():
        suffix = f"_{name}" if len(flows) > 1 else ""
        for end in _ENDS if len(flows) == 1 else ():
            source = f"processor seconds of the {end}'s process a second"
            busy = derived(_per_second(found, f"{end}_cpu_seconds"), ONE, source)
            made.append(metric(f"{end}_processors", busy, Direction.LOWER))
        sent = sum(found.evidence("sent_bytes"))
        if sent > 0 and found.evidence("retransmitted_bytes"):
            again = sum(found.evidence("retransmitted_bytes")) / sent
            source = "TCP_INFO: bytes_retrans of bytes_sent"
            made.append(
                metric(f"retransmitted{suffix}", derived(again, ONE, source), Direction.LOWER)
            )
    return made


def window_finding(flows: Mapping[str, Samples], doubts: tuple[Doubt, ...]) -> tuple[Finding, ...]:
    """Whether a window was the limit and not the link; a busy receiver closes its window too."""
    for found in flows.values():
        busy, limited = sum(found.evidence("busy_seconds")), sum(found.evidence("limited_seconds"))
        if busy > 0 and limited >= _LIMITED * busy and Doubt.CPU_BOUND not in doubts:
            return (
                Finding(
                    name="window_limited",
                    sentence=f"The sender waited {limited / busy:.0%} of the time for room in a "
                    "window, so the buffers may be the limit rather than the link.",
                    next_step="See the kernel's limits: sysctl net.ipv4.tcp_rmem net.ipv4.tcp_wmem",
                ),
            )  # fmt: skip
    return ()


def describe(found: Samples, name: str, case: Case, context: Context, peer: Peer | None) -> str:
    """Where a bandwidth comes from: the way, who counted, and the connection's own figures."""
    streams = int(case.parameters["streams"])
    way = f"{'to' if name == 'sent' else 'from'} {case.parameters['peer']}"
    if peer is None:
        way = str(case.parameters["peer"])
    parts = [f"tcp, {way}, {streams} stream{'s' if streams > 1 else ''}, counted by the receiver"]
    theirs = peer is not None and name == "received"
    governs = context.host.read_text(_CONGESTION_CONTROL)
    if theirs and peer is not None:
        parts.append(peer.congestion_control)
    elif not isinstance(governs, Missing):
        parts.append(governs)
    for label in ("mss", "mtu"):
        if told := found.evidence(label):
            parts.append(f"{label.upper()} {told[-1]:,.0f} B")
    parts += [
        f"{end} busy {_per_second(found, f'{end}_cpu_seconds'):.0%} of a processor" for end in _ENDS
    ]
    return "; ".join(parts)


def find_ceiling(flows: Mapping[str, Samples], case: Case, context: Context) -> Ceiling | None:
    """What the interface's speed leaves for bytes of ours; virtual interfaces make theirs up."""
    (found,) = flows.values()
    mss, mtu = found.evidence("mss"), found.evidence("mtu")
    for each in context.components:
        if not isinstance(each, Nic) or each.name != case.parameters.get("interface"):
            continue
        if each.medium == "physical" and isinstance(each.speed, Quantity) and mss and mtu:
            share = mss[-1] / (mtu[-1] + _FRAME_BYTES)
            return Ceiling(
                value=each.speed.value * share, unit=BYTE_PER_SECOND,
                source=f"{each.name}'s speed, less the headers ({each.speed.origin.source})",
            )  # fmt: skip
    return None
