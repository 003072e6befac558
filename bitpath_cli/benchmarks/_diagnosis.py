"""What the extra loops say: overlap with computing, late ranks, slow links, more connections."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from bitpath_cli.benchmarks import _arrivals, _pairs
from bitpath_cli.benchmarks._connections import COUNTS
from bitpath_cli.benchmarks._points import Scene, quantity
from bitpath_cli.benchmarks._suspects import SLOW, find_late, find_slow, last_shares
from bitpath_cli.model.reading import derived, fact, failed
from bitpath_cli.model.result import (
    Block,
    Direction,
    Finding,
    Metric,
    PairLink,
    RankTiming,
    Samples,
)
from bitpath_cli.model.units import BYTE_PER_SECOND, ONE, SECOND, human
from bitpath_cli.stats import Interval, blocked_median_interval

OVERLAP: Final = "overlap"
ARRIVALS: Final = "arrivals"
PAIRS: Final = "pairs"
CONNECTIONS: Final = "connections"
ALL: Final = (OVERLAP, ARRIVALS, PAIRS, CONNECTIONS)

_GAIN: Final = 1.05
_SLOWDOWNS: Final = (
    ("overlap_compute_slowdown", "compute_slowdown", "computing beside an all-reduce ÷ alone"),
    ("overlap_comm_slowdown", "comm_slowdown", "an all-reduce beside computing ÷ alone"),
)
_UNREACHED: Final = failed("the budget did not reach it", "choose a larger --budget")


def overlap_metrics(samples: Samples | None, scene: Scene) -> tuple[Metric, ...]:
    """How much longer either takes beside the other; 1 where neither minds."""
    return tuple(
        scene.metric(
            name,
            _UNREACHED if samples is None else quantity(
                _interval(samples, evidence), ONE, scene.told(f"{words}, the slowest ranks'")
            ),
            ONE, Direction.LOWER,
        )
        for name, evidence, words in _SLOWDOWNS
    )  # fmt: skip


def judge_connections(
    samples: Samples | None, scene: Scene
) -> tuple[tuple[Metric, ...], tuple[Finding, ...]]:
    """The best gain of several connections over one, and whether one is the limit."""
    if samples is None:
        return (scene.metric("connections_gain", _UNREACHED, ONE, Direction.HIGHER),), ()
    gains = {count: _interval(samples, f"gain_{count}") for count in COUNTS}
    count = max(gains, key=lambda each: gains[each].value)
    gain = gains[count]
    reading = quantity(gain, ONE, scene.told(f"time over one connection ÷ over {count}"))
    told = (scene.metric("connections_gain", reading, ONE, Direction.HIGHER),)
    between = f"[{gain.low:.2f} – {gain.high:.2f}]"
    if gain.low > _GAIN:
        return told, (Finding(
            name="connections",
            sentence=f"One connection is the limit: {count} at once carry {gain.value:.2f} times "
            f"as much {between}.",
            next_step="Reduce large messages in parts, each in a process group of its own and all "
            "at once, or name the interface several times in GLOO_SOCKET_IFNAME.",
        ),)  # fmt: skip
    verdict = "may help" if gain.high > _GAIN else "would not help"
    return told, (Finding(
        name="connections",
        sentence=f"More connections {verdict}: {count} at once carry {gain.value:.2f} times as "
        f"much as one {between}.",
    ),)  # fmt: skip


def judge_arrivals(
    samples: Samples | None, scene: Scene, addresses: Sequence[str]
) -> tuple[tuple[RankTiming, ...], tuple[Finding, ...]]:
    """Every rank's lateness and transfer, and the rank that holds up the others.

    Nothing without the ranks' addresses, which are not known where their run was cut short.
    """
    if samples is None or not addresses:
        return (), ()
    lateness = _lateness(samples, len(addresses))
    lasts = last_shares(lateness)
    transfers = [
        _blocks(samples, _arrivals.transfer_of(rank)) for rank in range(len(addresses))
    ]  # fmt: skip
    timings = tuple(
        RankTiming(
            rank=rank, source_address=fact(address, "the ranks' introduction"),
            lateness=quantity(
                blocked_median_interval([lateness[rank]]), SECOND, scene.told("behind the first")
            ),
            transfer=quantity(
                blocked_median_interval(transfers[rank]), SECOND, scene.told("once all are there")
            ),
            last_share=derived(lasts[rank], ONE, "iterations in which it came last"),
        )
        for rank, address in enumerate(addresses)
    )  # fmt: skip
    seconds = median(each for blocks in transfers for block in blocks for each in block)
    late = find_late(lateness, seconds)
    if late is None:
        return timings, ()
    return timings, (Finding(
        name="late_rank", ranks=(late.rank,),
        sentence=f"Rank {late.rank} is late: it comes last in {late.share:.0%} of the iterations, "
        f"{human(late.seconds, SECOND)} after all others, whose transfer then takes "
        f"{human(seconds, SECOND)}.",
        next_step="Its computing is slower, not its link: see what else runs on its host, and its "
        "clock and limits.",
    ),)  # fmt: skip


def judge_pairs(
    samples: Samples | None, scene: Scene
) -> tuple[tuple[PairLink, ...], tuple[Finding, ...]]:
    """What every pair reaches, and the hosts and links that are slow beside the others."""
    if samples is None:
        return (), ()
    size_bytes = samples.evidence("size")[0]
    links: list[PairLink] = []
    bandwidths: dict[tuple[int, int], float] = {}
    for pair in _pairs_in(samples.blocks[0]):
        times = blocked_median_interval(_blocks(samples, _pairs.transfer_of(*pair)))
        bandwidth = Interval(
            size_bytes / times.value, size_bytes / times.high, size_bytes / times.low, times.level
        )
        bandwidths[pair] = bandwidth.value
        latency = blocked_median_interval(_blocks(samples, _pairs.latency_of(*pair)))
        links.append(
            PairLink(
                rank_a=pair[0], rank_b=pair[1],
                latency=quantity(latency, SECOND, scene.told("half a round trip of one byte")),
                bandwidth=quantity(
                    bandwidth, BYTE_PER_SECOND, scene.told("both ways at once, no other pair's")
                ),
            )
        )  # fmt: skip
    return tuple(links), _name_slow(bandwidths)


def _name_slow(bandwidths: Mapping[tuple[int, int], float]) -> tuple[Finding, ...]:
    findings = []
    for suspect in find_slow(bandwidths):
        is_host = len(suspect.ranks) == 1
        who = (
            f"Every link of the host of rank {suspect.ranks[0]}" if is_host
            else f"The link between ranks {suspect.ranks[0]} and {suspect.ranks[1]}"
        )  # fmt: skip
        findings.append(Finding(
            name="slow_host" if is_host else "slow_link", ranks=suspect.ranks,
            sentence=f"{who} is slow: it carries {suspect.share:.0%} of what the others do; below "
            f"{SLOW:.0%} a link holds up all ranks.",
            next_step="Check there: ip -s link, ethtool, the cable and the switch's port.",
        ))  # fmt: skip
    return tuple(findings)


def _interval(samples: Samples, name: str) -> Interval:
    return blocked_median_interval(_blocks(samples, name))


def _blocks(samples: Samples, name: str) -> list[tuple[float, ...]]:
    return [block.evidence[name] for block in samples.blocks if block.evidence.get(name)]


def _lateness(samples: Samples, ranks: int) -> list[list[float]]:
    """Seconds behind the first rank, by rank and iteration."""
    arrivals = [samples.evidence(_arrivals.arrival_of(rank)) for rank in range(ranks)]
    firsts = [min(each) for each in zip(*arrivals, strict=True)]
    return [[own - first for own, first in zip(row, firsts, strict=True)] for row in arrivals]


def _pairs_in(block: Block) -> list[tuple[int, int]]:
    """The pairs of ranks that a block has seen."""
    prefix = "transfer_"
    names = (name.removeprefix(prefix) for name in block.evidence if name.startswith(prefix))
    return [
        (int(first), int(second)) for first, _, second in (each.partition("_") for each in names)
    ]
