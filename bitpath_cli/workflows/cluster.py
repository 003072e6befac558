"""Every node of a Ray cluster assessed at once, as members of one fleet report."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from bitpath_cli import archive, catalogue
from bitpath_cli.errors import MissingLibrary, UnreadableReport
from bitpath_cli.launchers._every_node import Order, run_on_every_node
from bitpath_cli.model.fleet import Refused
from bitpath_cli.workflows._sources import Found
from bitpath_cli.workflows.collect import Progress
from bitpath_cli.workflows.measure import BUDGETS

_JOIN_SECONDS: Final = 30.0
# Probes, advice and imports take their time beside the budget, and a busy node more.
_PATIENCE: Final = 3.0
_START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the cluster is, and what every node is asked to assess."""

    address: str
    budget: str = "quick"
    workloads: tuple[str, ...] = ()
    site: str = catalogue.DEFAULT_SITE
    directory: str = "."


def assess_nodes(cluster: Cluster, progress: Progress) -> Iterator[Found | Refused]:
    """A report a node, or why there is none; PeerFailed where no cluster can be joined."""
    if find_spec("ray") is None:
        raise MissingLibrary("ray", "the nodes of the cluster are reached through it")
    for name in cluster.workloads:
        catalogue.workload(name)
    order = Order(
        address=cluster.address,
        arguments=_arguments(cluster),
        join_seconds=_JOIN_SECONDS,
        limit_seconds=_START_SECONDS + _PATIENCE * BUDGETS[cluster.budget].seconds,
    )
    progress.stage(f"joining the cluster at {cluster.address}")
    for answer in run_on_every_node(order, progress.stage):
        if answer.failure:
            lacks = "No module named" in answer.failure
            step = "Install bitpath on that node." if lacks else "See: ray status"
            yield Refused(source=answer.node, why="failed", detail=answer.failure, next_step=step)
            continue
        try:
            report = archive.parse(answer.node, answer.text.encode())
        except UnreadableReport as error:
            yield Refused(source=answer.node, why="failed", detail=error.problem)
            continue
        yield Found(answer.node, report, answer.identity)


def _arguments(cluster: Cluster) -> tuple[str, ...]:
    chosen = [part for name in cluster.workloads for part in ("--workload", name)]
    return ("--budget", cluster.budget, "--site", cluster.site, "--dir", cluster.directory, *chosen)
