import pytest

from bitpath_cli import discover, meters
from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import reported
from bitpath_cli.model.units import BYTE, JOULE, ONE, SECOND, WATT, Unit
from bitpath_cli.monitoring.measures import BY_NAME, MEASURES
from bitpath_cli.monitoring.names import expression, family, label, watched
from tests.recorded import MACHINES, recorded


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("disk_read", BYTE, "bitpath_disk_read_bytes"),
        ("disk_reads", ONE, "bitpath_disk_reads"),
        ("cpu_pressure_time", SECOND, "bitpath_cpu_pressure_seconds"),
        ("energy", JOULE, "bitpath_energy_joules"),
        ("gpu_power", WATT, "bitpath_gpu_power_watts"),
        ("gpu_kernel_active", ONE, "bitpath_gpu_kernel_active_ratio"),
    ],
)
def test_families_have_one_prefix_and_base_units(name: str, unit: Unit, expected: str) -> None:
    assert family(name, unit) == expected


def test_what_nvml_tells_is_a_gpus() -> None:
    reading = MeterReading("utilisation", "nvidia0", "gauge", reported(0.5, ONE, "nvml"))
    assert watched("nvml", reading).reading.name == "gpu_kernel_active"
    assert watched("hwmon", reading).reading == reading


def readings() -> list[MeterReading]:
    hosts = [recorded(each.name) for each in MACHINES.iterdir() if (each / "outside.json").exists()]
    found = {name: discover.member(meters, name, "METER", Meter) for name in discover.names(meters)}
    return [
        watched(name, reading).reading
        for host in (Host(), *hosts)
        for name, meter in found.items()
        for reading in meter.read(host)
    ]


def test_an_expression_names_the_very_series_that_machines_expose() -> None:
    """So that an exported rule can never wait for a name that does not exist."""
    for each in readings():
        suffix = "_total" if each.form == "counter" else ""
        exposed = family(each.name, each.quantity.unit) + suffix
        for measure in MEASURES:
            parts = (*measure.over, *measure.per, measure.divided_by)
            if each.name in parts:
                told = expression(measure, "", "1m")
                assert exposed in told.replace("(", " ").replace(")", " ").replace("[", " ").split()


def test_rates_and_levels_in_promql() -> None:
    assert expression(BY_NAME["disk_read_latency"], '{device="sda"}', "5m") == (
        'rate(bitpath_disk_read_seconds_total{device="sda"}[5m])'
        ' / rate(bitpath_disk_reads_total{device="sda"}[5m])'
    )
    assert expression(BY_NAME["load_per_cpu"], "", "1m") == "bitpath_load / bitpath_cpus"


def test_the_subject_has_a_label_that_says_what_it_is() -> None:
    labels = {each: label(each) for each in ("disk_read", "network_sent", "gpu_power", "energy")}
    assert list(labels.values()) == ["device", "interface", "gpu", "component"]
    assert label("load") == "scope"
