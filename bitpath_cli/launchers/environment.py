"""Ranks that something else started: torchrun, Slurm, Open MPI or a Kubernetes job told each its
number in the environment, by the variables that their own documentation names.
"""

import re
from collections.abc import Mapping
from typing import Final

from bitpath_cli.errors import BadValue
from bitpath_cli.launchers import Launcher, Place
from bitpath_cli.launchers._joined import run_joined
from bitpath_cli.launchers._way import find_way, is_loopback

_PORT: Final = 29500
_PORTS: Final = 10000
# Who started us: its name, then the variables of rank, size and ranks per host.
_STARTERS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("torchrun", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    ("srun", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE"),
    ("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("an Indexed Job", "JOB_COMPLETION_INDEX", "WORLD_SIZE", ""),
)


def starter(told: Mapping[str, str]) -> tuple[str, str, str, str] | None:
    """The starter whose variables are there, the innermost first; None where we are alone."""
    for found in _STARTERS:
        _, rank, size, _ = found
        if rank in told and size in told and ("SLURM_STEP_ID" in told or found[0] != "srun"):
            return found
    return None


def find_place(
    told: Mapping[str, str], join_seconds: float, progress_seconds: float
) -> Place | None:
    """Where this rank stands, or None where it is the only one; BadValue where words are missing.

    `told` is the environment.
    """
    found = starter(told)
    if found is None:
        return None
    name, rank_word, size_word, local_word = found
    rank, size = _number(told, rank_word), _number(told, size_word)
    if size < 2:
        return None
    hosts = _count_hosts(told, name, size, local_word)
    host = _find_address(told, name, hosts)
    port = _number(told, "MASTER_PORT") if "MASTER_PORT" in told else _own_port(told)
    address, interface = find_way("MASTER_ADDR", host, port)
    if hosts > 1 and is_loopback(address) and rank > 0:
        raise BadValue("MASTER_ADDR", host, f"an address that all {hosts} hosts can reach")
    if hosts > 1 and is_loopback(address):
        raise BadValue("MASTER_ADDR", host, f"a name that is not {address} on its own host")
    return Place(
        node=rank, nodes=size, host=host, port=port, address=address, interface=interface,
        hosts=hosts, keeps_store=told.get("TORCHELASTIC_USE_AGENT_STORE") != "True",
        join_seconds=join_seconds, progress_seconds=progress_seconds, called="rank",
    )  # fmt: skip


def _number(told: Mapping[str, str], name: str) -> int:
    if not told[name].isdecimal():
        raise BadValue(name, told[name], "a whole number")
    return int(told[name])


def _count_hosts(told: Mapping[str, str], name: str, size: int, local_word: str) -> int:
    if name == "srun" and told.get("SLURM_STEP_NUM_NODES", "").isdecimal():
        return int(told["SLURM_STEP_NUM_NODES"])
    local = told.get(local_word, "")
    return -(-size // int(local)) if local.isdecimal() and int(local) > 0 else size


def _find_address(told: Mapping[str, str], name: str, hosts: int) -> str:
    """MASTER_ADDR, or the first host as the starter names it."""
    if "MASTER_ADDR" in told:
        return told["MASTER_ADDR"]
    if hosts == 1:
        return "127.0.0.1"
    if name == "srun" and (nodes := told.get("SLURM_STEP_NODELIST")):
        return first_node(nodes)
    if found := re.search(r"tcp://([0-9.]+)", told.get("OMPI_MCA_orte_hnp_uri", "")):
        return found[1]
    raise BadValue("MASTER_ADDR", "", f"rank 0's address, given to every rank through {name}")


def first_node(nodes: str) -> str:
    """The first of a Slurm node list: gpu[007-009,012],login → gpu007."""
    found = re.match(r"([^\[,]+)(?:\[(\d+))?", nodes)
    if found is None:
        raise BadValue("SLURM_STEP_NODELIST", nodes, "a list of nodes, such as node[1-4]")
    return found[1] + (found[2] or "")


def _own_port(told: Mapping[str, str]) -> int:
    """The same port in every rank of a job, and another in the next job."""
    job = told.get("SLURM_JOB_ID", "")
    return _PORT + (int(job) % _PORTS if job.isdecimal() else 0)


LAUNCHER = Launcher(summary="Ranks that torchrun, Slurm, MPI or Kubernetes started", run=run_joined)
