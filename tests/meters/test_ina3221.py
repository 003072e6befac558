from pathlib import Path

import pytest

from bitpath_cli.meters import MeterReading
from bitpath_cli.meters.ina3221 import METER, find_power, find_rails
from bitpath_cli.model.reading import Reason
from tests.recorded import recorded
from tests.tree import number, tree, why


def values(readings: tuple[MeterReading, ...]) -> dict[str, tuple[str, object]]:
    return {each.subject: (each.name, each.quantity.value) for each in readings}


def test_only_the_rail_that_supplies_all_others_may_be_summed() -> None:
    found = values(METER.read(recorded("jetson")))
    # 4.952 V × 1.016 A
    assert found["VDD_IN"] == ("power", pytest.approx(5.031232))
    assert found["VDD_CPU_GPU_CV"] == ("part_power", pytest.approx(4.952 * 0.112))
    assert found["VDD_SOC"] == ("part_power", pytest.approx(4.944 * 0.280))
    assert len(found) == 3


def test_rails_side_by_side_are_all_summed_and_unconnected_ones_are_none(tmp_path: Path) -> None:
    first, second = "/sys/class/hwmon/hwmon1", "/sys/class/hwmon/hwmon2"
    files: dict[str, object] = {f"{first}/name": "ina3221", f"{second}/name": "ina3221"}
    labels = {first: ("VDD_GPU_SOC", "VDD_CPU_CV", "VIN_SYS_5V0"), second: ("NC", "VDDQ", "NC")}
    for folder, names in labels.items():
        for channel, label in enumerate(names, 1):
            files[f"{folder}/in{channel}_label"] = label
            files[f"{folder}/in{channel}_input"] = 5000
            files[f"{folder}/curr{channel}_input"] = 100 * channel
        files[f"{folder}/in7_label"] = "sum of shunt voltages"
        files[f"{folder}/in7_input"] = 9
    found = values(METER.read(tree(tmp_path, files)))
    assert found == {
        "VDD_GPU_SOC": ("power", pytest.approx(0.5)),
        "VDD_CPU_CV": ("power", pytest.approx(1.0)),
        "VIN_SYS_5V0": ("power", pytest.approx(1.5)),
        "VDDQ": ("power", pytest.approx(1.0)),
    }


def test_the_older_driver_multiplies_by_itself(tmp_path: Path) -> None:
    folder = "/sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
    files = {
        f"{folder}/rail_name_0": "POM_5V_IN",
        f"{folder}/in_power0_input": 2100,
        f"{folder}/rail_name_1": "POM_5V_GPU",
        f"{folder}/in_power1_input": 400,
    }
    assert values(METER.read(tree(tmp_path, files))) == {
        "POM_5V_IN": ("power", pytest.approx(2.1)),
        "POM_5V_GPU": ("part_power", pytest.approx(0.4)),
    }


def test_a_channel_that_is_switched_off_has_no_power(tmp_path: Path) -> None:
    folder = "/sys/class/hwmon/hwmon1"
    files = {
        f"{folder}/name": "ina3221",
        f"{folder}/in1_label": "VDD_IN",
        f"{folder}/in1_enable": 0,
        f"{folder}/in1_input": 5000,
        f"{folder}/curr1_input": 100,
    }
    host = tree(tmp_path, files)
    (rail,) = find_rails(host)
    assert why(find_power(host, rail)).reason is Reason.UNSUPPORTED
    assert METER.read(host) == ()


def test_a_current_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    folder = "/sys/class/hwmon/hwmon1"
    files = {
        f"{folder}/name": "ina3221",
        f"{folder}/in1_label": "VDD_IN",
        f"{folder}/in1_input": 5000,
        f"{folder}/curr1_input": 100,
    }
    host = tree(tmp_path, files)
    (rail,) = find_rails(host)
    assert number(find_power(host, rail)) == pytest.approx(0.5)
    broken = tree(tmp_path, {}, refusals={f"{folder}/curr1_input": "EIO"})
    assert why(find_power(broken, rail)).reason is Reason.FAILED
    assert METER.read(broken) == ()
