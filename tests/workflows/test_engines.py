from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.benchmarks._fio import Fio
from bitpath_cli.errors import BadValue
from bitpath_cli.model.reading import Missing, absent
from bitpath_cli.workflows import engines
from bitpath_cli.workflows.engines import Engine, find_disk_cases
from tests.benchmarks.places import disk_directory


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield from disk_directory(tmp_path)


def installed(monkeypatch: pytest.MonkeyPatch, found: Fio | Missing) -> None:
    monkeypatch.setattr(engines, "find_fio", lambda: found)


@pytest.mark.parametrize("engine", ["auto", "fio"])
def test_fio_drives_what_passes_the_cache_by(
    directory: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    installed(monkeypatch, Fio("/usr/bin/fio", "3.33", "libaio"))
    cases = find_disk_cases(engine, str(directory))
    assert cases is not None
    assert [(each["direct"], each["engine"]) for each in cases] == (
        [(True, "fio")] * 4 + [(False, "builtin")] * 4
    )
    assert list(directory.iterdir()) == []


def test_the_builtin_engine_asks_nobody(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, Fio("/usr/bin/fio", "3.33", "libaio"))
    assert find_disk_cases("builtin", str(directory)) is None


def test_without_fio_auto_is_builtin_and_fio_is_refused_by_name(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, absent("fio is not installed"))
    assert find_disk_cases("auto", str(directory)) is None
    with pytest.raises(BadValue) as caught:
        find_disk_cases("fio", str(directory))
    assert str(caught.value) == (
        "--engine: 'fio' cannot be used. Allowed: builtin and auto, because fio is not installed."
    )


def test_a_directory_without_a_disk_is_left_to_the_benchmark_to_refuse(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed(monkeypatch, Fio("/usr/bin/fio", "3.33", "libaio"))
    assert find_disk_cases("fio", str(tmp_path / "nowhere")) is None
