from pathlib import Path

import pytest

from bitpath_cli.meters.battery import METER, find_power
from bitpath_cli.model.reading import Reason
from tests.recorded import recorded
from tests.tree import number, tree, why

BATTERY = "/sys/class/power_supply/BAT0"


def test_a_laptop_on_its_battery_tells_its_power_and_the_mouse_does_not() -> None:
    (reading,) = METER.read(recorded("laptop"))
    assert (reading.name, reading.subject, reading.form) == ("machine_power", "BAT0", "gauge")
    # 15.48 V × 0.562 A
    assert reading.quantity.value == pytest.approx(8.69976)


@pytest.mark.parametrize("status", ["Charging", "Full", "Not charging", "Unknown"])
def test_a_battery_that_is_not_in_use_tells_nothing(tmp_path: Path, status: str) -> None:
    host = tree(
        tmp_path,
        {f"{BATTERY}/type": "Battery", f"{BATTERY}/status": status, f"{BATTERY}/power_now": 1000},
    )
    assert METER.read(host) == ()
    missing = why(find_power(host, BATTERY))
    assert (missing.reason, missing.hint) == (Reason.UNSUPPORTED, "unplug the power supply")


def test_power_is_read_where_the_firmware_tells_it(tmp_path: Path) -> None:
    host = tree(tmp_path, {f"{BATTERY}/status": "Discharging", f"{BATTERY}/power_now": 12_340_000})
    assert number(find_power(host, BATTERY)) == pytest.approx(12.34)


def test_an_outgoing_current_may_be_negative(tmp_path: Path) -> None:
    files = {
        f"{BATTERY}/status": "Discharging",
        f"{BATTERY}/current_now": -2_000_000,
        f"{BATTERY}/voltage_now": 11_000_000,
    }
    assert number(find_power(tree(tmp_path, files), BATTERY)) == pytest.approx(22.0)


def test_zero_is_not_a_machine_that_draws_nothing(tmp_path: Path) -> None:
    files = {f"{BATTERY}/status": "Discharging", f"{BATTERY}/power_now": 0}
    missing = why(find_power(tree(tmp_path, files), BATTERY))
    assert missing.reason is Reason.UNSUPPORTED
