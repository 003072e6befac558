from pathlib import Path

from bitpath_cli.host import Host
from bitpath_cli.meters.cgroup_memory import METER
from tests.tree import tree

V2 = {
    "/proc/self/cgroup": "0::/pod/job",
    "/proc/self/mountinfo": "9 1 0:27 / /cg rw - cgroup2 cgroup2 rw",
    "/cg/pod/memory.max": "4000",
    "/cg/pod/job/memory.max": "max",
    "/cg/pod/job/memory.current": "1500",
    "/cg/pod/job/memory.stat": "anon 900\ninactive_file 500",
    "/cg/pod/job/memory.events": "low 0\noom 2\noom_kill 1",
}
V1 = {
    "/proc/self/cgroup": "4:memory:/job",
    "/proc/self/mountinfo": "8 1 0:26 / /cg rw - cgroup cgroup rw,memory",
    "/cg/memory.limit_in_bytes": "9223372036854771712",
    "/cg/job/memory.limit_in_bytes": "3000",
    "/cg/job/memory.usage_in_bytes": "1000",
    "/cg/job/memory.stat": "cache 5\ntotal_inactive_file 300",
    "/cg/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4",
}


def values(host: Host) -> dict[str, float]:
    return {each.name: each.quantity.value for each in METER.read(host)}


def test_version_2_takes_the_limit_from_where_it_is_set(tmp_path: Path) -> None:
    assert values(tree(tmp_path, V2)) == {
        "group_memory_used": 1000, "group_memory_limit": 4000, "group_oom_kills": 1,
    }  # fmt: skip


def test_version_1_and_its_number_that_means_no_limit(tmp_path: Path) -> None:
    assert values(tree(tmp_path, V1)) == {
        "group_memory_used": 700, "group_memory_limit": 3000, "group_oom_kills": 4,
    }  # fmt: skip


def test_without_a_limit_there_is_none_rather_than_the_hosts(tmp_path: Path) -> None:
    free = {key: text for key, text in V2.items() if key != "/cg/pod/memory.max"}
    assert "group_memory_limit" not in values(tree(tmp_path, free))


def test_what_may_not_be_read_is_left_out(tmp_path: Path) -> None:
    part = {key: text for key, text in V2.items() if "memory.stat" not in key}
    assert set(values(tree(tmp_path, part))) == {"group_memory_limit", "group_oom_kills"}
    assert values(tree(tmp_path / "bare", {})) == {}
