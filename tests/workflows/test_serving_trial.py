"""A service's trial on this host for real, and what becomes of it when something fails."""

import re
import threading
from pathlib import Path

import pytest

from bitpath_cli import archive, catalogue
from bitpath_cli.benchmarks._sized_model import parse_size
from bitpath_cli.commands._progress import Silent
from bitpath_cli.errors import BadModel, BadValue, PeerFailed, UnfitWorkload
from bitpath_cli.model.reading import Quantity
from bitpath_cli.workflows import serving_trial
from bitpath_cli.workflows._own_service import own_service
from bitpath_cli.workflows.serving_trial import ServingWish, try_service
from bitpath_cli.workflows.small_service import small_service
from tests.sample_report import report
from tests.workflows.served import OWN, Served, served

_MODEL = "sized:50MFLOP:16KiB:64B"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_trial, "LEAST_CAP_SECONDS", 1.0)


def asking(made: Served, token: Path, **more: object) -> ServingWish:
    token.write_text(f"{made.link.token}\n")
    place = made.link.url.removeprefix("http://")
    told = {"model": OWN, "serve_on": place, "token_file": token, "rate": 20.0, "threads": 1}
    return ServingWish(**{**told, **more})  # type: ignore[arg-type]


def test_without_another_host_all_placements_are_tried_on_this_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    wish = ServingWish(model=_MODEL, rate=20.0, threads=1, cap_seconds=20.0, keep=(kept,))
    found = try_service(wish, report(), Silent())
    assert found.report is not None
    trial = found.report.trials[-1]
    kinds = [each.label.partition(":")[0] for each in trial.candidates]
    assert kinds == ["edge", "cloud", "split", "cascade"]
    assert all(not each.failure for each in trial.candidates), trial.candidates
    assert [each.strategy for each in trial.run] == ["edge", "cloud_native", "hybrid", "hybrid"]
    for each in trial.run:
        told = {figure.name for figure in each.comparisons}
        assert told >= {"latency_p50", "latency_p95", "compute", "bandwidth", "energy"}
    cloud = trial.run[1].find("bandwidth")
    assert cloud is not None and isinstance(cloud.error, Quantity)
    # Both count the same messages; only their headers differ by a few bytes.
    assert abs(cloud.error.value) < 0.02
    assert {each.goal for each in trial.decisions} == {"balanced", "speed", "cost", "energy"}
    assert any("loopback" in each for each in trial.findings)
    assert archive.load(kept).results[-1].parameters["placement"] == trial.run[-1].label


def test_data_that_may_not_leave_are_tried_at_the_edge_alone() -> None:
    wish = ServingWish(model=OWN, rate=20.0, threads=1, cap_seconds=4.0, stays="a law")
    found = try_service(wish, report(), Silent())
    assert found.report is not None
    trial = found.report.trials[-1]
    assert [each.label for each in trial.candidates] == ["edge"]
    assert trial.decisions == ()
    assert "a law" in trial.findings[0]


def test_what_cannot_keep_up_is_not_run_and_says_so() -> None:
    wish = ServingWish(
        model="tests.benchmarks.own_model:slow", placements=("edge",), rate=100.0, threads=1,
        cap_seconds=4.0, stays="here",
    )  # fmt: skip
    found = try_service(wish, report(), Silent())
    assert found.report is not None
    (only,) = found.report.trials[-1].candidates
    assert re.match(r"it would be asked for 5\.\d+ times what it can answer", only.failure)


def test_another_token_and_nobody_there_are_named(tmp_path: Path) -> None:
    token = tmp_path / "token"
    with served(OWN) as made:
        wish = asking(made, token, cap_seconds=4.0)
        token.write_text("another-token-of-the-tests\n")
        with pytest.raises(PeerFailed, match="refuses the token"):
            try_service(wish, report(), Silent())
    with pytest.raises(PeerFailed, match="cannot be reached"):
        try_service(wish, report(), Silent())


def test_a_service_that_dies_leaves_what_was_run(tmp_path: Path) -> None:
    with served(OWN) as made:
        wish = asking(made, tmp_path / "token", cap_seconds=9.0, placements=("edge", "cloud"))
        wish = ServingWish(**{
            **{name: getattr(wish, name) for name in wish.__dataclass_fields__},
            "keep": (tmp_path / "kept.json",),
        })  # fmt: skip
        watching = threading.Thread(target=_kill_after_first, args=(made, wish.keep[0]))
        watching.start()
        found = try_service(wish, report(), Silent())
        watching.join()
    assert found.failure is not None and found.report is not None
    assert not found.report.complete
    edge, cloud = found.report.trials[-1].candidates
    assert not edge.failure
    assert "cannot be reached" in cloud.failure
    assert any("ended early" in each.text for each in found.report.notes)


def _kill_after_first(made: Served, kept: Path) -> None:
    watch = threading.Event()
    while not kept.exists() and made.process.poll() is None:
        watch.wait(0.05)
    made.process.kill()


@pytest.mark.parametrize(
    ("model", "words"), [("raising", "does not add up"), ("greedy", "ran out of memory")]
)
def test_a_model_that_cannot_answer_is_named(model: str, words: str) -> None:
    wish = ServingWish(model=f"tests.benchmarks.own_model:{model}", cap_seconds=4.0, stays="here")
    with pytest.raises(BadModel, match=words):
        try_service(wish, report(), Silent())


def test_the_own_service_says_why_it_does_not_start() -> None:
    with (
        pytest.raises(PeerFailed, match=r"did not start: .*weights\.bin"),
        own_service("tests.benchmarks.own_model:broken", 1),
    ):
        raise AssertionError("it started")


@pytest.mark.parametrize(
    ("wish", "option"),
    [
        (ServingWish(cap_seconds=0.5), "--cap"), (ServingWish(rate=0.0), "--rate"),
        (ServingWish(placements=("fog",)), "--placement"),
        (ServingWish(serve_on="10.0.0.2:29471"), "--token-file"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anything_runs(
    wish: ServingWish, option: str
) -> None:
    with pytest.raises(BadValue, match=option):
        try_service(wish, report(), Silent())


def test_a_workload_is_taken_in_small() -> None:
    """955 GFLOP a patch become 2, and 1.03 MB a 477.5th of it."""
    found = small_service("medical-imaging-serving")
    assert found.model == "sized:2e+09FLOP:2157B:1089B"
    assert found.rate == 20.0
    assert found.arrival == "poisson"
    assert "1/478" in found.words


def test_every_service_that_is_shipped_can_be_had_in_small() -> None:
    services = [name for name in catalogue.names("workload") if catalogue.workload(name).serving]
    assert services
    for name in services:
        found = small_service(name)
        assert parse_size(found.model).flop <= 2e9, name
        assert found.rate > 0


def test_a_training_job_is_no_service() -> None:
    with pytest.raises(UnfitWorkload, match="training job"):
        small_service("resnet50-training")
