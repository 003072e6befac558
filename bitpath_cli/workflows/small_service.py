"""A service's workload in small: as much computing for each byte, and less of both."""

from dataclasses import dataclass
from typing import Final

from bitpath_cli import catalogue
from bitpath_cli.benchmarks._load import Arrival
from bitpath_cli.benchmarks._sized_model import Size
from bitpath_cli.errors import UnfitWorkload
from bitpath_cli.model.units import BYTE, FLOP, human

_MOST_FLOP: Final = 2e9
_LEAST_BYTES: Final = 4.0
_MOST_RATE: Final = 20.0


@dataclass(frozen=True, slots=True)
class SmallService:
    """What stands in for the workload: a network, requests a second, and what it must keep."""

    name: str
    model: str
    rate: float
    arrival: Arrival
    limit_seconds: float | None
    percentile: float
    stays: str
    words: str


def small_service(workload_name: str) -> SmallService:
    """The service of that profile; UnfitWorkload for a training job."""
    workload = catalogue.workload(workload_name)
    serving = workload.serving
    if serving is None:
        raise UnfitWorkload(workload.name, "it is a training job; a trial of jobs takes --model")
    factor = max(1.0, workload.work.forward.value / _MOST_FLOP)
    size = Size(
        workload.work.forward.value / factor,
        *(
            max(1, round(max(_LEAST_BYTES, each.value / factor)))
            for each in (serving.request_bytes, serving.reply_bytes)
        ),
    )
    limit = serving.latency
    bound = workload.residency
    asked = human(size.request_bytes, BYTE), human(size.reply_bytes, BYTE)
    return SmallService(
        name=workload.name, model=str(size),
        rate=min(serving.request_rate.value * factor, _MOST_RATE), arrival=serving.arrival,
        limit_seconds=limit.at.value / factor if limit is not None and limit.binds else None,
        percentile=serving.percentile,
        stays=bound.reason if bound.binds and bound.allowed == "site" else "",
        words=(
            f"{workload.name} with 1/{factor:.3g} of its computing and bytes: a network of about "
            f"{human(size.flop, FLOP)} an answer, {asked[0]} there and {asked[1]} back"
        ),
    )  # fmt: skip
