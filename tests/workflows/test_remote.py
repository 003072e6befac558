import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.benchmarks._load import Traffic
from bitpath_cli.commands._progress import Silent
from bitpath_cli.errors import BadModel, BadValue, PeerFailed
from bitpath_cli.model.placement import PlacementResult
from bitpath_cli.model.reading import Missing, Quantity, Reading
from bitpath_cli.model.result import Doubt, Validity
from bitpath_cli.serving.client import Client
from bitpath_cli.workflows import placements
from bitpath_cli.workflows._edge_part import EdgePart, Placement, parse_placement, sureness
from bitpath_cli.workflows._placement_report import as_result
from bitpath_cli.workflows.placements import Wanted, compare
from bitpath_cli.workflows.remote import Link, is_local, measure_placement
from tests.workflows.served import OWN, SLOW, Served, served

TRAFFIC = Traffic(rate=200.0, seconds=0.3)
INPUT_BYTES, HIDDEN_BYTES, OUTPUT_BYTES = 4 * 4, 8 * 4, 3 * 4


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served(OWN) as made:
        yield made


def value(reading: Reading) -> float:
    assert isinstance(reading, Quantity), reading
    return reading.value


def measure(placement: str, link: Link | None, model: str = OWN) -> PlacementResult:
    return measure_placement(model, placement, TRAFFIC, link, threads=1)


@pytest.mark.parametrize(
    ("placement", "sent_bytes"),
    [("cloud", INPUT_BYTES), ("split:1", HIDDEN_BYTES), ("split:2", HIDDEN_BYTES)],
)
def test_the_service_answers_as_we_would(service: Served, placement: str, sent_bytes: int) -> None:
    found = measure(placement, service.link)
    assert (found.placement, found.requests, found.failed) == (placement, 60, 0)
    assert value(found.top1_agreement) == 1
    assert value(found.relative_error) == pytest.approx(0, abs=1e-6)
    # What is told beside the tensors is short.
    assert sent_bytes < value(found.payload_up) < sent_bytes + 200
    assert OUTPUT_BYTES < value(found.payload_down) < OUTPUT_BYTES + 300
    assert 0 < value(found.latency_p50) <= value(found.latency_p99)
    assert value(found.latency_p50) > value(found.cloud_compute) > 0
    assert value(found.cloud_cpu) > 0
    assert isinstance(found.link_up, Missing)
    assert "loopback" in found.link_up.detail
    assert isinstance(found.escalated, Missing)


def test_the_edge_asks_nobody() -> None:
    found = measure("edge", None)
    assert found.failed == 0
    assert value(found.top1_agreement) == 1
    assert value(found.payload_up) == 0
    for reading in (found.link_up, found.cloud_cpu, found.cloud_compute):
        assert isinstance(reading, Missing)
        assert "no request went to the service" in reading.detail


def test_a_cascade_escalates_about_its_share(service: Served) -> None:
    found = measure("cascade:0.5", service.link)
    share = value(found.escalated)
    # 32 distinct requests, of which a threshold from 64 others takes half: ± 4 standard errors.
    assert share == pytest.approx(0.5, abs=0.35)
    assert value(found.payload_up) == pytest.approx(share * (INPUT_BYTES + 80), rel=0.5)


def test_a_model_at_the_edge_may_be_named(service: Served) -> None:
    found = measure_placement(OWN, "cascade:0.2", TRAFFIC, service.link, threads=1, small=OWN)
    # Where both ends have the same model, it does not matter who answers.
    assert value(found.relative_error) < 0.5
    assert found.failed == 0


def test_another_model_is_refused(service: Served) -> None:
    with pytest.raises(PeerFailed, match="has another model than mlp here"):
        measure("cloud", service.link, "mlp")


def test_another_token_is_refused(service: Served) -> None:
    with pytest.raises(PeerFailed, match="refuses the token"):
        measure("cloud", Link(service.link.url, "another-token-of-tests"))


def test_nobody_there_is_named() -> None:
    with pytest.raises(PeerFailed, match=r"127\.0\.0\.1:9 cannot be reached"):
        measure("cloud", Link("http://127.0.0.1:9", "a-token"))


