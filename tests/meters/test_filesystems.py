from pathlib import Path

from bitpath_cli.host import Host
from bitpath_cli.meters.filesystems import METER, parse_mounts
from tests.recorded import recorded
from tests.tree import tree

MOUNTS = """\
1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw
3 1 8:2 / /data\\040set rw - xfs /dev/sda2 rw
4 1 0:40 / /share rw - nfs4 server:/ rw
5 1 0:41 / /tmp rw - tmpfs tmpfs rw
6 1 7:0 / /snap/x ro - squashfs /dev/loop0 ro
7 1 0:50 / /run/layers rw - overlay overlay rw
8 1 nonsense"""


def test_each_local_disk_and_overlay_once_and_no_network() -> None:
    assert parse_mounts(MOUNTS) == ("/", "/data set", "/run/layers")


def test_a_recorded_container_sees_its_own_root() -> None:
    found = {(each.name, each.subject): each.quantity.value
             for each in METER.read(recorded("container-v2"))}  # fmt: skip
    assert found["filesystem_size", "/"] == 85886742528
    assert found["filesystem_available", "/data"] == 800000000000
    assert not any(place == "/shared" for _, place in found)


def test_a_place_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/proc/self/mountinfo": MOUNTS}, space={"/": [100, 40, 5]})
    assert [each.quantity.value for each in METER.read(host)] == [100, 40]
    assert METER.read(tree(tmp_path / "bare", {})) == ()


def test_this_machine_has_at_least_one() -> None:
    sizes = [each.quantity.value for each in METER.read(Host()) if each.name == "filesystem_size"]
    assert all(size > 0 for size in sizes)
