from collections.abc import Mapping
from pathlib import Path

import pytest

from bitpath_cli.host import Host, Output, Space
from bitpath_cli.model.components.storage import Disk, Filesystem
from bitpath_cli.model.reading import Method, Missing, Quantity, Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes._blocks import parse_bus, pci_folder
from bitpath_cli.probes._disks import (
    Attachment,
    network_backed,
    parse_link_speed,
    parse_medium,
)
from bitpath_cli.probes._mounts import Mount, holding, parse_mountinfo
from bitpath_cli.probes.storage import PROBE
from tests.recorded import Recorded, recorded
from tests.tree import number, said, why


def disks(machine: str) -> dict[str, Disk]:
    found = PROBE.find(recorded(machine), Question())
    return {each.name: each for each in found if isinstance(each, Disk)}


def filesystems(host: Host, directory: str) -> dict[str, Filesystem]:
    found = PROBE.find(host, Question(directory=directory))
    return {each.name: each for each in found if isinstance(each, Filesystem)}


def target(host: Host, directory: str) -> Filesystem:
    (found,) = [each for each in filesystems(host, directory).values() if each.is_target]
    return found


def test_an_nvme_disk_tells_everything() -> None:
    disk = disks("xeon-rapl")["nvme0n1"]
    assert number(disk.size) == 7814037168 * 512
    assert said(disk.model) == "INTEL SSDPE2KX040T8"
    assert said(disk.medium) == "ssd"
    assert said(disk.bus) == "nvme"
    assert said(disk.network_backed) is False
    assert said(disk.scheduler) == "none"
    assert number(disk.queue_depth) == 1023
    assert number(disk.read_ahead) == 128 * 1024
    assert number(disk.logical_block) == 512
    assert said(disk.write_cache) == "write through"
    # 8 GT/s × 4 lanes × 128/130 ÷ 8 bits
    assert number(disk.link_speed) == pytest.approx(3.938e9, rel=1e-3)
    assert isinstance(disk.link_speed, Quantity)
    assert disk.link_speed.origin.method is Method.DERIVED
    assert number(disk.link_width) == 4
    assert number(disk.numa_node) == 1
    assert number(disk.temperature) == 34.85


def test_loop_optical_and_stacked_devices_are_no_disks() -> None:
    assert set(disks("xeon-rapl")) == {"nvme0n1", "sda"}
    assert set(disks("jetson")) == {"mmcblk0", "nvme0n1"}


def test_a_bare_metal_ata_disk_that_rotates_is_believed() -> None:
    disk = disks("xeon-rapl")["sda"]
    assert said(disk.medium) == "hdd"
    assert said(disk.model) == "ST8000NM000A-2KE"
    assert said(disk.scheduler) == "mq-deadline"
    assert why(disk.link_speed).reason is Reason.ABSENT
    assert "drivetemp" in why(disk.temperature).hint


@pytest.mark.parametrize("machine", ["container-v1", "microvm"])
def test_a_virtual_disk_says_nothing_about_its_medium_or_place(machine: str) -> None:
    (disk,) = disks(machine).values()
    assert disk.name == "vda"
    assert said(disk.bus) == "virtio"
    assert why(disk.medium).reason is Reason.UNSUPPORTED
    assert why(disk.network_backed).reason is Reason.UNSUPPORTED
    assert why(disk.model).reason is Reason.ABSENT
    assert why(disk.numa_node).reason is Reason.UNSUPPORTED


def test_cloud_volumes_are_behind_a_network_and_instance_stores_are_not() -> None:
    found = disks("container-v2")
    assert said(found["nvme1n1"].network_backed) is True
    assert "network volume" in why(found["nvme1n1"].medium).detail
    assert said(found["nvme2n1"].network_backed) is False
    assert said(found["nvme2n1"].medium) == "ssd"
    assert why(found["nvme1n1"].link_width).reason is Reason.UNSUPPORTED


