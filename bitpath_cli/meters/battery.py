"""What a whole laptop draws while it runs on its battery, from /sys/class/power_supply.

The files are described in the kernel's Documentation/ABI/testing/sysfs-class-power.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.meters._number import number, words
from bitpath_cli.model.reading import Missing, Quantity, derived, reported, unsupported
from bitpath_cli.model.units import WATT

SUPPLIES: Final = "/sys/class/power_supply"
_MICRO: Final = 1e-6


def find_batteries(host: Host) -> tuple[str, ...]:
    """The folders of the machine's own batteries; a mouse's or pen's battery is another's."""
    return tuple(
        path
        for path in host.matching(SUPPLIES, "*")
        if words(host, f"{path}/type") == "Battery" and words(host, f"{path}/scope") != "Device"
    )


def find_power(host: Host, battery: str) -> Quantity | Missing:
    """What flows out of a battery; while it charges or rests that is not the machine's power."""
    status = words(host, f"{battery}/status")
    if status != "Discharging":
        return unsupported(
            f"{battery}/status is '{status}': only a battery in use shows the machine's power",
            "unplug the power supply",
        )
    power = number(host, f"{battery}/power_now")
    if not isinstance(power, Missing) and power != 0:
        return reported(abs(power) * _MICRO, WATT, f"{battery}/power_now")
    current = number(host, f"{battery}/current_now")
    voltage = number(host, f"{battery}/voltage_now")
    if isinstance(current, Missing):
        return power if isinstance(power, Missing) else _no_flow(battery)
    if isinstance(voltage, Missing):
        return voltage
    if current == 0:
        return _no_flow(battery)
    # Some firmware counts an outgoing current as negative.
    watts = abs(current) * _MICRO * voltage * _MICRO
    return derived(watts, WATT, f"{battery}/current_now × voltage_now")


def _no_flow(battery: str) -> Missing:
    return unsupported(f"{battery} discharges and yet says 0: its firmware does not measure it")


def read(host: Host) -> tuple[MeterReading, ...]:
    """`machine_power` of each battery in use: it covers what other meters count in parts."""
    readings = []
    for battery in find_batteries(host):
        power = find_power(host, battery)
        if not isinstance(power, Missing):
            subject = battery.rpartition("/")[2]
            readings.append(MeterReading("machine_power", subject, "gauge", power))
    return tuple(readings)


METER = Meter(summary="what the whole machine draws from its battery", read=read)
