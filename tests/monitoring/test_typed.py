import pytest

from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, CELSIUS, HERTZ, ONE, SECOND, WATT, Unit
from bitpath_cli.monitoring.typed import expected, parse


@pytest.mark.parametrize(
    ("typed", "unit", "value"),
    [
        ("90%", ONE, 0.9), (2, ONE, 2.0), ("0.5", ONE, 0.5), ("20ms", SECOND, 0.02),
        ("2min", SECOND, 120.0), ("2 min", SECOND, 120.0), ("1h", SECOND, 3600.0),
        ("150us", SECOND, 150e-6), ("2GiB", BYTE, 2 << 30), ("1Gbit/s", BYTE_PER_SECOND, 125e6),
        ("100MB/s", BYTE_PER_SECOND, 1e8), ("85°C", CELSIUS, 85.0), (85, CELSIUS, 85.0),
        ("250W", WATT, 250.0), ("2.4GHz", HERTZ, 2.4e9), ("500/s", Unit("1/s"), 500.0),
    ],
)  # fmt: skip
def test_amounts_as_people_type_them(typed: object, unit: Unit, value: float) -> None:
    assert parse(typed, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("90", SECOND), ("1s", ONE), ("20 ms later", SECOND), ("1,5s", SECOND), ("", ONE),
        ("nan", ONE), ("inf", ONE), ("1e999", ONE), (float("inf"), ONE), (True, ONE), (None, ONE),
        ([], ONE), ("2GB", BYTE_PER_SECOND), ("9" * 100, ONE), ("1Gb/s", BYTE_PER_SECOND),
    ],
)  # fmt: skip
def test_anything_else_is_refused(typed: object, unit: Unit) -> None:
    assert parse(typed, unit) is None


def test_every_example_can_be_typed() -> None:
    for unit in (ONE, SECOND, BYTE, BYTE_PER_SECOND, CELSIUS, HERTZ, WATT, Unit("1/s")):
        assert parse(expected(unit).split("'")[1], unit) is not None
