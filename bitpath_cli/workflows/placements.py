"""`bench inference` on two hosts: each placement that was asked for, one after the other."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bitpath_cli.benchmarks._load import Arrival, Traffic
from bitpath_cli.errors import BadValue, PeerFailed
from bitpath_cli.host import Host
from bitpath_cli.model.report import Report
from bitpath_cli.probes import Question
from bitpath_cli.workflows._edge_part import parse_placement
from bitpath_cli.workflows._placement_report import as_result
from bitpath_cli.workflows.assess import Progress
from bitpath_cli.workflows.infer import check_model, count_threads
from bitpath_cli.workflows.inspect import inspect
from bitpath_cli.workflows.peers import read_token
from bitpath_cli.workflows.remote import Link, is_local, measure_placement

_SECONDS: Final = {"quick": 5.0, "standard": 20.0, "thorough": 120.0}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for, as it was typed; each placement takes its share of a budget's time."""

    model: str
    placements: tuple[str, ...]
    remote: str = ""
    token_file: Path | None = None
    rate: float = 10.0
    arrival: Arrival = "poisson"
    budget: Literal["quick", "standard", "thorough"] = "standard"
    threads: int | None = None
    small: str = ""


def compare(wanted: Wanted, progress: Progress) -> tuple[Report, PeerFailed | None]:
    """This host, a result for each placement, and how the service failed if it did in mid-run.

    A signal ends it with what is done. Raises BadValue, UnknownName or BadModel before anything
    runs, and PeerFailed where nothing was measured.
    """
    placements = [parse_placement(each) for each in wanted.placements]
    for each in (wanted.model, *filter(None, (wanted.small,))):
        check_model(each)
    link = _find_link(wanted)
    threads = wanted.threads or count_threads()
    traffic = Traffic(wanted.rate, _SECONDS[wanted.budget], wanted.arrival)
    progress.stage("looking at the machine")
    report = inspect(Host(), Question())
    failure = None
    try:
        for placement in placements:
            progress.stage(f"{wanted.model}, {placement}, {traffic.seconds:g} s")
            found = measure_placement(wanted.model, placement, traffic, link, threads, wanted.small)
            result = as_result(found, threads, link is not None and is_local(link.url))
            report = report.model_copy(update={"results": (*report.results, result)})
    except PeerFailed as lost:
        if not report.results:
            raise
        failure = lost
    except KeyboardInterrupt:
        if not report.results:
            raise
    is_complete = report.complete and len(report.results) == len(placements)
    return report.model_copy(update={"complete": is_complete}), failure


def _find_link(wanted: Wanted) -> Link | None:
    if not wanted.remote:
        return None
    if wanted.token_file is None:
        raise BadValue("--token-file", "", "the file with the token that bitpath serve was given")
    return Link(wanted.remote, read_token("--token-file", wanted.token_file))
