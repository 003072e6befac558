from pathlib import Path

import pytest

from bitpath_cli.model.reading import Missing, Reason
from bitpath_cli.probes import _cgroup
from tests.recorded import recorded
from tests.tree import tree, why

MOUNT = "30 20 0:27 {root} {point} rw,nosuid shared:9 - {type} cgroup rw,{options}"


def mount(root: str, point: str, kind: str = "cgroup2", options: str = "nsdelegate") -> str:
    return MOUNT.format(root=root, point=point, type=kind, options=options)


@pytest.mark.parametrize(
    ("words", "cpus"),
    [
        ("250000 100000", 2.5),
        ("max 100000", None),
        ("-1 100000", None),
        ("50000 100000", 0.5),
    ],
)
def test_a_quota_is_read(words: str, cpus: float | None) -> None:
    assert _cgroup.parse_quota(words) == cpus


@pytest.mark.parametrize("words", ["", "max", "100000 0", "a b"])
def test_what_is_no_quota_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        _cgroup.parse_quota(words)


def test_memberships_of_both_versions() -> None:
    first, named, second = _cgroup.parse_memberships(
        "4:cpu,cpuacct:/job:a\n1:name=systemd:/x\n0::/user.slice\nnoise\n"
    )
    assert first == _cgroup.Membership(1, frozenset({"cpu", "cpuacct"}), "/job:a")
    assert named.controllers == {"name=systemd"}
    assert second == _cgroup.Membership(2, frozenset(), "/user.slice")


def test_mounts_are_read_with_their_escapes() -> None:
    block = "\n".join(
        [
            mount("/docker/a", "/sys/fs/cgroup/cpu", "cgroup", "cpu,cpuacct"),
            mount("/", "/mnt/my\\040groups"),
            "28 1 8:2 / / rw - ext4 /dev/sda2 rw",
            "too short",
        ]
    )
    first, second = _cgroup.parse_mounts(block)
    assert (first.version, first.root, first.point) == (1, "/docker/a", "/sys/fs/cgroup/cpu")
    assert "cpuacct" in first.options
    assert (second.version, second.root, second.point) == (2, "/", "/mnt/my groups")


def test_the_walk_goes_from_the_own_group_to_the_mounts_root() -> None:
    found = _cgroup.chain(recorded("container-v2"), "cpu")
    assert isinstance(found, _cgroup.Chain)
    assert found.folders == (
        "/sys/fs/cgroup/trainer/rank0",
        "/sys/fs/cgroup/trainer",
        "/sys/fs/cgroup",
    )


def test_a_path_is_relative_to_the_mounts_root() -> None:
    found = _cgroup.chain(recorded("container-v1"), "memory")
    assert isinstance(found, _cgroup.Chain)
    assert found.version == 1
    assert found.folders == ("/sys/fs/cgroup/memory",)


def test_a_hybrid_keeps_controllers_in_version_1() -> None:
    found = _cgroup.chain(recorded("microvm"), "memory")
    assert isinstance(found, _cgroup.Chain)
    assert found.version == 1
    assert found.folders[-2:] == ("/sys/fs/cgroup/memory/service", "/sys/fs/cgroup/memory")


def test_of_several_mounts_the_one_that_shows_most_ancestors_counts(tmp_path: Path) -> None:
    mounts = "\n".join([mount("/a/b", "/own"), mount("/a", "/wide"), mount("/z", "/other")])
    host = tree(
        tmp_path,
        {"/proc/self/cgroup": "0::/a/b", "/proc/self/mountinfo": mounts, "/wide/b/cpu.max": "max"},
    )
    found = _cgroup.chain(host, "cpu")
    assert isinstance(found, _cgroup.Chain)
    assert found.folders == ("/wide/b", "/wide")


@pytest.mark.parametrize(
    ("own", "mounts", "reason"),
    [
        ("0::/a", "", Reason.UNSUPPORTED),
        ("0::/a", mount("/b", "/sys/fs/cgroup"), Reason.UNSUPPORTED),
        ("0::/../a", mount("/", "/sys/fs/cgroup"), Reason.UNSUPPORTED),
        ("0::/ab", mount("/a", "/sys/fs/cgroup"), Reason.UNSUPPORTED),
        ("0::/gone", mount("/", "/sys/fs/cgroup"), Reason.UNSUPPORTED),
        ("3:memory:/a", mount("/", "/sys/fs/cgroup"), Reason.ABSENT),
    ],
)
def test_a_group_that_cannot_be_seen_may_hide_a_limit(
    tmp_path: Path, own: str, mounts: str, reason: Reason
) -> None:
    host = tree(tmp_path, {"/proc/self/cgroup": own, "/proc/self/mountinfo": mounts})
    assert why(_cgroup.chain(host, "cpu")).reason is reason


def test_a_refused_folder_is_denied(tmp_path: Path) -> None:
    host = tree(
        tmp_path,
        {
            "/proc/self/cgroup": "0::/",
            "/proc/self/mountinfo": mount("/", "/sys/fs/cgroup"),
            "/sys/fs/cgroup/cpu.max": "max 100000",
        },
        refusals={"/sys/fs/cgroup": "EACCES"},
    )
    assert why(_cgroup.chain(host, "cpu")).reason is Reason.DENIED


def test_the_least_limit_wins_and_a_refusal_is_kept(tmp_path: Path) -> None:
    files = {"/g/a/b/memory.max": "max", "/g/a/memory.max": "500", "/g/memory.max": "900"}
    host = tree(tmp_path, files, refusals={"/g/a/b/memory.max": "EPERM"})
    groups = _cgroup.Chain(2, "/a/b", ("/g/a/b", "/g/a", "/g"))
    found = _cgroup.least(host, groups, ("memory.max", "memory.high"), _cgroup.read_limit)
    assert (found.value, found.source, found.folder) == (500, "/g/a/memory.max", "/g/a")
    assert isinstance(found.unknown, Missing)
    assert found.unknown.reason is Reason.DENIED


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("max", None),
        ("9223372036854771712", None),
        ("9223372036854710272", None),
        ("-1", None),
        ("4294967296", 4294967296),
    ],
)
def test_no_limit_has_many_spellings(tmp_path: Path, text: str, limit: int | None) -> None:
    host = tree(tmp_path, {"/memory.limit_in_bytes": text})
    assert _cgroup.read_limit(host, "/memory.limit_in_bytes") == limit


def test_nonsense_is_no_absence_of_a_limit(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/memory.max": "?", "/cpu.max": "?", "/cpu.cfs_quota_us": "100000"})
    assert why(_cgroup.read_limit(host, "/memory.max")).reason is Reason.FAILED
    assert why(_cgroup.read_quota(host, "/cpu.max")).reason is Reason.FAILED
    assert why(_cgroup.read_quota(host, "/cpu.cfs_quota_us")).reason is Reason.ABSENT


def test_counters_skip_what_is_no_number(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/cpu.stat": "nr_throttled 3\nbroken\nx y\n"})
    assert _cgroup.read_counters(host, "/cpu.stat") == {"nr_throttled": 3}
