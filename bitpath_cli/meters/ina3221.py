"""Power of a Jetson's supply rails, from the INA3221 sensors on its module.

The files are described in the kernel's Documentation/hwmon/ina3221.rst; JetPack 4's own driver
shows the same sensors as industrial-I/O devices.
"""

from dataclasses import dataclass, replace
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._number import number, words
from bitpath_cli.model.reading import Missing, Quantity, derived, reported, unsupported
from bitpath_cli.model.units import WATT

_MILLI: Final = 1e-3
_CHANNELS: Final = (1, 2, 3)
_I2C: Final = "/sys/bus/i2c/drivers/ina3221x"
# The rails through which everything else on the module is supplied. Boards without one, such as the
# AGX Orin, have rails side by side.
_TOTALS: Final = ("VDD_IN", "POM_5V_IN")


@dataclass(frozen=True, slots=True)
class Rail:
    """A rail; `nested_in` names the rail that supplies it where the board has such a rail."""

    name: str
    path: str
    channel: int
    iio: bool
    total: bool
    nested_in: str = ""


def find_rails(host: Host) -> tuple[Rail, ...]:
    """The connected rails of every INA3221."""
    rails = [*_hwmon_rails(host), *_iio_rails(host)]
    total = next((rail.name for rail in rails if rail.total), "")
    return tuple(replace(rail, nested_in="" if rail.total else total) for rail in rails)


def find_power(host: Host, rail: Rail) -> Quantity | Missing:
    """A rail's power: voltage times current, or the driver's own product."""
    if rail.iio:
        path = f"{rail.path}/in_power{rail.channel}_input"
        power = number(host, path)
        return power if isinstance(power, Missing) else reported(power * _MILLI, WATT, path)
    if words(host, f"{rail.path}/in{rail.channel}_enable") == "0":
        return unsupported(f"{rail.path}: channel {rail.channel} is switched off")
    voltage = number(host, f"{rail.path}/in{rail.channel}_input")
    current = number(host, f"{rail.path}/curr{rail.channel}_input")
    if isinstance(voltage, Missing):
        return voltage
    if isinstance(current, Missing):
        return current
    source = f"{rail.path}/in{rail.channel}_input × curr{rail.channel}_input"
    return derived(voltage * _MILLI * current * _MILLI, WATT, source)


def _hwmon_rails(host: Host) -> list[Rail]:
    # Channels above 3 are the shunts' voltages and their sum, not rails.
    return [
        _rail(label, folder, channel, iio=False)
        for folder in host.matching("/sys/class/hwmon", "hwmon*")
        if words(host, f"{folder}/name").startswith("ina3221")
        for channel in _CHANNELS
        if (label := words(host, f"{folder}/in{channel}_label")) not in ("", "NC")
    ]


def _iio_rails(host: Host) -> list[Rail]:
    return [
        _rail(label, folder, channel, iio=True)
        for device in host.matching(_I2C, "*-*")
        for folder in host.matching(device, "iio:device*")
        for channel in range(len(_CHANNELS))
        if (label := words(host, f"{folder}/rail_name_{channel}")) not in ("", "NC")
    ]


def _rail(label: str, folder: str, channel: int, iio: bool) -> Rail:
    return Rail(label, folder, channel, iio, total=label in _TOTALS)


def read(host: Host) -> tuple[MeterReading, ...]:
    """`power` of rails that may be summed, `part_power` of those which another one supplies."""
    readings = []
    for rail in find_rails(host):
        power = find_power(host, rail)
        if not isinstance(power, Missing):
            name = "part_power" if rail.nested_in else "power"
            readings.append(MeterReading(name, rail.name, "gauge", power))
    return tuple(readings)


METER = Meter(summary="power of a Jetson's supply rails (INA3221)", read=read)
