"""The ranks of several hosts that measure together: where we stand, and how many run here."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal

from bitpath_cli.benchmarks import Case
from bitpath_cli.errors import BadValue
from bitpath_cli.launchers import Place, environment, ray, rendezvous
from bitpath_cli.workflows._jobs import Job
from bitpath_cli.workflows._same_line import same_line

LauncherName = Literal["auto", "local", "env", "ray"]


@dataclass(frozen=True, slots=True)
class Crew:
    """A place among hosts, the ranks on each, and what the first host says before it waits.

    `launcher` is the member of launchers that brings the ranks.
    """

    place: Place
    launcher: str
    ranks_here: int = 1
    remarks: tuple[str, ...] = ()
    _turns: Iterator[int] = field(default_factory=count, compare=False, repr=False)

    def next_place(self) -> Place:
        """The place for one more meeting: every node counts them alike."""
        return replace(self.place, turn=next(self._turns))

    def enlist(self, job: Job) -> Job:
        """The job over all ranks, with the parameters that say so."""
        place = self.place
        told = {
            **job.case.parameters,
            "world_size": place.nodes * self.ranks_here, "nodes": place.hosts,
            "interface": place.interface,
        }  # fmt: skip
        return replace(job, case=Case(told, job.case.weight))


def find_crew(
    launcher: LauncherName,
    nodes: int | None,
    node: int | None,
    address: str,
    ranks_here: int,
    join_seconds: float,
    progress_seconds: float,
    ray_address: str = "",
    typed: Sequence[str] = (),
) -> Crew | None:
    """Who measures together, from what was typed or from the environment; None for us alone.

    `typed` is the whole command line, which the first host repeats for the others. BadValue for
    what cannot be meant, PeerFailed for a port that is taken or a cluster that does not answer.
    """
    if ranks_here < 1:
        raise BadValue("--nproc-per-node", str(ranks_here), "1 or more")
    if launcher == "ray" or ray_address:
        place = ray.find_place(ray_address, nodes, join_seconds, progress_seconds)
        return Crew(place, "ray", ranks_here)
    if nodes is not None or node is not None or address:
        if nodes is None or node is None or not address:
            raise BadValue(
                "--nnodes, --node-rank and --rendezvous", "some without the others",
                "all three, such as --nnodes 2 --node-rank 0 --rendezvous 10.0.0.1:29400",
            )  # fmt: skip
        place = rendezvous.find_place(nodes, node, address, join_seconds, progress_seconds)
        line = same_line(
            typed,
            {"--node-rank": "1" if nodes == 2 else "R", "--rendezvous": place.meeting},
        )
        return Crew(place, "rendezvous", ranks_here, rendezvous.remarks(place, line))
    if launcher == "local":
        return None
    found = environment.find_place(os.environ, join_seconds, progress_seconds)
    if found is None and launcher == "env":
        raise BadValue(
            "--launcher", "env",
            "env under torchrun, srun, mpirun or an Indexed Job, whose variables are not here",
        )  # fmt: skip
    return None if found is None else Crew(found, "environment")
