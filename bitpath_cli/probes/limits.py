"""What this process may use: CPUs, memory, handles, and what a scheduler or the user has set.

Read from the process's own cgroups, affinity, ulimits and named environment variables.
"""

from collections.abc import Mapping
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Fact, Missing, Quantity, absent, fact, reported
from bitpath_cli.model.units import BYTE, ONE, Unit
from bitpath_cli.probes import Probe, Question, _cgroup
from bitpath_cli.probes._cpu_allowance import cpu_allowance
from bitpath_cli.probes._memory_allowance import memory_allowance

_SOURCE: Final = "environment"
_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108  (its size is asked, nothing is written there)
# The variable that shows the scheduler, and those that say what it gave; none holds a name or
# address.
SCHEDULERS: Final = (
    ("slurm", "SLURM_JOB_ID", (
        "SLURM_NNODES", "SLURM_NTASKS", "SLURM_NTASKS_PER_NODE", "SLURM_CPUS_PER_TASK",
        "SLURM_CPUS_ON_NODE", "SLURM_CPU_BIND", "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU",
        "SLURM_GPUS_ON_NODE", "SLURM_GPUS_PER_NODE", "SLURM_JOB_GPUS",
    )),
    ("pbs", "PBS_JOBID", (
        "NCPUS", "PBS_NP", "PBS_NUM_NODES", "PBS_NUM_PPN", "PBS_NGPUS", "PBS_RESC_MEM",
    )),
    ("lsf", "LSB_JOBID", (
        "LSB_DJOB_NUMPROC", "LSB_MAX_NUM_PROCESSORS", "LSB_BIND_CPU_LIST", "LSB_CG_MEMLIMIT",
    )),
    ("kubernetes", "KUBERNETES_SERVICE_HOST", ()),
)  # fmt: skip
THREAD_VARIABLES: Final = (
    "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OMP_DYNAMIC", "OMP_PROC_BIND", "OMP_PLACES",
    "OMP_WAIT_POLICY", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "KMP_BLOCKTIME", "KMP_HW_SUBSET",
    "MKL_NUM_THREADS", "MKL_DYNAMIC", "MKL_ENABLE_INSTRUCTIONS", "MKL_DEBUG_CPU_TYPE",
    "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "GOTO_NUM_THREADS",
    "BLIS_NUM_THREADS", "BLIS_ARCH_TYPE", "NVPL_BLAS_DEBUG_CPU_TYPE", "NUMEXPR_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "PYTHON_CPU_COUNT",
    "MALLOC_ARENA_MAX",
)  # fmt: skip


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """One component for this process."""
    cpus, memory = cpu_allowance(host), memory_allowance(host)
    environment = host.outside.environment()
    limits = Limits(
        name="this process",
        cgroup_version=_version(host),
        cgroup_path=_path(host),
        host_cpus=cpus.host,
        affinity_cpus=cpus.affinity,
        cpuset_cpus=cpus.cpuset,
        quota_cpus=cpus.quota,
        effective_cpus=cpus.effective,
        cpu_limit_source=cpus.source,
        threads=cpus.threads,
        throttled_periods=cpus.throttled_periods,
        throttled_time=cpus.throttled_time,
        host_memory=memory.host,
        memory_limit=memory.limit,
        memory_used=memory.used,
        effective_memory=memory.effective,
        available_memory=memory.available,
        memory_limit_source=memory.source,
        open_files=_ulimit(host, "NOFILE", ONE),
        locked_memory=_ulimit(host, "MEMLOCK", BYTE),
        processes=_ulimit(host, "NPROC", ONE),
        process_limit=_process_limit(host),
        shared_memory=_shared_memory(host),
        scheduler=_scheduler(environment),
        scheduler_settings=_scheduler_settings(environment),
        thread_settings=_named(environment, THREAD_VARIABLES, "no variable sets threads"),
    )
    return (limits,)


def _version(host: Host) -> Fact | Missing:
    """`v1`, `v2`, or `hybrid` where controllers of version 1 stand beside version 2."""
    joined = _cgroup.memberships(host)
    if isinstance(joined, Missing):
        return joined
    source = f"/proc/{host.outside.process_id()}/cgroup"
    first = any(each.version == 1 and _has_controller(each) for each in joined)
    second = any(each.version == 2 for each in joined)
    if not first and not second:
        return absent(f"{source} names no group")
    return fact("hybrid" if first and second else "v1" if first else "v2", source)


def _path(host: Host) -> Fact | Missing:
    """The group whose memory limit applies, which stands for the process's place."""
    groups = _cgroup.chain(host, "memory")
    if isinstance(groups, Missing):
        return groups
    return fact(groups.path, f"/proc/{host.outside.process_id()}/cgroup")


def _has_controller(membership: _cgroup.Membership) -> bool:
    """Whether a hierarchy limits anything: systemd's own of version 1 only names groups."""
    return any(not name.startswith("name=") for name in membership.controllers)


def _ulimit(host: Host, name: str, unit: Unit) -> Quantity | Missing:
    limit = host.outside.ulimit(name)
    if isinstance(limit, Missing):
        return limit
    if limit is None:
        return absent(f"RLIMIT_{name} is unlimited")
    return reported(limit, unit, f"RLIMIT_{name}")


def _process_limit(host: Host) -> Quantity | Missing:
    groups = _cgroup.chain(host, "pids")
    if isinstance(groups, Missing):
        return groups
    least = _cgroup.least(host, groups, ("pids.max",), _cgroup.read_limit)
    if least.value is not None:
        return reported(least.value, ONE, least.source)
    return least.unknown or absent(f"no group from {groups.path} upwards limits processes")


def _shared_memory(host: Host) -> Quantity | Missing:
    """The size of /dev/shm, which data loaders fill; Docker's default is 64 MiB."""
    space = host.outside.space(_SHARED_MEMORY)
    if isinstance(space, Missing):
        return space
    return reported(space.total_bytes, BYTE, _SHARED_MEMORY)


def _scheduler(environment: Mapping[str, str]) -> Fact | Missing:
    """The innermost first: a Slurm or PBS job may itself run on Kubernetes."""
    for name, variable, _ in SCHEDULERS:
        if variable in environment:
            return fact(name, variable)
    return absent("no variable of Slurm, PBS, LSF or Kubernetes is set")


def _scheduler_settings(environment: Mapping[str, str]) -> Fact | Missing:
    variables = tuple(
        each for _, shown_by, given in SCHEDULERS if shown_by in environment for each in given
    )
    return _named(environment, variables, "no scheduler says what it gave")


def _named(
    environment: Mapping[str, str], names: tuple[str, ...], otherwise: str
) -> Fact | Missing:
    """`NAME=value` for the named variables that are set, and no others."""
    found = tuple(f"{name}={environment[name]}" for name in names if name in environment)
    return fact(found, _SOURCE) if found else absent(otherwise)


PROBE = Probe(summary="what this process may use: CPUs, memory, handles, scheduler", find=find)