def test_raid_controllers_and_usb_bridges_are_not_believed() -> None:
    found = disks("epyc-two-die")
    assert said(found["sda"].model) == "DELL PERC H730P Mini"
    assert "RAID" in why(found["sda"].medium).detail
    assert "usb" in why(found["sdb"].medium).detail
    assert said(found["sdc"].medium) == "ssd"


def test_a_memory_card_is_named_by_its_type() -> None:
    disk = disks("jetson")["mmcblk0"]
    assert said(disk.medium) == "sd card"
    assert said(disk.model) == "SN64G"
    assert why(disk.numa_node).reason is Reason.ABSENT


def test_hidden_paths_of_a_multipath_disk_are_left_out_and_their_controller_is_asked() -> None:
    found = disks("dgx-8gpu")
    assert len(found) == 10
    head = found["nvme8n1"]
    assert said(head.bus) == "nvme"
    assert said(head.scheduler) == "none"
    # 16 GT/s × 4 lanes × 128/130 ÷ 8 bits
    assert number(head.link_speed) == pytest.approx(7.877e9, rel=1e-3)
    assert number(head.numa_node) == 0
    assert number(head.temperature) == 33.85


@pytest.mark.parametrize(
    ("place", "bus"),
    [
        ("/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda", "ata"),
        ("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host4/t/4:0:0:0/block/sdb", "usb"),
        ("/sys/devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:1/b/block/sda", "virtio"),
        ("/sys/devices/platform/host3/session1/target3:0:0/3:0:0:1/block/sdc", "iscsi"),
        ("/sys/devices/pci0000:3a/0000:3b:00.0/host1/port-1:0/end_device-1:0/b/block/sd", "sas"),
        ("/sys/devices/pci0000:3a/0000:3b:00.0/host1/rport-1:0-0/b/block/sd", "fibre channel"),
        ("/sys/devices/virtual/nvme-fabrics/ctl/nvme1/nvme1n1", "nvme"),
        ("/sys/devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/x/host0/b/block/sda", "vmbus"),
        ("/sys/devices/vbd-51712/block/xvda", "xen"),
        ("/sys/devices/virtual/block/md0", ""),
    ],
)
def test_buses_are_read_from_the_real_path(place: str, bus: str) -> None:
    assert parse_bus(place) == bus


def test_the_last_pci_device_of_a_path_is_found() -> None:
    path = "/sys/devices/pci0000:00/0000:00:01.0/0000:02:00.0/nvme/nvme0/nvme0n1"
    assert pci_folder(path) == "/sys/devices/pci0000:00/0000:00:01.0/0000:02:00.0"
    assert pci_folder("/sys/devices/platform/mmc") == ""


@pytest.mark.parametrize(
    ("bus", "transport", "words", "expected"),
    [
        ("nvme", "tcp", "Linux", True),
        ("iscsi", "", "LIO-ORG disk0", True),
        ("scsi", "", "Google PersistentDisk", True),
        ("scsi", "", "Google EphemeralDisk", False),
        ("nvme", "pcie", "nvme_card-pd", True),
        ("nvme", "pcie", "nvme_card", False),
        ("sas", "", "SEAGATE ST1", False),
        ("nvme", "pcie", "QEMU NVMe Ctrl", None),
        ("ata", "", "QEMU HARDDISK", None),
        ("", "", "", None),
    ],
)
def test_what_lies_behind_a_network(
    bus: str, transport: str, words: str, expected: bool | None
) -> None:
    found = network_backed(Attachment(bus, transport, words, in_guest=True))
    if expected is None:
        assert why(found).reason is Reason.UNSUPPORTED
    else:
        assert said(found) is expected


def test_a_rotating_disk_is_not_believed_inside_a_guest() -> None:
    attached = Attachment("ata", "", "WDC WD40", in_guest=True)
    assert why(parse_medium(attached, 1, "")).reason is Reason.UNSUPPORTED
    assert said(parse_medium(attached, 0, "")) == "ssd"


