"""What must hold for the probes and meters of devices on every machine under tests/machines."""

import pytest
from pydantic import TypeAdapter

from bitpath_cli.meters import battery, hwmon, ina3221, nvml, rapl
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.probes import Question, accelerators, gpu_amd, gpu_intel, gpu_nvidia, power
from tests.recorded import MACHINES, recorded

NAMES = sorted(path.parent.name for path in MACHINES.glob("*/outside.json"))
PROBES = (gpu_nvidia, gpu_amd, gpu_intel, accelerators, power)
METERS = (rapl, nvml, hwmon, battery, ina3221)


@pytest.mark.parametrize("name", NAMES)
def test_components_have_names_of_their_own_and_survive_a_report(name: str) -> None:
    host = recorded(name)
    found = [each for probe in PROBES for each in probe.PROBE.find(host, Question())]
    names = [(each.kind, each.name) for each in found]
    assert len(set(names)) == len(names)
    written = TypeAdapter(list[Component])
    assert written.validate_json(written.dump_json(found)) == found


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_meter_reads_is_denied_to_the_probe(name: str) -> None:
    """What may be summed is what the probe lists with a value, not nested and not a mirror."""
    host = recorded(name, user_id=0, refusals={})
    listed = {each.name: each for each in power.PROBE.find(host, Question())}
    for reading in rapl.METER.read(host):
        meter = listed[reading.subject]
        assert isinstance(meter, PowerMeter)
        assert meter.energy == reading.quantity
        assert isinstance(meter.mirror_of, Missing)
        assert isinstance(meter.wraps_at, Quantity)
        assert meter.wraps_at.value == reading.wraps_at


@pytest.mark.parametrize("name", NAMES)
def test_readings_have_keys_of_their_own_and_no_zero_joules(name: str) -> None:
    host = recorded(name, user_id=0, refusals={})
    readings = [each for meter in METERS for each in meter.METER.read(host)]
    keys = [(each.name, each.subject) for each in readings]
    assert len(set(keys)) == len(keys)
    assert all(each.quantity.value > 0 for each in readings if each.name == "energy")
    assert all(each.form == "counter" for each in readings if each.name.endswith("energy"))
