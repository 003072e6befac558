"""Whole folders of files, as `archive.write_folder` leaves them."""

import os
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.errors import UnwritableOutput

FILES = {"a.txt": "one\n", "run.sh": "#!/bin/sh\n"}
SCRIPTS = frozenset({"run.sh"})


def test_the_umask_takes_what_it_takes_from_others(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        archive.write_folder(tmp_path / "new", FILES, SCRIPTS, replace=False)
    finally:
        os.umask(before)
    modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "new").iterdir()}
    assert modes == {"a.txt": 0o640, "run.sh": 0o750}


def test_a_failure_half_way_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("mine")
    real = os.open

    def full(path: Path, flags: int, mode: int = 0o777) -> int:
        if "run.sh" in str(path):
            raise OSError(28, "No space left on device")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(UnwritableOutput, match="No space left on device"):
        archive.write_folder(tmp_path, FILES, SCRIPTS, replace=True)
    with pytest.raises(UnwritableOutput):
        archive.write_folder(tmp_path / "new", FILES, SCRIPTS, replace=False)
    monkeypatch.undo()
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "mine"


def test_an_interruption_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        archive.write_folder(tmp_path / "new", FILES, SCRIPTS, replace=False)
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_leads_nowhere_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("/nowhere")
    with pytest.raises(UnwritableOutput, match=r"already holds a\.txt"):
        archive.write_folder(tmp_path, FILES, SCRIPTS, replace=False)
    archive.write_folder(tmp_path, FILES, SCRIPTS, replace=True)
    assert not (tmp_path / "a.txt").is_symlink()
    assert (tmp_path / "a.txt").read_text() == "one\n"