@pytest.mark.parametrize(
    ("speed", "width", "expected"),
    [
        ("2.5 GT/s PCIe", 1, 250e6),
        ("5.0 GT/s", 4, 2e9),
        ("32.0 GT/s PCIe", 4, 15.754e9),
        ("64.0 GT/s PCIe", 4, 30.25e9),
    ],
)
def test_link_speeds_count_data_bits(speed: str, width: int, expected: float) -> None:
    assert number(parse_link_speed(speed, width, "x")) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("speed", "width"), [("Unknown", 4), ("8.0 GT/s PCIe", 0), ("", 255)])
def test_an_unknown_link_has_no_speed(speed: str, width: int) -> None:
    assert why(parse_link_speed(speed, width, "x")).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("machine", "directory", "point", "devices"),
    [
        ("xeon-rapl", "/tmp", "/", ("sda",)),
        ("xeon-rapl", "/data/run", "/data", ("nvme0n1",)),
        ("epyc-two-die", "/etc", "/", ("nvme0n1",)),
        ("epyc-two-die", "/scratch/a", "/scratch", ("sdc", "sdd")),
        ("container-v1", "/scratch", "/scratch", ("vda",)),
        ("container-v2", "/data/run", "/data", ("nvme1n1",)),
        ("jetson", "/home", "/", ("mmcblk0",)),
        ("microvm", "/tmp", "/", ("vda",)),
        ("dgx-8gpu", "/raid/run", "/raid", tuple(f"nvme{i}n1" for i in range(8))),
        ("dgx-8gpu", "/", "/", ("nvme8n1", "nvme9n1")),
    ],
)
def test_the_disks_behind_a_directory(
    machine: str, directory: str, point: str, devices: tuple[str, ...]
) -> None:
    found = target(recorded(machine), directory)
    assert found.name == point
    assert said(found.devices) == devices
    assert said(found.network) is False


def test_a_network_filesystem_has_no_disk_here() -> None:
    found = target(recorded("xeon-rapl"), "/home/user")
    assert said(found.network) is True
    assert said(found.type) == "nfs4"
    assert why(found.devices).reason is Reason.ABSENT
    assert number(found.available) == 10**12


def test_an_overlay_inside_a_container_hides_its_disks() -> None:
    found = target(recorded("container-v2"), "/work")
    assert said(found.overlay) is True
    assert why(found.devices).reason is Reason.UNSUPPORTED
    assert "--dir" in why(found.devices).hint


def test_an_overlay_whose_writable_layer_is_visible_leads_to_its_disks() -> None:
    place = "/var/lib/containers/storage/overlay/1/merged/tmp"
    found = target(recorded("epyc-two-die"), place)
    assert said(found.overlay) is True
    assert said(found.devices) == ("nvme0n1",)


def test_each_filesystem_is_listed_once_and_only_if_it_is_storage() -> None:
    found = filesystems(recorded("xeon-rapl"), "/")
    assert set(found) == {"/", "/data", "/home"}
    found = filesystems(recorded("container-v1"), "/")
    assert set(found) == {"/", "/scratch"}
    # /home and /scratch are two subvolumes of one btrfs, and the overlay is a container's root.
    found = filesystems(recorded("epyc-two-die"), "/")
    assert set(found) == {"/", "/home", "/srv/archive", "/tank", "/mnt/bucket", "/mnt/odd"}


def test_a_bind_mount_that_holds_the_directory_stands_for_its_filesystem() -> None:
    found = filesystems(recorded("xeon-rapl"), "/srv/sets/imagenet")
    assert set(found) == {"/", "/srv/sets", "/home"}
    assert found["/srv/sets"].is_target
    assert said(found["/srv/sets"].read_only) is True
    assert said(found["/"].read_only) is False


def test_memory_is_listed_only_when_it_is_asked_about() -> None:
    found = target(recorded("xeon-rapl"), "/dev/shm")
    assert said(found.type) == "tmpfs"
    assert "memory" in why(found.devices).detail


