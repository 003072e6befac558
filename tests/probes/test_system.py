import json
from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import Fact, Reason
from bitpath_cli.probes import Question
from bitpath_cli.probes._cloud import cloud, instance_type, parse_instance_type
from bitpath_cli.probes._container import container, parse_root
from bitpath_cli.probes._dmi import dmi
from bitpath_cli.probes._virtualisation import is_virtual, virtualisation
from bitpath_cli.probes.system import PROBE, parse_release
from tests.recorded import recorded
from tests.tree import number, said, tree, why

DMI = "/sys/class/dmi/id"
VIRTUAL = {"/proc/cpuinfo": "flags : fpu hypervisor"}
OVERLAY = "590 500 0:59 / / rw - overlay overlay rw,lowerdir=/a"
PLAIN = "27 1 254:0 / / rw - ext4 /dev/vda rw"


def system(host: Host) -> System:
    (found,) = PROBE.find(host, Question())
    assert isinstance(found, System)
    return found


def test_a_microvm_that_tells_almost_nothing() -> None:
    found = system(recorded("microvm"))
    assert said(found.virtualisation) == "kvm"
    assert said(found.kernel) == "6.18.44-fc-v657"
    assert said(found.distribution) == "Debian GNU/Linux 12 (bookworm)"
    assert said(found.clock_source) == "tsc"
    assert number(found.uptime) > 0
    for statement in (found.hardware, found.cloud, found.instance_type):
        assert why(statement).reason is Reason.ABSENT


def test_a_leftover_of_docker_makes_no_container() -> None:
    found = system(recorded("microvm")).container
    assert said(found) == "none"
    assert isinstance(found, Fact)
    assert "/.dockerenv alone proves nothing" in found.origin.source


@pytest.mark.parametrize(
    ("machine", "hardware", "hypervisor"),
    [
        ("xeon-rapl", "Dell Inc. PowerEdge R650", "none"),
        ("epyc-two-die", "Supermicro Super Server", "none"),
        ("jetson", "NVIDIA Jetson Orin Nano Developer Kit", "none"),
        ("dgx-8gpu", "NVIDIA DGXH100", "none"),
        ("container-v2", "Amazon EC2 m6i.xlarge", "kvm"),
        ("container-v1", "OpenStack Foundation OpenStack Nova", "kvm"),
    ],
)
def test_hardware_and_hypervisor(machine: str, hardware: str, hypervisor: str) -> None:
    found = system(recorded(machine))
    assert said(found.hardware) == hardware
    assert said(found.virtualisation) == hypervisor


@pytest.mark.parametrize(
    ("machine", "name"),
    [("container-v1", "docker"), ("container-v2", "kubernetes"), ("xeon-rapl", "none")],
)
def test_containers(machine: str, name: str) -> None:
    assert said(system(recorded(machine)).container) == name


def test_a_pod_is_known_by_its_group_where_the_variable_is_gone(tmp_path: Path) -> None:
    files = {"/proc/self/cgroup": "0::/kubepods.slice/cri-containerd-1.scope"}
    assert said(container(tree(tmp_path, files))) == "kubernetes"


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"/run/.containerenv": ""}, "podman"),
        ({"/run/systemd/container": "lxc"}, "lxc"),
        ({"/proc/self/mountinfo": OVERLAY}, "unknown runtime"),
        ({"/proc/self/mountinfo": OVERLAY, "/.dockerenv": ""}, "docker"),
        ({"/proc/self/mountinfo": PLAIN, "/.dockerenv": ""}, "none"),
    ],
)
def test_what_runtimes_leave_behind(tmp_path: Path, files: dict[str, str], name: str) -> None:
    assert said(container(tree(tmp_path, files))) == name


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("APPTAINER_CONTAINER", "/a.sif", "apptainer"),
        ("container", "podman", "podman"),
        ("container", "oci", "docker"),
    ],
)
def test_runtimes_known_by_a_variable(tmp_path: Path, variable: str, value: str, name: str) -> None:
    assert said(container(tree(tmp_path, {}, environment={variable: value}))) == name


def test_the_last_mount_at_the_root_counts() -> None:
    assert parse_root(f"{PLAIN}\n{OVERLAY}\nshort") == ("overlay", "overlay")
    assert parse_root("") is None


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({f"{DMI}/sys_vendor": "QEMU"}, "qemu"),
        ({f"{DMI}/sys_vendor": "VMware, Inc."}, "vmware"),
        ({f"{DMI}/product_name": "Virtual Machine", f"{DMI}/sys_vendor": "Microsoft"}, "hyper-v"),
        ({f"{DMI}/product_name": "VirtualBox"}, "virtualbox"),
        ({"/sys/hypervisor/type": "xen"}, "xen"),
        ({"/proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2"}, "wsl"),
        ({}, "unknown hypervisor"),
    ],
)
def test_hypervisors_by_name(tmp_path: Path, files: dict[str, str], name: str) -> None:
    assert said(virtualisation(tree(tmp_path, {**VIRTUAL, **files}))) == name


