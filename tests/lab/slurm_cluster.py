"""A real Slurm on hosts of the lab: munged, slurmctld and a slurmd each, without systemd.

All three run in the foreground as our own processes, from a folder of their own.
"""

import contextlib
import secrets
import select
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.hosts import Hosts

_PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sbatch", "sinfo")
_LOOKS = 300
_CONFIGURATION = """\
ClusterName=lab
SlurmctldHost=node0({address})
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
KillWait=5
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def lacking() -> str:
    """Why there can be no Slurm here, or nothing."""
    for program in _PROGRAMS:
        if shutil.which(program) is None:
            return f"needs {program}, of Debian's slurm-wlm and munge: make lab"
    return ""


@dataclass(frozen=True)
class Slurm:
    """The cluster: how a program is run on a node of it."""

    hosts: Hosts
    folder: Path

    def run(self, *words: str) -> "subprocess.Popen[str]":
        """On node 0, where people log in."""
        return _run(self.hosts, self.folder, 0, *words)


@contextlib.contextmanager
def slurm_cluster(made: Hosts, folder: Path) -> Iterator[Slurm]:
    """A node on every host, all of them idle."""
    _configure(made, folder)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    (folder / "state").mkdir()
    _run(
        made, folder, 0, "munged", "--foreground", "--force", f"--key-file={key}",
        f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
        f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed",
    )  # fmt: skip
    _run(made, folder, 0, "slurmctld", "-D", "-i")
    for host in range(made.count):
        _run(made, folder, host, "slurmd", "-D", "-N", f"node{host}")
    cluster = Slurm(made, folder)
    try:
        _wait_until_idle(cluster)
        yield cluster
    finally:
        for host in range(made.count):
            made.kill(host)


def _configure(made: Hosts, folder: Path) -> None:
    nodes = [
        f"NodeName=node{host} NodeAddr={made.address(host)} CPUs=2 RealMemory=1000 State=UNKNOWN"
        for host in range(made.count)
    ]
    (folder / "slurm.conf").write_text(
        _CONFIGURATION.format(address=made.address(0), folder=folder, nodes="\n".join(nodes))
    )
    names = [f"{made.address(host)} node{host}" for host in range(made.count)]
    # A namespace has a /sys of its own, on which no cgroups are mounted.
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    (folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", *names, ""]))


def _run(made: Hosts, folder: Path, host: int, *words: str) -> "subprocess.Popen[str]":
    return made.run(
        host, *words, names=folder / "hosts", name=f"node{host}",
        environment={"SLURM_CONF": f"{folder}/slurm.conf"},
    )  # fmt: skip


def _wait_until_idle(cluster: Slurm) -> None:
    out = err = ""
    for _ in range(_LOOKS):
        out, err = cluster.run("sinfo", "-h", "-N", "-o", "%T").communicate(timeout=30)
        if out.split() == ["idle"] * cluster.hosts.count:
            return
        select.select([], [], [], 0.1)
    raise AssertionError(f"Slurm did not come up: {out}{err}")
