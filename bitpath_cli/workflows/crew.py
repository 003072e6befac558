"""The ranks of several hosts that measure together: where we stand, and how many run here."""

import os
from dataclasses import dataclass, replace
from typing import Literal

from bitpath_cli.benchmarks import Case
from bitpath_cli.errors import BadValue
from bitpath_cli.launchers import Place, environment, rendezvous
from bitpath_cli.workflows._jobs import Job

LauncherName = Literal["auto", "local", "env"]


@dataclass(frozen=True, slots=True)
class Crew:
    """A place among hosts, the ranks on each, and what the first host says before it waits."""

    place: Place
    ranks_here: int = 1
    remarks: tuple[str, ...] = ()

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
) -> Crew | None:
    """Who measures together, from what was typed or from the environment; None for us alone."""
    if nodes is not None or node is not None or address:
        if nodes is None or node is None or not address:
            raise BadValue(
                "--nnodes, --node-rank and --rendezvous", "some without the others",
                "all three, such as --nnodes 2 --node-rank 0 --rendezvous 10.0.0.1:29400",
            )  # fmt: skip
        if ranks_here < 1:
            raise BadValue("--nproc-per-node", str(ranks_here), "1 or more")
        place = rendezvous.find_place(nodes, node, address, join_seconds, progress_seconds)
        count = "" if ranks_here == 1 else f" --nproc-per-node {ranks_here}"
        which = "1" if nodes == 2 else "R"
        line = (
            f"bitpath bench allreduce --nnodes {nodes} --node-rank {which} "
            f"--rendezvous {place.host}:{place.port}{count}"
        )
        return Crew(place, ranks_here, rendezvous.remarks(place, line))
    if launcher == "local":
        return None
    found = environment.find_place(os.environ, join_seconds, progress_seconds)
    if found is None and launcher == "env":
        raise BadValue(
            "--launcher", "env",
            "env under torchrun, srun, mpirun or an Indexed Job, whose variables are not here",
        )  # fmt: skip
    return None if found is None else Crew(found)
