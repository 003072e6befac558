"""What a report that is handed on no longer says, and what it still does."""

import json

from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.network import Route
from bitpath_cli.model.components.storage import Filesystem
from bitpath_cli.model.reading import fact, failed
from bitpath_cli.model.report import HostIdentity, Note
from bitpath_cli.redaction import redact
from tests.sample_report import filled, report

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