@pytest.mark.parametrize(
    "url", ["127.0.0.1:80", "ftp://a:80", "http://", "http://a:0", "http://a:x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadValue, match="--remote"):
        measure("cloud", Link(url, "a-token"))


@pytest.mark.parametrize(
    ("placement", "words"),
    [("split:3", "split:1 to split:2"), ("split:0", "split:1 to split:2")],
)
def test_a_split_is_within_the_model(service: Served, placement: str, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        measure(placement, service.link)


def _kill_when_busy(made: Served) -> None:
    async def watch() -> None:
        async with Client(made.link.url, made.link.token, 10) as client:
            while (await client.describe())["answered"] < 10:
                await asyncio.sleep(0.05)

    asyncio.run(watch())
    made.process.kill()


def test_a_service_that_dies_in_mid_run_is_named() -> None:
    with served(OWN) as made:
        threading.Thread(target=_kill_when_busy, args=(made,)).start()
        with pytest.raises(PeerFailed, match=r"\d+ of 2000 requests were answered before"):
            measure_placement(OWN, "cloud", Traffic(100.0, 20.0), made.link, threads=1)


def test_a_full_queue_is_counted_and_does_not_end_the_run() -> None:
    with served(SLOW, "--queue", "2") as made:
        # Each takes 50 ms, and ten times as many come as it can answer.
        found = measure_placement(SLOW, "cloud", Traffic(200.0, 0.5), made.link, threads=1)
        assert 0 < found.failed < found.requests
        assert value(found.latency_p50) >= 0.05
        result = as_result(found, threads=1, is_local=True)
        assert result.validity is Validity.DEGRADED
        assert set(result.reasons) == {Doubt.LOOPBACK_ONLY, Doubt.UNSTABLE}


def test_an_overloaded_edge_is_late_from_the_arrival_on() -> None:
    """Ten requests at once, 50 ms each: the last waits for the nine before it, and says so."""
    found = measure_placement(SLOW, "edge", Traffic(1e4, 1e-3, "periodic"), None, threads=1)
    assert found.requests == 10
    assert value(found.latency_p99) >= 0.45


def test_what_takes_too_long_has_failed() -> None:
    found = measure_placement(
        SLOW, "edge", Traffic(1e4, 1e-3, "periodic"), None, threads=1, request_seconds=0.2
    )
    assert found.failed > 0


def test_when_none_is_answered_there_is_no_number() -> None:
    found = measure_placement(
        SLOW, "edge", Traffic(10.0, 0.1), None, threads=1, request_seconds=0.01
    )
    assert found.failed == found.requests == 1
    assert isinstance(found.latency_p50, Missing)
    result = as_result(found, threads=1, is_local=False)
    assert result.validity is Validity.INVALID
    assert result.missing is not None
    assert "no answer within" in result.missing.detail


def test_a_model_that_raises_is_named() -> None:
    with pytest.raises(BadModel, match="it does not add up"):
        measure("edge", None, "tests.benchmarks.own_model:raising")


@pytest.mark.parametrize(
    ("text", "placement"),
    [
        ("edge", Placement("edge")), ("cloud", Placement("cloud")),
        ("split:3", Placement("split", split=3)),
        ("cascade:0.25", Placement("cascade", escalated=0.25)),
    ],
)  # fmt: skip
def test_a_placement_is_read_as_it_is_written(text: str, placement: Placement) -> None:
    assert parse_placement(text) == placement
    assert str(placement) == text


@pytest.mark.parametrize(
    "text", ["", "fog", "edge:1", "split", "split:-1", "cascade:0", "cascade:x"]
)
def test_another_placement_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="--placement"):
        parse_placement(text)


def test_a_cascade_sends_what_it_is_least_sure_of() -> None:
    edge = EdgePart(OWN, parse_placement("cascade:0.5"), threads=1, small=OWN)
    sent = [edge.compute(index) for index in range(32)]
    kept = [each.answer for each in sent if each.answer is not None]
    escalated = [edge.reference(index) for index in range(32) if sent[index].answer is None]
    assert kept and escalated
    # The small model is the whole one here, so its answers are the references.
    assert min(map(sureness, kept)) >= max(map(sureness, escalated))


def test_placements_are_compared_one_after_the_other(
    service: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(placements._SECONDS, "quick", 0.3)
    token = tmp_path / "token"
    token.write_text(f"{service.link.token}\n")
    wanted = Wanted(
        OWN, ("edge", "cloud"), service.link.url, token, rate=20.0, budget="quick", threads=1
    )
    report, failure = compare(wanted, Silent())
    assert failure is None
    assert [each.parameters["placement"] for each in report.results] == ["edge", "cloud"]
    assert report.complete


def test_loopback_is_known_by_name_and_number() -> None:
    assert is_local("http://127.0.0.1:80") and is_local("http://localhost:80")
    assert not is_local("http://10.0.0.1:80")
