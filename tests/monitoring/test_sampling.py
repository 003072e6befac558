"""Meters that answer, that fail, and that hang."""

import threading
from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import reported
from bitpath_cli.model.units import ONE
from bitpath_cli.monitoring.sampling import Sample, Sampler
from tests.tree import tree

LOAD = MeterReading("load", "host", "gauge", reported(1, ONE, "a test"))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return tree(tmp_path, {})


def answering(_host: Host) -> tuple[MeterReading, ...]:
    return (LOAD,)


def troubles(sample: Sample) -> dict[str, str]:
    return {each.name: each.trouble for each in sample.sources}


def test_every_meter_is_read_and_tells_how_it_fared(host: Host) -> None:
    sample = Sampler(host, {"a": Meter("one", answering), "b": Meter("two", lambda _: ())}).sample()
    assert [each.reading for each in sample.readings] == [LOAD]
    assert troubles(sample) == {"a": "", "b": "nothing of it can be read here"}


def test_a_meter_that_raises_silences_no_other(host: Host) -> None:
    def broken(_host: Host) -> tuple[MeterReading, ...]:
        raise ValueError("no such thing")

    sampler = Sampler(host, {"a": Meter("one", broken), "b": Meter("two", answering)})
    for _ in range(2):
        sample = sampler.sample()
        assert len(sample.readings) == 1
        assert troubles(sample)["a"] == "ValueError: no such thing"


def test_a_meter_that_hangs_is_left_out_until_it_answers(host: Host) -> None:
    entered, released, left = threading.Event(), threading.Event(), threading.Event()

    def hanging(_host: Host) -> tuple[MeterReading, ...]:
        if not released.is_set():
            entered.set()
            released.wait(60)
            left.set()
        return (LOAD,)

    meters = {
        "first": Meter("", answering), "hung": Meter("", hanging), "last": Meter("", answering),
    }  # fmt: skip
    sampler = Sampler(host, meters, limit_seconds=0.2)
    for _ in range(2):
        sample = sampler.sample()
        assert entered.is_set()
        assert [each.source for each in sample.readings] == ["first", "last"]
        assert "has not answered" in troubles(sample)["hung"]
    released.set()
    assert left.wait(60)
    # The thread that was left ends by itself; from then on the meter is asked again.
    while troubles(sample)["hung"]:
        sample = sampler.sample()
    assert [each.source for each in sample.readings] == ["first", "hung", "last"]
