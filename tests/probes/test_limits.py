from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitpath_cli.host import Host
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.reading import Method, Quantity, Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes.limits import PROBE
from tests.recorded import recorded
from tests.tree import number, said, tree, why

GIB = 1 << 30
MOUNT = "30 20 0:27 / /g rw - cgroup2 cgroup rw"


def limits(host: Host) -> Limits:
    (found,) = PROBE.find(host, Question())
    assert isinstance(found, Limits)
    return found


def test_a_container_of_version_2_is_bound_by_an_ancestor() -> None:
    found = limits(recorded("container-v2"))
    assert said(found.cgroup_version) == "v2"
    assert said(found.cgroup_path) == "/trainer/rank0"
    assert number(found.host_cpus) == 4
    assert number(found.affinity_cpus) == 4
    assert number(found.quota_cpus) == 2.5
    assert number(found.effective_cpus) == 2.5
    assert number(found.threads) == 2
    assert said(found.cpu_limit_source) == "quota"
    assert number(found.memory_limit) == 6 * GIB
    assert number(found.effective_memory) == 6 * GIB
    assert number(found.memory_used) == 2 * GIB
    assert said(found.memory_limit_source) == "cgroup"
    assert isinstance(found.effective_memory, Quantity)
    assert found.effective_memory.origin.source.endswith("/sys/fs/cgroup/trainer/memory.max")


def test_available_memory_counts_what_can_be_reclaimed() -> None:
    found = limits(recorded("container-v2"))
    # trainer: 6 GiB - 2 GiB + 0.25 GiB; the group above has 8 - 3 + 0.5 GiB and the host more.
    assert number(found.available_memory) == 4.25 * GIB


def test_throttling_is_that_of_the_group_that_sets_the_quota() -> None:
    found = limits(recorded("container-v2"))
    assert number(found.throttled_periods) == 120
    assert number(found.throttled_time) == 3.5


def test_a_container_of_version_1_is_bound_by_its_cpuset() -> None:
    found = limits(recorded("container-v1"))
    assert said(found.cgroup_version) == "v1"
    assert number(found.host_cpus) == 4
    assert number(found.cpuset_cpus) == 2
    assert number(found.quota_cpus) == 3
    assert number(found.effective_cpus) == 2
    assert said(found.cpu_limit_source) == "cpuset"
    assert number(found.throttled_time) == 1.5


def test_version_1_tells_the_limit_of_ancestors_that_the_mount_hides() -> None:
    found = limits(recorded("container-v1"))
    assert number(found.memory_limit) == 4 * GIB
    assert number(found.available_memory) == 4 * GIB - 1 * GIB + 268435456


def test_a_container_has_little_shared_memory() -> None:
    assert number(limits(recorded("container-v2")).shared_memory) == 64 << 20


def test_nothing_binds_on_the_microvm() -> None:
    found = limits(recorded("microvm"))
    assert said(found.cgroup_version) == "hybrid"
    assert why(found.quota_cpus).reason is Reason.ABSENT
    assert why(found.memory_limit).reason is Reason.ABSENT
    assert number(found.effective_cpus) == number(found.host_cpus) == 2
    assert said(found.cpu_limit_source) == said(found.memory_limit_source) == "host"
    assert isinstance(found.effective_cpus, Quantity)
    assert found.effective_cpus.origin.method is Method.DERIVED


def test_a_users_slice_limits_memory_and_processes() -> None:
    assert number(limits(recorded("dgx-8gpu")).effective_memory) == 1 << 40
    assert number(limits(recorded("xeon-rapl")).process_limit) == 169789


def test_an_affinity_binds() -> None:
    found = limits(recorded("xeon-rapl", affinity=[2, 3, 6]))
    assert number(found.effective_cpus) == 3
    assert said(found.cpu_limit_source) == "affinity"


def test_a_quota_below_one_still_gives_a_thread(tmp_path: Path) -> None:
    found = limits(quota(tmp_path, "50000 100000"))
    assert number(found.effective_cpus) == 0.5
    assert number(found.threads) == 1


def test_a_refused_quota_is_unknown_and_not_unlimited(tmp_path: Path) -> None:
    found = limits(quota(tmp_path, "50000 100000", refusals={"/g/cpu.max": "EACCES"}))
    assert why(found.quota_cpus).reason is Reason.DENIED
    assert isinstance(found.effective_cpus, Quantity)
    assert found.effective_cpus.value == 8
    assert found.effective_cpus.origin.method is Method.ASSUMED
    assert (found.effective_cpus.low, found.effective_cpus.high) == (1, 8)


def test_masked_groups_leave_an_upper_bound(tmp_path: Path) -> None:
    files = {
        "/proc/self/cgroup": "0::/",
        "/proc/self/mountinfo": "",
        "/proc/meminfo": "MemTotal: 8388608 kB",
    }
    found = limits(tree(tmp_path, files))
    assert why(found.memory_limit).reason is Reason.UNSUPPORTED
    assert isinstance(found.effective_memory, Quantity)
    assert found.effective_memory.value == found.effective_memory.high == 8 * GIB
    assert found.effective_memory.origin.method is Method.ASSUMED