def test_filesystems_that_keep_their_devices_to_themselves_say_so() -> None:
    found = filesystems(recorded("epyc-two-die"), "/")
    assert "zpool" in why(found["/tank"].devices).hint
    assert why(found["/mnt/odd"].network).reason is Reason.UNSUPPORTED
    assert said(found["/mnt/bucket"].network) is True


def test_no_inodes_is_no_shortage_where_they_have_no_fixed_number() -> None:
    btrfs = target(recorded("epyc-two-die"), "/scratch")
    assert why(btrfs.available_inodes).reason is Reason.UNSUPPORTED
    ext4 = target(recorded("container-v1"), "/scratch")
    assert number(ext4.available_inodes) == 3000000


MOUNTS = (
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 8:2 / /a/b rw shared:1 master:2 - ext4 /dev/sda2 rw\n"
    "3 1 8:3 / /a rw - ext4 /dev/sda3 rw\n"
    "4 1 8:4 / /x\\040y rw - ext4 /dev/sda4 rw,data=ordered\n"
    "5 1 8:5 / /a rw - ext4 /dev/sda5 rw\n"
    "6 1 8:6 / /cut"
)


def held(directory: str, device: str) -> str:
    found = holding(parse_mountinfo(MOUNTS), directory, device)
    assert found is not None
    return found.device


def test_a_mount_over_a_parent_hides_the_deeper_one() -> None:
    assert held("/a/b/c", "") == "8:2"
    assert held("/a/b/c", "8:5") == "8:5"
    assert held("/a/z", "") == "8:5"
    assert held("/ab", "") == "8:1"


def test_mount_points_are_unescaped_and_lines_cut_off_left_out() -> None:
    mounts = parse_mountinfo(MOUNTS)
    assert len(mounts) == 5
    assert mounts[3] == Mount(
        "8:4", "/", "/x y", ("rw",), "ext4", "/dev/sda4", ("rw", "data=ordered")
    )
    assert mounts[3].option("data") == "ordered"
    assert mounts[3].option("upperdir") == ""


class Bare(Recorded):
    """A machine of which statvfs alone can be asked."""

    def __init__(self) -> None:
        super().__init__({"affinity": [0], "hostname": "bare", "machine": "x86_64"}, None)

    def space(self, path: str) -> Space | Missing:
        return Space(1000, 400, 7)

    def run(self, arguments: object, limit_seconds: float) -> Output | Missing:
        raise AssertionError("the storage probe starts nothing")

    def environment(self) -> Mapping[str, str]:
        raise AssertionError("the storage probe reads no environment")


def test_a_machine_without_sysfs_and_procfs_gives_reasons(tmp_path: Path) -> None:
    disk, filesystem = PROBE.find(Host(tmp_path, Bare()), Question(directory="/data"))
    assert isinstance(disk, Disk)
    assert why(disk.size).reason is Reason.ABSENT
    assert "sysfs" in why(disk.size).hint
    assert isinstance(filesystem, Filesystem)
    assert filesystem.is_target
    assert why(filesystem.type).reason is Reason.ABSENT
    assert number(filesystem.available) == 400


def test_a_relative_directory_is_below_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "srv/sets").mkdir(parents=True)
    (tmp_path / "srv/latest").symlink_to("sets")
    (tmp_path / "proc/self/cwd").symlink_to("/srv")
    (tmp_path / "proc/self/mountinfo").write_text(
        "1 0 0:5 / / rw - 9p host rw\n2 1 0:6 / /srv/sets rw - virtiofs sets rw\n"
    )
    found = target(Host(tmp_path, Bare()), "latest")
    assert found.name == "/srv/sets"
    assert why(found.network).reason is Reason.UNSUPPORTED
    assert why(found.devices).reason is Reason.ABSENT


def test_this_machine_answers_about_a_directory_that_exists(tmp_path: Path) -> None:
    found = target(Host(), str(tmp_path))
    assert number(found.total) >= number(found.available) > 0
    assert str(tmp_path.resolve()).startswith(found.name)
