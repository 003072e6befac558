"""What a scrape gets: read back by prometheus_client's own parser and by promtool."""

import shutil
import subprocess

import pytest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_text
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bitpath_cli import discover, meters
from bitpath_cli.meters import Meter
from bitpath_cli.model.reading import failed, reported
from bitpath_cli.model.units import BYTE, JOULE, ONE
from bitpath_cli.model.watch import Source
from bitpath_cli.monitoring import Tick
from bitpath_cli.monitoring.exposition import Exposition
from bitpath_cli.monitoring.sampling import Sampler
from tests.monitoring.ruled import counter, observation, series, tick
from tests.recorded import recorded

PROMTOOL = shutil.which("promtool")
Found = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(given: Tick | None, stale_seconds: float = 60.0) -> Found:
    exposition = Exposition(stale_seconds)
    if given is not None:
        exposition.take(given)
    text = openmetrics_text(exposition.registry).decode()  # type: ignore[no-untyped-call]
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def test_counters_and_their_labels() -> None:
    found = scrape(tick(readings=(counter("disk_read", "sda", reported(512, BYTE, "x")),)))
    assert found["bitpath_disk_read_bytes_total", (("device", "sda"),)] == 512


def test_energy_tells_its_source_and_how_it_came_to_be() -> None:
    found = scrape(
        tick(readings=(counter("energy", "package-0", reported(7, JOULE, "x"), "rapl"),))
    )
    labels = (("component", "package-0"), ("method", "reported"), ("source", "rapl"))
    assert found["bitpath_energy_joules_total", labels] == 7


def test_what_is_unknown_has_no_series() -> None:
    unknown = series(failed("gone"), "drift_disk_read_latency").model_copy(
        update={"group": "drift"}
    )
    assert not any("drift" in name for name, _ in scrape(tick(unknown)))


def test_whether_each_meter_gave_something() -> None:
    sources = (
        Source(name="rapl", summary="", readings=0, seconds=0.0, trouble="denied"),
        Source(name="diskstats", summary="", readings=5, seconds=0.0),
    )
    found = scrape(Tick(observation(sources=sources), ()))
    assert found["bitpath_probe_success", (("probe", "rapl"),)] == 0
    assert found["bitpath_probe_success", (("probe", "diskstats"),)] == 1


def test_its_own_cost() -> None:
    found = scrape(tick())
    assert found["bitpath_own_cpu_seconds_total", ()] == 0.5
    assert found["bitpath_own_resident_bytes", ()] == 48 << 20


@pytest.mark.parametrize("given", [None, tick(series(0.5))])
def test_what_is_old_or_not_there_yet_is_not_shown(given: Tick | None) -> None:
    assert {name for name, _ in scrape(given, stale_seconds=-1.0)} == {"bitpath_build_info"}


def test_two_sensors_of_one_name_do_not_break_the_scrape() -> None:
    twins = tuple(counter("oom_kills", "host", reported(n, ONE, "x")) for n in (1, 2))
    found = scrape(tick(readings=twins))
    assert found["bitpath_oom_kills_total", (("scope", "host"),)] == 1


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
@pytest.mark.parametrize("machine", ["dgx-8gpu", "jetson", "laptop", "xeon-rapl", "container-v2"])
def test_promtool_finds_no_fault_in_what_a_machine_exposes(machine: str) -> None:
    found = {name: discover.member(meters, name, "METER", Meter) for name in discover.names(meters)}
    sample = Sampler(recorded(machine), found).sample()
    exposition = Exposition(60.0)
    exposition.take(Tick(observation(sources=sample.sources), sample.readings))
    done = subprocess.run(
        [PROMTOOL or "", "check", "metrics"], input=exposition.text(), capture_output=True,
        timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
