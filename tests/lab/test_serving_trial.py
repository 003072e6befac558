"""A service tried on two hosts: one short case of the validation, and a service that is lost."""

import select
import statistics
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.model.reading import Quantity
from tests.lab.extent import full
from tests.lab.hosts import Hosts, hosts, lacking
from tests.validation import serving, trials

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "the lab is complete"),
    pytest.mark.timeout(200),
]
_ROUND_TRIP = 0.05
_SHORT = serving.Service("200MFLOP", "32KiB", "20mbit", 1.0, "10/s", round_trip=0.02, cap="24s")


def connect(lab: Hosts) -> float:
    """Seconds that connections from host 0 to host 1 take to be made, the median of five."""
    program = (
        "import socket, sys, time\n"
        "for _ in range(5):\n"
        "    begin = time.monotonic()\n"
        "    socket.create_connection((sys.argv[1], 29572), 5).close()\n"
        "    print(time.monotonic() - begin)\n"
    )
    out, err = lab.run(0, "python3", "-c", program, lab.address(1)).communicate(timeout=20)
    assert out, err
    return statistics.median(map(float, out.split()))


def test_a_delay_line_lengthens_every_round_trip_and_is_gone_afterwards() -> None:
    with hosts(2) as lab:
        lab.run(1, "python3", "-m", "http.server", "29572")
        lab.wait_for_listener(1, "29572")
        near = connect(lab)
        with lab.lengthened(0, _ROUND_TRIP):
            far = connect(lab)
        after = connect(lab)
    assert far >= _ROUND_TRIP
    assert max(near, after) < far


@full
def test_every_placement_is_foretold_and_run_and_judged(tmp_path: Path) -> None:
    (found,) = serving.run([_SHORT], tmp_path)
    assert found.report is not None, found.failure
    trial = found.report.trials[-1]
    kinds = [each.label.partition(":")[0] for each in trial.run]
    assert kinds == ["edge", "cloud", "split", "cascade"], trial.candidates
    assert {each.goal for each in trial.decisions} == {"balanced", "speed", "cost", "energy"}
    cloud = trial.run[1]
    latency, moved = cloud.find("latency_p50"), cloud.find("bandwidth")
    assert latency is not None and isinstance(latency.measured, Quantity)
    assert latency.measured.value >= _SHORT.round_trip
    # What the interface counts of a request is what it counted of messages like it.
    assert moved is not None and isinstance(moved.error, Quantity)
    assert abs(moved.error.value) < 0.1
    assert "interface" in moved.measured.origin.source  # type: ignore[union-attr]


@full
def test_a_service_that_dies_in_mid_trial_leaves_what_had_run(tmp_path: Path) -> None:
    case, output = _SHORT, tmp_path / "out.json"
    with hosts(2) as lab:
        report = trials.assess(lab, tmp_path)
        with serving.serving(lab, case.model, tmp_path / "token") as token:
            process = serving.start(lab, case, report, token, output, None)
            while not output.exists():
                assert process.poll() is None, process.communicate()
                select.select([], [], [], 0.1)
            lab.kill(1)
            _, err = process.communicate(timeout=90)
    assert process.returncode == 4, err
    kept = archive.load(output)
    assert not kept.complete
    assert any("ended early" in each.text for each in kept.notes)


def test_the_committed_services_cover_what_they_must() -> None:
    found = serving.read()
    assert len(found) >= 8
    for each in ("request", "link", "edge", "rate"):
        assert len({getattr(case, each) for case in found}) >= 3, each
    assert {each.arrival for each in found} == {"poisson", "periodic"}
    assert any(each.round_trip for each in found)