def test_a_laptop_of_a_hypervisors_maker_is_no_virtual_machine(tmp_path: Path) -> None:
    files = {"/proc/cpuinfo": "flags : fpu", f"{DMI}/sys_vendor": "Microsoft Corporation"}
    assert said(virtualisation(tree(tmp_path, files))) == "none"
    assert not is_virtual(tree(tmp_path, {}))


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({f"{DMI}/sys_vendor": "Amazon EC2", f"{DMI}/product_name": "m7g.large"}, "kvm"),
        ({f"{DMI}/sys_vendor": "Amazon EC2", f"{DMI}/product_name": "m7g.metal"}, "none"),
        ({"/proc/device-tree/compatible": "linux,dummy-virt"}, "qemu"),
        ({"/proc/device-tree/hypervisor/compatible": "linux,kvm"}, "kvm"),
    ],
)
def test_arm_has_no_flag_for_a_hypervisor(tmp_path: Path, files: dict[str, str], name: str) -> None:
    assert said(virtualisation(tree(tmp_path, {"/proc/cpuinfo": "Features : fp", **files}))) == name


def test_arm_without_any_word_is_unknown(tmp_path: Path) -> None:
    host = tree(tmp_path, {"/proc/cpuinfo": "Features : fp"})
    assert why(virtualisation(host)).reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    ("field", "words", "name"),
    [
        ("sys_vendor", "Amazon EC2", "aws"),
        ("product_name", "Google Compute Engine", "gcp"),
        ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "azure"),
        ("chassis_asset_tag", "OracleCloud.com", "oracle"),
        ("sys_vendor", "Hetzner", "hetzner"),
    ],
)
def test_clouds_by_their_firmware(tmp_path: Path, field: str, words: str, name: str) -> None:
    assert said(cloud(tree(tmp_path, {f"{DMI}/{field}": words}))) == name


def test_cloud_init_names_cloud_and_type(tmp_path: Path) -> None:
    metadata = {"ds": {"meta_data": {"imds": {"compute": {"vmSize": "Standard_D4s_v5"}}}}}
    host = tree(
        tmp_path,
        {
            "/run/cloud-init/cloud-id": "azure",
            "/run/cloud-init/instance-data.json": json.dumps(metadata),
        },
    )
    assert said(cloud(host)) == "azure"
    assert said(instance_type(host, cloud(host))) == "Standard_D4s_v5"


def test_a_local_seed_is_no_cloud(tmp_path: Path) -> None:
    assert why(cloud(tree(tmp_path, {"/run/cloud-init/cloud-id": "nocloud"}))).hint == ""


def test_aws_writes_the_type_into_the_firmware() -> None:
    found = system(recorded("container-v2"))
    assert said(found.cloud) == "aws"
    assert said(found.instance_type) == "m6i.xlarge"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"ds": {"meta_data": {"instance-type": "c5.large"}}}, "c5.large"),
        ({"machine-type": "projects/1/machineTypes/n2-standard-4"}, "n2-standard-4"),
        ({"ds": {}, "v1": {"region": "x"}}, None),
        ([], None),
    ],
)
def test_instance_types_in_cloud_inits_document(document: object, name: str | None) -> None:
    assert parse_instance_type(document) == name


def test_broken_metadata_is_no_type(tmp_path: Path) -> None:
    files = {"/run/cloud-init/cloud-id": "gce", "/run/cloud-init/instance-data.json": "{"}
    host = tree(tmp_path, files)
    assert "names no instance type" in why(instance_type(host, cloud(host))).detail


def test_a_template_of_the_firmware_says_nothing(tmp_path: Path) -> None:
    host = tree(tmp_path, {f"{DMI}/product_name": "To Be Filled By O.E.M."})
    assert why(dmi(host, "product_name")).reason is Reason.UNSUPPORTED


def test_a_serial_is_denied_with_the_privilege_that_reveals_it() -> None:
    found = why(dmi(recorded("container-v2"), "product_uuid"))
    assert found.reason is Reason.DENIED
    assert "CAP_DAC_READ_SEARCH" in found.hint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('NAME="Rocky Linux"\nPRETTY_NAME="Rocky Linux 9.3"', "Rocky Linux 9.3"),
        ("NAME=Alpine\nVERSION_ID=3.20", "Alpine 3.20"),
        ("", None),
    ],
)
def test_distributions(text: str, name: str | None) -> None:
    assert parse_release(text) == name


def test_the_hosts_name_does_not_appear() -> None:
    assert "xeon" not in system(recorded("xeon-rapl")).model_dump_json().lower()
