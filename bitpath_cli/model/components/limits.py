"""What this process may use of the machine, and which limit binds."""

from typing import Literal

from bitpath_cli.model.reading import Reading, Statement
from bitpath_cli.model.record import Record


class Limits(Record):
    """Host, limit and effective values are told apart.

    `effective_cpus` is min(affinity, cpuset, quota), a fraction where a quota is; threads are its
    floor, at least 1. `effective_memory` is the least of the host's memory and the limit of every
    cgroup from the process's own up to the root of the hierarchy. `processes` is the user's ulimit,
    `process_limit` the cgroups' least pids.max. A limit that nothing sets is Missing (absent).
    """

    kind: Literal["limits"] = "limits"
    name: str
    cgroup_version: Statement
    cgroup_path: Statement
    host_cpus: Reading
    affinity_cpus: Reading
    cpuset_cpus: Reading
    quota_cpus: Reading
    effective_cpus: Reading
    cpu_limit_source: Statement
    threads: Reading
    throttled_periods: Reading
    throttled_time: Reading
    host_memory: Reading
    memory_limit: Reading
    memory_used: Reading
    effective_memory: Reading
    available_memory: Reading
    memory_limit_source: Statement
    open_files: Reading
    locked_memory: Reading
    processes: Reading
    process_limit: Reading
    shared_memory: Reading
    scheduler: Statement
    scheduler_settings: Statement
    thread_settings: Statement
