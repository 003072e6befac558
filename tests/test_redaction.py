"""What a report that is handed on no longer says, and what it still does."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.network import Route
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.components.storage import Filesystem
from bitpath_cli.model.reading import fact, failed
from bitpath_cli.model.report import HostIdentity, Note, Report
from bitpath_cli.redaction import Redactor, redact
from bitpath_cli.redaction._forms import Forms
from tests.sample_report import filled, report, result

UUID = "GPU-8f2c6b1e-9a51-4f0e-b0a1-1c2d3e4f5a6b"
TELLING = report(
    components=(
        *report().components,
        filled(Accelerator, name="gpu0", vendor="nvidia", index=0, uuid=fact(UUID, "nvml")),
        filled(
            Route, name="10.1.2.3", interface=fact("eth0", "netlink"),
            source_address=fact("10.1.2.9", "netlink"), gateway=fact("10.1.2.1", "netlink"),
        ),
        filled(
            Filesystem, name="/home/alice/data", is_target=True, type=fact("ext4", "mountinfo"),
            source=failed("/home/alice/data on edge-01: 52:54:00:12:34:56 did not answer"),
        ),
    ),
    notes=(Note(level="info", text="edge-01 was quiet; edge-012 was not."),),
    members=(report(host=HostIdentity(name="edge-77", fingerprint="abcdef0123456789")),),
)  # fmt: skip


def test_names_addresses_and_uuids_are_gone() -> None:
    text = redact(TELLING).model_dump_json()
    for identifier in ("alice", "8f2c6b1e", "10.1.2", "52:54:00", "edge-77", '"edge-01"'):
        assert identifier not in text


def test_the_host_is_called_by_its_fingerprint_everywhere() -> None:
    found = redact(TELLING)
    assert found.host.name == "host-0f1e2d"
    assert found.notes[0].text == "host-0f1e2d was quiet; edge-012 was not."
    assert found.members[0].host.name == "host-abcdef"


def test_everything_that_was_measured_stays() -> None:
    found = redact(TELLING)
    assert found.results == TELLING.results
    assert found.recommendations == TELLING.recommendations
    assert found.host.fingerprint == TELLING.host.fingerprint


def test_a_host_that_is_called_like_a_word_of_the_grammar_breaks_nothing() -> None:
    named = report(host=HostIdentity(name="disk", fingerprint="0f1e2d3c4b5a6978"))
    found = redact(named)
    assert [each.benchmark for each in found.results] == [each.benchmark for each in named.results]
    assert json.loads(found.model_dump_json())["components"][4]["kind"] == "disk"


def test_redacting_twice_changes_nothing_more() -> None:
    once = redact(TELLING)
    assert redact(once) == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/alice/data: no room", "path-1: no room"),
        ("in /srv/acme/models, not /srv/acme/models2.", "in path-1, not path-2."),
        ("52:54:00:12:34:56 and 52-54-00-12-34-56", "mac-1 and mac-2"),
        ("enx525400123456 is up", "mac-1 is up"),
        ("10.1.2.3:29400 and 10.1.2.3", "address-1:29400 and address-1"),
        ("from 192.168.0.7 to fe80::5054:ff:fe12:3456%eth0", "from address-1 to address-2"),
        ("2001:db8::1, fd00:1:2::3", "address-1, address-2"),
        ("GPU-8f2c6b1e-9a51-4f0e-b0a1-1c2d3e4f5a6b", "id-1"),
        ("serial number: WD-12345 of sda", "serial number: serial-1 of sda"),
        ("wwn-0x5000c500a1b2c3d4, eui.0025385b01234567", "serial-1, serial-2"),
        ("guid 0x506b4b0300c0ffee or 506b:4b03:00c0:ffee", "guid serial-1 or serial-2"),
        ("instance i-0abc1234def567890", "instance serial-1"),
        ("alice@corp.example.com", "mail-1"),
        ("/sys/fs/cgroup/user.slice/user-1000.slice", "/sys/fs/cgroup/user.slice/account-1.slice"),
        ("/dev/mapper/vg-acme on /dev/sda1", "path-1 on /dev/sda1"),
        ("--workload=/srv/x.toml", "--workload=path-1"),
    ],
)
def test_identifiers_in_free_text_become_tokens(text: str, expected: str) -> None:
    assert Forms().replace(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "/proc/cpuinfo", "/sys/class/net/eth0/speed: -1", "/dev/nvme0n1p2", "/etc/os-release",
        "/", "/tmp", "GB/s", "1/s and 2/3", "cpu*/cache/index*/size", "and/or", "0000:04:00.0",
        "127.0.0.1:80", "::1", "torch 2.13.0+cpu", "c10::d", "12:34:56", "2026-11-24",
        "https://example.com/a/b?c=/home/x", "5.15.0-91-generic", "avx512_vnni", "ssh-rsa",
    ],
)  # fmt: skip
def test_what_identifies_nobody_stays(text: str) -> None:
    assert Forms().replace(text) == text


def test_versions_of_libraries_are_no_addresses() -> None:
    told = report(
        components=(filled(Software, name="s", cudnn=fact("9.1.0.70", "torch")),),
        notes=(Note(level="info", text="9.1.0.70 did not answer"),),
    )
    found = redact(told)
    assert found.components == told.components
    assert found.notes[0].text == "address-1 did not answer"


def test_peers_are_known_by_their_fields_and_then_in_every_text() -> None:
    told = report(
        results=(result("tcp", {"peer": "storage-7"}), result("tcp", {"peer": "b"})),
        notes=(Note(level="info", text="storage-7 was slow, storage-77 was not"),),
    )
    found = redact(told)
    assert [each.parameters["peer"] for each in found.results] == ["peer-1", "peer-2"]
    assert found.notes[0].text == "peer-1 was slow, storage-77 was not"


def test_loopback_is_nobodys_name() -> None:
    told = report(results=(result("tcp", {"peer": "loopback"}),))
    assert redact(told).results == told.results


def test_the_first_part_and_the_domain_of_a_name_go_with_it() -> None:
    told = report(
        host=HostIdentity(name="edge-01.corp.example", fingerprint="0f1e2d3c4b5a6978"),
        notes=(Note(level="info", text="edge-01 asked db-3.corp.example. Who is corp.example?"),),
    )
    assert redact(told).notes[0].text == "host-0f1e2d asked peer-1. Who is domain-1?"


def test_users_and_servers_are_known_from_filesystems() -> None:
    told = report(
        components=(
            filled(Filesystem, name="/home/alice/x", is_target=True,
                   source=fact("nfs-7:/export/acme", "mountinfo")),
        ),
        notes=(Note(level="info", text="alice waits for nfs-7"),),
    )  # fmt: skip
    found = redact(told)
    assert found.notes[0].text == "account-1 waits for peer-1"
    text = found.model_dump_json()
    assert not any(each in text for each in ("alice", "nfs-7", "acme"))


def test_reports_that_are_handed_on_together_share_their_tokens() -> None:
    def of(name: str, other: str) -> Report:
        return report(
            host=HostIdentity(name=name, fingerprint="0f1e2d3c4b5a6978"),
            notes=(Note(level="info", text=f"{other} at 10.0.0.9"),),
        )

    redactor = Redactor(("node-a", "node-b"))
    first, second = (redactor.redact(of(*each)) for each in (("node-a", "node-b"),
                                                             ("node-b", "node-a")))  # fmt: skip
    assert (first.host.name, second.host.name) == ("host-0f1e2d", "host-0f1e2d-2")
    assert "address-1" in first.notes[0].text
    assert "address-1" in second.notes[0].text
    assert "node-" not in first.notes[0].text + second.notes[0].text


@given(st.text(string.ascii_letters + string.digits + "/.:-@ _%~", max_size=80))
def test_no_text_is_changed_by_a_second_time(text: str) -> None:
    once = Forms().replace(text)
    assert Forms().replace(once) == once
