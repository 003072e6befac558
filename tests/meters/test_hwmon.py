from pathlib import Path

from bitpath_cli.meters import MeterReading
from bitpath_cli.meters.hwmon import METER, find_sensors, find_value
from bitpath_cli.model.reading import Reason
from tests.recorded import recorded
from tests.tree import tree, why

HWMON = "/sys/class/hwmon"


def by_subject(readings: tuple[MeterReading, ...]) -> dict[str, tuple[str, str, float]]:
    return {each.subject: (each.name, each.form, each.quantity.value) for each in readings}


def test_a_server_tells_its_packages_heat_and_the_whole_machines_power() -> None:
    assert by_subject(METER.read(recorded("xeon-rapl"))) == {
        "coretemp Package id 0 (hwmon0)": ("temperature", "gauge", 41.0),
        "coretemp Package id 1 (hwmon1)": ("temperature", "gauge", 43.0),
        "power_meter power1 (hwmon2)": ("machine_power", "gauge", 312.0),
    }


def test_the_second_die_of_a_board_has_no_power_of_its_own() -> None:
    host = recorded("amd-gpu")
    found = by_subject(METER.read(host))
    assert found["amdgpu PPT (hwmon0)"] == ("power", "gauge", 92.0)
    assert "amdgpu PPT (hwmon1)" not in found
    assert found["amdgpu junction (hwmon1)"] == ("temperature", "gauge", 44.0)
    (silent,) = [each for each in find_sensors(host) if each.subject == "amdgpu PPT (hwmon1)"]
    missing = why(find_value(host, silent))
    assert (missing.reason, missing.hint) == (
        Reason.UNSUPPORTED,
        "a board of two dies reports both at the first one",
    )


def test_batteries_and_rails_are_left_to_their_own_meters() -> None:
    laptop = by_subject(METER.read(recorded("laptop")))
    assert laptop == {"coretemp Package id 0 (hwmon0)": ("temperature", "gauge", 52.0)}
    assert METER.read(recorded("jetson")) == ()


def test_a_separate_card_counts_energy_and_its_package_is_a_part(tmp_path: Path) -> None:
    folder = f"{HWMON}/hwmon4"
    host = tree(
        tmp_path,
        {
            f"{folder}/name": "xe",
            f"{folder}/energy1_input": 7_250_000,
            f"{folder}/energy1_label": "card",
            f"{folder}/energy2_input": 5_000_000,
            f"{folder}/energy2_label": "pkg",
            f"{folder}/temp2_input": 39_000,
            f"{folder}/temp2_label": "pkg",
        },
    )
    assert {(each.name, each.subject): each.quantity.value for each in METER.read(host)} == {
        ("energy", "xe card (hwmon4)"): 7.25,
        ("part_energy", "xe pkg (hwmon4)"): 5.0,
        ("temperature", "xe pkg (hwmon4)"): 39.0,
    }


def test_averages_are_preferred_to_instants(tmp_path: Path) -> None:
    folder = f"{HWMON}/hwmon0"
    files = {
        f"{folder}/name": "amdgpu",
        f"{folder}/power1_average": 30_000_000,
        f"{folder}/power1_input": 45_000_000,
    }
    (reading,) = METER.read(tree(tmp_path, files))
    assert reading.quantity.value == 30.0


def test_chips_that_nobody_knows_are_parts_of_something(tmp_path: Path) -> None:
    folder = f"{HWMON}/hwmon9"
    host = tree(tmp_path, {f"{folder}/name": "isl69247", f"{folder}/power1_input": 8_000_000})
    (reading,) = METER.read(host)
    assert (reading.name, reading.quantity.value) == ("part_power", 8.0)


def test_grace_tells_what_each_sensor_covers(tmp_path: Path) -> None:
    files: dict[str, object] = {}
    for number, words in enumerate(("Module Power Socket 0", "Grace Power Socket 0", "SysIO x")):
        folder = f"{HWMON}/hwmon{number}"
        files[f"{folder}/name"] = "power_meter"
        files[f"{folder}/device/power1_average"] = 100_000_000
        files[f"{folder}/device/power1_oem_info"] = words
    host = tree(tmp_path, files)
    assert [each.scope for each in find_sensors(host)] == ["gpu_module", "cpu_package", "rail"]
    assert {each.name for each in METER.read(host)} == {"part_power"}


def test_temperatures_of_disks_and_boards_are_not_the_processors(tmp_path: Path) -> None:
    folder = f"{HWMON}/hwmon0"
    host = tree(tmp_path, {f"{folder}/name": "nvme", f"{folder}/temp1_input": 35_000})
    assert METER.read(host) == ()
