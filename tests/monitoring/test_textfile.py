import os
from pathlib import Path

from bitpath_cli.model.reading import reported
from bitpath_cli.model.units import BYTE
from bitpath_cli.monitoring.exposition import Exposition
from bitpath_cli.monitoring.textfile import Textfile
from tests.monitoring.ruled import counter, tick
from tests.monitoring.test_log import room_for


def opened(path: Path) -> tuple[Textfile, Exposition]:
    exposition = Exposition(60.0)
    return Textfile(path, exposition), exposition


def test_the_file_holds_the_latest_tick_and_goes_with_the_watch(tmp_path: Path) -> None:
    file, exposition = opened(tmp_path / "bitpath.prom")
    for value in (1, 2):
        given = tick(readings=(counter("disk_read", "sda", reported(value, BYTE, "x")),))
        exposition.take(given)
        file.take(given)
    assert 'bitpath_disk_read_bytes_total{device="sda"} 2.0' in (
        (tmp_path / "bitpath.prom").read_text()
    )
    assert (tmp_path / "bitpath.prom").stat().st_mode & 0o777 == 0o644 & ~_umask()
    assert os.listdir(tmp_path) == ["bitpath.prom"]  # noqa: PTH208
    file.close()
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_a_full_disk_keeps_the_last_whole_file(tmp_path: Path) -> None:
    file, exposition = opened(tmp_path / "bitpath.prom")
    exposition.take(tick())
    file.take(tick())
    before = (tmp_path / "bitpath.prom").read_text()
    with room_for(10):
        file.take(tick())
    assert (tmp_path / "bitpath.prom").read_text() == before
    assert os.listdir(tmp_path) == ["bitpath.prom"]  # noqa: PTH208
    assert "could not be written" in file.trouble()


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
