"""Ranks that something else started: torchrun, Slurm, Open MPI or a Kubernetes job told each its
number in the environment, by the variables that their own documentation names.
"""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bitpath_cli.errors import BadValue
from bitpath_cli.launchers import Launcher, Place
from bitpath_cli.launchers._joined import run_joined
from bitpath_cli.launchers._way import find_way, is_loopback

_PORT: Final = 29500
_PORTS: Final = 10000
_ADDRESS: Final = "MASTER_ADDR"
_MPIRUN: Final = "OMPI_MCA_orte_hnp_uri"


@dataclass(frozen=True, slots=True)
class Starter:
    """Who started us, and the variables in which it tells rank, size, hosts and ranks per host.

    `job` are numbers that differ between jobs, from which follows where a job's ranks meet.
    """

    name: str
    rank: str
    size: str
    hosts: str = ""
    on_host: str = ""
    job: tuple[str, ...] = ()


_STARTERS: Final = (
    Starter("torchrun", "RANK", "WORLD_SIZE", "GROUP_WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    Starter(
        "srun", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_STEP_NUM_NODES",
        job=("SLURM_JOB_ID", "SLURM_STEP_ID"),
    ),
    Starter(
        "mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_MCA_orte_num_nodes",
        "OMPI_COMM_WORLD_LOCAL_SIZE", job=("OMPI_MCA_ess_base_jobid",),
    ),
    Starter("an Indexed Job", "JOB_COMPLETION_INDEX", "WORLD_SIZE"),
)  # fmt: skip


def find_starter(told: Mapping[str, str]) -> Starter | None:
    """The starter whose variables are there, the innermost first; None where we are alone."""
    for found in _STARTERS:
        is_step = found.name != "srun" or "SLURM_STEP_ID" in told
        if found.rank in told and found.size in told and is_step:
            return found
    return None


def find_place(
    told: Mapping[str, str], join_seconds: float, progress_seconds: float
) -> Place | None:
    """Where this rank stands, or None where it is the only one; BadValue where words are missing.

    `told` is the environment. So long is waited for a name that is not known yet.
    """
    if "JOB_COMPLETION_INDEX" in told and "WORLD_SIZE" not in told:
        raise BadValue(
            "WORLD_SIZE", "", "the number of the Job's completions, set in its manifest: "
            "Kubernetes itself tells a pod no more than its index",
        )  # fmt: skip
    starter = find_starter(told)
    if starter is None:
        return None
    rank, size = _number(told, starter.rank), _number(told, starter.size)
    if size < 2:
        return None
    hosts = _count_hosts(told, starter, size)
    host = _find_host(told, starter, rank, hosts)
    port = _number(told, "MASTER_PORT") if "MASTER_PORT" in told else _own_port(told, starter)
    address, interface = find_way(_ADDRESS, host, port, join_seconds if hosts > 1 else 0.0)
    if hosts > 1 and is_loopback(address):
        address, interface = _find_outside(told, rank, hosts, host, port)
    keeps_store = _keeps_store(told, rank, address == host)
    return Place(
        node=rank, nodes=size, host=address if keeps_store else host, port=port, address=address,
        interface=interface, hosts=hosts, keeps_store=keeps_store, join_seconds=join_seconds,
        progress_seconds=progress_seconds, called="rank",
    )  # fmt: skip


def _number(told: Mapping[str, str], name: str) -> int:
    if not told[name].isdecimal():
        raise BadValue(name, told[name], "a whole number")
    return int(told[name])


def _count_hosts(told: Mapping[str, str], starter: Starter, size: int) -> int:
    hosts, on_host = told.get(starter.hosts, ""), told.get(starter.on_host, "")
    if hosts.isdecimal() and int(hosts) > 0:
        return int(hosts)
    return -(-size // int(on_host)) if on_host.isdecimal() and int(on_host) > 0 else size


def _find_host(told: Mapping[str, str], starter: Starter, rank: int, hosts: int) -> str:
    """MASTER_ADDR, or the first host as the starter names it."""
    if _ADDRESS in told:
        return told[_ADDRESS]
    if hosts == 1:
        return "127.0.0.1"
    if starter.name == "srun" and (nodes := told.get("SLURM_STEP_NODELIST")):
        return first_and_last(nodes)[0]
    if found := _mpirun_address(told):
        return found
    if starter.rank == "JOB_COMPLETION_INDEX" and (found := _first_pod(socket.getfqdn(), rank)):
        return found
    raise BadValue(_ADDRESS, "", f"rank 0's address, given to every rank through {starter.name}")


def _mpirun_address(told: Mapping[str, str]) -> str:
    """Where mpirun itself runs, which is the one address that it tells every rank."""
    found = re.search(r"tcp://([0-9.]+)|tcp6://\[([0-9a-f:]+)", told.get(_MPIRUN, ""))
    return (found[1] or found[2]) if found else ""


def _first_pod(own_name: str, index: int) -> str:
    """The name of pod 0 of an Indexed Job: job-3.service.space → job-0.service.space."""
    pod, dot, domain = own_name.partition(".")
    if not dot or not pod.endswith(f"-{index}"):
        return ""
    return f"{pod.removesuffix(str(index))}0.{domain}"


def _find_outside(
    told: Mapping[str, str], rank: int, hosts: int, host: str, port: int
) -> tuple[str, str]:
    """Rank 0's way out where its own name is loopback, as Debian writes it into /etc/hosts."""
    if rank > 0:
        raise BadValue(_ADDRESS, host, f"an address that all {hosts} hosts can reach")
    nodes = told.get("SLURM_STEP_NODELIST")
    for other in (socket.gethostname(), *(first_and_last(nodes)[1:] if nodes else ())):
        try:
            found = find_way(_ADDRESS, other, port)
        except BadValue:
            continue
        if not is_loopback(found[0]):
            return found
    raise BadValue(
        _ADDRESS, host, "a name that is not on the loopback interface of its own host, see "
        "/etc/hosts; the other hosts could not reach it",
    )  # fmt: skip


def _keeps_store(told: Mapping[str, str], rank: int, is_at_mpirun: bool) -> bool:
    """torchrun keeps a store itself; mpirun names its own host, where rank 0 need not be."""
    if told.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        return False
    if _MPIRUN in told and _ADDRESS not in told and is_at_mpirun:
        return told.get("OMPI_COMM_WORLD_LOCAL_RANK") == "0"
    return rank == 0


def first_and_last(nodes: str) -> tuple[str, str]:
    """The ends of a Slurm node list: gpu[007-009,012],login → gpu007 and login."""
    parts = re.findall(r"([^\[,]+)(?:\[([^\]]+)\])?", nodes)
    if not parts:
        raise BadValue("SLURM_STEP_NODELIST", nodes, "a list of nodes, such as node[1-4]")
    (first, first_numbers), (last, last_numbers) = parts[0], parts[-1]
    lowest, *_ = re.split("[-,]", first_numbers)
    *_, highest = re.split("[-,]", last_numbers)
    return first + lowest, last + highest


def _own_port(told: Mapping[str, str], starter: Starter) -> int:
    """The same port in every rank of a job, and another in the next job."""
    numbers = [told.get(each, "") for each in starter.job]
    return _PORT + sum(int(each) for each in numbers if each.isdecimal()) % _PORTS


LAUNCHER = Launcher(summary="Ranks that torchrun, Slurm, MPI or Kubernetes started", run=run_joined)