def test_a_kernel_without_groups_hides_nothing(tmp_path: Path) -> None:
    found = limits(tree(tmp_path, {"/proc/meminfo": "MemTotal: 8388608 kB"}))
    assert isinstance(found.effective_memory, Quantity)
    assert found.effective_memory.origin.method is Method.DERIVED


def test_memory_high_is_a_limit_in_all_but_name(tmp_path: Path) -> None:
    files = {
        "/proc/self/cgroup": "0::/",
        "/proc/self/mountinfo": MOUNT,
        "/proc/meminfo": "MemTotal: 8388608 kB",
        "/g/memory.max": 6 * GIB,
        "/g/memory.high": 5 * GIB,
    }
    assert number(limits(tree(tmp_path, files)).effective_memory) == 5 * GIB


def test_a_group_over_its_limit_has_nothing_available(tmp_path: Path) -> None:
    files = {
        "/proc/self/cgroup": "0::/",
        "/proc/self/mountinfo": MOUNT,
        "/proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB",
        "/g/memory.high": GIB,
        "/g/memory.current": GIB + 4096,
    }
    assert number(limits(tree(tmp_path, files)).available_memory) == 0


def test_an_unlimited_ulimit_is_no_number() -> None:
    found = limits(recorded("epyc-two-die"))
    assert number(found.open_files) == 1048576
    assert why(found.locked_memory).detail == "RLIMIT_MEMLOCK is unlimited"


def test_schedulers_tell_what_they_gave_and_no_more() -> None:
    slurm = limits(recorded("container-v1"))
    assert said(slurm.scheduler) == "slurm"
    assert said(slurm.scheduler_settings) == (
        "SLURM_CPUS_PER_TASK=2",
        "SLURM_CPUS_ON_NODE=2",
        "SLURM_MEM_PER_NODE=4096",
    )
    kubernetes = limits(recorded("container-v2"))
    assert said(kubernetes.scheduler) == "kubernetes"
    assert why(kubernetes.scheduler_settings).reason is Reason.ABSENT


@pytest.mark.parametrize(
    ("variable", "name"), [("PBS_JOBID", "pbs"), ("LSB_JOBID", "lsf"), ("SLURM_JOB_ID", "slurm")]
)
def test_schedulers_are_known_by_their_job(variable: str, name: str) -> None:
    found = limits(recorded("microvm", environment={variable: "1", "NCPUS": "8"}))
    assert said(found.scheduler) == name


def test_thread_settings_are_named_and_nothing_else_is() -> None:
    found = limits(recorded("microvm", environment={"OMP_NUM_THREADS": "1", "AWS_SECRET": "x"}))
    assert said(found.thread_settings) == ("OMP_NUM_THREADS=1",)
    assert "AWS_SECRET" not in found.model_dump_json()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    cpus=st.integers(1, 16),
    allowed=st.integers(1, 16),
    quotas=st.lists(st.one_of(st.none(), st.integers(1_000, 2_000_000)), min_size=1, max_size=3),
    memory=st.lists(st.one_of(st.none(), st.integers(1 << 20, 1 << 34)), min_size=1, max_size=3),
)
def test_effective_values_exceed_no_limit(
    tmp_path_factory: pytest.TempPathFactory,
    cpus: int,
    allowed: int,
    quotas: list[int | None],
    memory: list[int | None],
) -> None:
    depth = max(len(quotas), len(memory))
    files: dict[str, object] = {
        "/proc/self/cgroup": "0::/" + "/".join("a" * depth),
        "/proc/self/mountinfo": MOUNT,
        "/proc/meminfo": "MemTotal: 8388608 kB",
        "/sys/devices/system/cpu/online": f"0-{cpus - 1}",
        "/g" + "/a" * depth + "/cgroup.type": "domain",
    }
    for level, quota_us in enumerate(quotas):
        files["/g" + "/a" * level + "/cpu.max"] = f"{quota_us or 'max'} 100000"
    for level, size in enumerate(memory):
        files["/g" + "/a" * level + "/memory.max"] = size or "max"
    found = limits(
        tree(tmp_path_factory.mktemp("groups"), files, affinity=list(range(min(cpus, allowed))))
    )
    bounds = [float(cpus), float(min(cpus, allowed)), *(each / 1e5 for each in quotas if each)]
    assert number(found.effective_cpus) == pytest.approx(min(bounds))
    assert 1 <= number(found.threads) <= max(1.0, min(bounds))
    assert number(found.effective_memory) == min([8 * GIB, *(each for each in memory if each)])


def quota(root: Path, words: str, **told: Any) -> Host:
    files = {
        "/proc/self/cgroup": "0::/",
        "/proc/self/mountinfo": MOUNT,
        "/sys/devices/system/cpu/online": "0-7",
        "/g/cpu.max": words,
    }
    return tree(root, files, affinity=list(range(8)), **told)
