"""Event files, read back by TensorBoard itself."""

from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.model.reading import failed
from bitpath_cli.monitoring.tensorboard import EventFile
from tests.monitoring.ruled import NOON, series, tick
from tests.monitoring.test_log import room_for
from tests.tree import tree


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return tree(tmp_path / "machine", {})


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed",
    )
    found = accumulator.EventAccumulator(str(folder))
    found.Reload()
    return {
        tag: [(each.step, each.value) for each in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }


def test_tensorboard_reads_every_value_with_its_step(tmp_path: Path, host: Host) -> None:
    file = EventFile(tmp_path, host, NOON.timestamp())
    for value in (0.25, 0.5, failed("gone"), 1.0):
        file.take(tick(series(value), series(3.0, "disk_busy", "sda")))
    file.close()
    found = read(tmp_path)
    assert found["monitor/compute/cpu_busy/host"] == [(1, 0.25), (2, 0.5), (4, 1.0)]
    assert len(found["monitor/compute/disk_busy/sda"]) == 4
    assert found["monitor/own/cpu_share"][0][1] == pytest.approx(0.004)


def test_values_are_dated_by_the_time_of_day(tmp_path: Path, host: Host) -> None:
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader",
        reason="tensorboard is not installed",
    )
    file = EventFile(tmp_path, host, NOON.timestamp())
    file.take(tick(series(0.25)))
    file.close()
    first, second = loader.LegacyEventFileLoader(str(file.path)).Load()
    assert first.file_version == "brain.Event:2"
    assert second.wall_time == NOON.timestamp()


def test_a_full_disk_leaves_a_file_that_can_be_read_and_goes_on(tmp_path: Path, host: Host) -> None:
    file = EventFile(tmp_path, host, NOON.timestamp())
    file.take(tick(series(1.0)))
    with room_for(file.path.stat().st_size + 20):
        file.take(tick(series(2.0)))
        assert "lacks 1 samples" in file.trouble()
    file.take(tick(series(3.0)))
    file.close()
    assert read(tmp_path)["monitor/compute/cpu_busy/host"] == [(1, 1.0), (3, 3.0)]
