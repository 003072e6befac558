"""A trial weighed by hand: what was predicted of candidates, what they did, and who was right."""

from collections.abc import Mapping

import pytest

from bitpath_cli.benchmarks import Case, Context
from bitpath_cli.benchmarks._steps import conclude
from bitpath_cli.errors import BadValue, PeerFailed, UnmeasuredHost
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Quantity, failed
from bitpath_cli.model.result import BenchmarkResult, Block, Parameters, Samples, Validity
from bitpath_cli.model.trial import Trial
from bitpath_cli.model.units import ONE
from bitpath_cli.workflows._trial_weighing import weigh
from bitpath_cli.workflows.trial import Attempted, Evidence, TrialWish
from tests.sample_report import report

_WISH = TrialWish(model="mlp", every=8, batch=200, hosts=2)
_ALONE = Attempted(1, "single", 1)
_DDP = Attempted(2, "ddp", 1)
_LOCAL = Attempted(2, "local-sgd", 8)
_MODEL = {"parameters": (2.5e6,), "forward_flop": (5e6,), "record_bytes": (1000.0,)}
_BUCKET = {"bucket_bytes": (1e7,), "bucket_ready": (1.0,)}


def trained(
    told: Parameters, step: float, sent: float = 0.0, every: int = 1, busy: float = 0.9
) -> BenchmarkResult:
    """A result of train_step whose ten samples all took `step` seconds a step."""
    evidence: Mapping[str, tuple[float, ...]] = {
        **_MODEL, **_BUCKET,
        "load_seconds": (0.0,), "forward_seconds": (0.3 * step,),
        "backward_seconds": (0.6 * step,), "combine_seconds": (0.0,),
        "optimise_seconds": (0.1 * step,), "average_seconds": (0.0,),
        "processor_seconds_per_step": (busy * step,), "rank_seconds_per_step": (step, step),
        "sent_bytes_per_step": (sent,),
    }  # fmt: skip
    work = float(int(told["batch_size"]) * every)
    block = Block(
        loops=1, seconds=(step * every,) * 10, warmup_seconds=(), calibration=(),
        evidence=dict(evidence),
    )  # fmt: skip
    samples = {"step": Samples(work=work, unit=ONE, blocks=(block,), stopped="precise")}
    context = Context(Host(), 1, 1 << 30, 0, ".")
    found = conclude(Case(told), context, samples)
    return BenchmarkResult(
        benchmark="train_step", revision=1, parameters=told, validity=found.validity,
        reasons=found.reasons, duration_seconds=1.0, metrics=found.metrics, samples=samples,
    )  # fmt: skip


def case(batch: int, sync: str = "single", participants: int = 2) -> Parameters:
    return {
        "model": "mlp", "sync": sync, "every": 8, "batch_size": batch, "world_size": 2,
        "participants": participants,
    }  # fmt: skip


def evidence(ddp: float, local: float, alone: float = 0.2) -> Evidence:
    """A millisecond a sample alone; candidates took what the test says."""
    return Evidence(
        alone=[trained(case(80), 0.04), trained(case(300), 0.15)],
        runs={
            _ALONE: trained(case(400), alone),
            _DDP: trained(case(200, "ddp"), ddp, sent=1e7),
            _LOCAL: trained(case(200, "local-sgd"), local, sent=1.25e6, every=8),
        },
    )


def weighed(found: Evidence) -> Trial:
    return weigh(_WISH, report(), found)


def test_one_node_is_predicted_from_the_line_through_other_batches() -> None:
    trial = weighed(evidence(ddp=0.3, local=0.12))
    found = trial.candidates[0].find("step_time")
    assert found is not None
    assert isinstance(found.predicted, Quantity)
    assert isinstance(found.error, Quantity)
    assert found.predicted.value == pytest.approx(0.2)
    assert found.error.value == pytest.approx(0.0, abs=1e-9)
    assert found.is_covered


def test_terms_of_the_job_in_small_by_hand() -> None:
    trial = weighed(evidence(ddp=0.3, local=0.12))
    ddp = trial.candidates[1]
    terms = {each.name: each.measured for each in ddp.comparisons}

    def value(name: str) -> float:
        found = terms[name]  # type: ignore[index]
        assert isinstance(found, Quantity)
        return found.value

    # 200 steps of 0.3 s; two nodes send 10 MB each in every step.
    assert value("compute") == pytest.approx(60)
    assert value("bandwidth") == pytest.approx(200 * 2 * 1e7)
    # 40 000 records of 1 kB, a checkpoint and two copies of 12 bytes a parameter, for a minute.
    assert value("storage") == pytest.approx((4e7 + 3 * 12 * 2.5e6) * 60)


