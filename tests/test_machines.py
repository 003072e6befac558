"""The folders under tests/machines: what they must hold, and how they are written."""

import json
import re
from pathlib import Path

import pytest

from tests.machines import record, synthesise
from tests.recorded import MACHINES

FOLDERS = sorted(each for each in MACHINES.iterdir() if (each / "outside.json").exists())


def files(root: Path) -> dict[str, str | bytes]:
    return {
        str(each.relative_to(root)): str(each.readlink())
        if each.is_symlink()
        else each.read_bytes()
        for each in root.rglob("*")
        if each.is_symlink() or each.is_file()
    }


def test_what_is_synthesised_is_up_to_date(tmp_path: Path) -> None:
    synthesise.write(tmp_path)
    committed = files(MACHINES)
    stale = [path for path, content in files(tmp_path).items() if committed.get(path) != content]
    assert stale == [], "run: python -m tests.machines.synthesise"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda each: each.name)
def test_a_machine_says_where_it_comes_from(folder: Path) -> None:
    about = json.loads((folder / "outside.json").read_text())["about"]
    assert re.match(r"(Recorded on|Synthetic: .* Written from) ?", about, re.DOTALL)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda each: each.name)
def test_links_are_relative_and_lead_somewhere(folder: Path) -> None:
    links = [each for each in folder.rglob("*") if each.is_symlink()]
    assert [each for each in links if each.readlink().is_absolute() or not each.exists()] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("eth0\t00000000\t010200C0\t0003", False),
        ("eth0\t00000000\t0101A8C0\t0003", True),
        ("|-- 192.0.2.2 /32 host LOCAL, 127.0.0.1", False),
        ("|-- 10.1.2.3", True),
        ("version 1.2.3.400 is no address", False),
    ],
)
def test_the_recorder_sees_real_addresses(text: str, found: bool) -> None:
    assert record.holds_address(text) is found


def test_the_recorder_keeps_the_mounts_that_every_system_has() -> None:
    assert record.is_common("27 1 254:0 / / rw - ext4 /dev/vda rw")
    assert record.is_common("41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw")
    assert not record.is_common("28 27 0:25 / /mnt/private ro - tmpfs tmpfs rw")


def test_the_recorder_copies_links_and_replaces_identities(tmp_path: Path) -> None:
    machine, copied = tmp_path / "machine", tmp_path / "copied"
    (machine / "devices/eth0").mkdir(parents=True)
    (machine / "class").mkdir()
    (machine / "devices/eth0/address").write_text("52:54:00:12:34:56\n")
    (machine / "class/eth0").symlink_to("../devices/eth0")

    def clean(text: str) -> str:
        return record.MAC.sub("02:00:00:00:00:01", text)

    assert record.copy(f"{machine}/class/eth0/address", copied, clean) is None
    below = copied / str(machine).lstrip("/")
    assert str((below / "class/eth0").readlink()) == "../devices/eth0"
    assert (below / "class/eth0/address").read_text() == "02:00:00:00:00:01\n"


def test_the_recorder_notes_what_is_refused(tmp_path: Path) -> None:
    def same(text: str) -> str:
        return text

    assert record.copy("/proc/self/mem", tmp_path, same) == ("/proc/self/mem", "EIO")
