"""The site's uplink as a report measured it to a peer, in place of what the site's profile assumes.

The peer of `assess --peer` stands where the cloud would; nothing that stayed on this host counts.
"""

from typing import Final

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.model.result import BenchmarkResult, Doubt
from bitpath_cli.model.site import Site

_DIRECTIONS: Final = {"up": "send", "down": "receive"}


def with_measured_uplink(report: Report, site: Site) -> Site:
    """The site with what is known of its uplink by measuring; as it was where nothing is."""
    crossed = [each for each in report.results if _crossed_a_network(each)]
    if not crossed:
        return site
    # Where there are several peers, the first that was named is meant.
    peer = crossed[0].parameters.get("peer")
    results = [each for each in crossed if each.parameters.get("peer") == peer]
    found = {side: _fastest(results, direction) for side, direction in _DIRECTIONS.items()}
    found["round_trip"] = next(
        (known for each in results if (known := each.figure("latency_p50")) is not None), None
    )
    measured = {name: value for name, value in found.items() if value is not None}
    return site.model_copy(update={"uplink": site.uplink.model_copy(update=measured)})


def _crossed_a_network(result: BenchmarkResult) -> bool:
    return (
        result.benchmark == "tcp" and result.is_usable and Doubt.LOOPBACK_ONLY not in result.reasons
    )


def _fastest(results: list[BenchmarkResult], direction: str) -> Quantity | None:
    """The best of all numbers of streams: what the link carries when nothing else limits it."""
    found = [
        figure
        for each in results
        if each.parameters.get("direction") == direction
        and (figure := each.figure("bandwidth")) is not None
    ]
    return max(found, key=lambda each: each.value, default=None)