def test_regret_is_what_the_recommended_costs_beyond_the_best_that_was_measured() -> None:
    """DDP was to take as long as its parts; it took a tenth of it, and was best for speed."""
    trial = weighed(evidence(ddp=0.02, local=0.12))
    speed = next(each for each in trial.decisions if each.goal == "speed")
    assert speed.best == 1
    chosen, best = speed.measured[speed.recommended], speed.measured[1]
    assert speed.recommended != 1
    assert speed.regret == pytest.approx(chosen / best - 1)
    assert not speed.is_right


def test_a_difference_within_the_noise_is_a_tie() -> None:
    """Steps without spread still drift by 3 % each: √2 · 3 % is what two may differ by."""
    seen = set()
    for ddp in (0.05, 0.06, 0.065, 0.07, 0.075, 0.08, 0.09):
        trial = weighed(evidence(ddp=ddp, local=0.1))
        speed = next(each for each in trial.decisions if each.goal == "speed")
        if speed.best != speed.recommended:
            assert speed.is_right == (speed.regret <= 0.0424264)
            seen.add(speed.is_right)
    assert seen == {True, False}


def test_a_candidate_that_could_not_run_is_named_and_the_others_stand() -> None:
    found = evidence(ddp=0.3, local=0.12)
    found.runs[_DDP] = BenchmarkResult(
        benchmark="train_step", revision=1, parameters=case(200, "ddp"),
        validity=Validity.INVALID, duration_seconds=0.0,
        missing=failed("a batch of 100 a rank and its activations do not fit in memory"),
    )  # fmt: skip
    trial = weighed(found)
    assert "do not fit in memory" in trial.candidates[1].failure
    assert [each.label for each in trial.run] == ["one node", "2 nodes, local-sgd every 8 steps"]
    assert all(len(each.measured) == 2 for each in trial.decisions)


def test_what_was_not_reached_is_said() -> None:
    found = evidence(ddp=0.3, local=0.12)
    del found.runs[_LOCAL]
    found.failure = PeerFailed("Node 1 left.", "", "Look there.")
    assert weighed(found).candidates[2].failure == "the trial ended before its turn"


def test_without_a_single_step_there_is_nothing_to_predict_from() -> None:
    with pytest.raises(UnmeasuredHost):
        weighed(Evidence())


def test_a_host_slower_than_the_other_is_named() -> None:
    found = evidence(ddp=0.3, local=0.12)
    slow = found.alone[-1]
    block = slow.samples["step"].blocks[0]
    told = {**block.evidence, "rank_seconds_per_step": (0.1, 0.1, 0.2)}
    samples = slow.samples["step"].model_copy(
        update={"blocks": (block.model_copy(update={"evidence": told}),)}
    )
    found.alone[-1] = slow.model_copy(update={"samples": {"step": samples}})
    assert weighed(found).findings == ("host 2 runs at 50% of the middle host's speed",)


def test_a_candidate_that_hardly_ran_is_named() -> None:
    found = evidence(ddp=0.3, local=0.12)
    taken = found.runs[_DDP].samples["step"]
    block = taken.blocks[0].model_copy(update={"seconds": (0.3,)})
    hasty = {"step": taken.model_copy(update={"blocks": (block,)})}
    found.runs[_DDP] = found.runs[_DDP].model_copy(update={"samples": hasty})
    assert weighed(found).findings == (
        "2 nodes, ddp rests on 1 step: give the trial a longer --cap",
    )


def test_candidates_double_up_to_all_hosts() -> None:
    wish = TrialWish(hosts=6, syncs=("ddp",))
    assert [each.nodes for each in wish.candidates()] == [1, 2, 4, 6]


@pytest.mark.parametrize(
    "wish", [TrialWish(cap_seconds=5, hosts=2), TrialWish(syncs=("post-local-sgd",), hosts=2)]
)
def test_what_cannot_be_tried_is_refused_before_anything_runs(wish: TrialWish) -> None:
    with pytest.raises(BadValue):
        wish.check()
