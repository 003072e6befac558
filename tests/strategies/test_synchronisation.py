"""Every way of training together, by hand: 25.6 million parameters on four hosts with 1 Gbit/s."""

from dataclasses import replace

import pytest

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.workload import Training, Workload
from bitpath_cli.strategies import SYNCHRONISATIONS as KINDS
from bitpath_cli.strategies import JobPlans, Machine, Outcome, Question, distributed, evaluate
from bitpath_cli.strategies import cloud_native as rented
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from tests.questions import GBIT, exact, job, machine, question, work

PARAMETERS = 25.6e6
GRADIENT = 4 * PARAMETERS
# 64 images each: forward 2.6 s, twice that backward, the optimiser's 24 B a parameter at 40 GB/s.
ALONE = 3 * 64 * 8.18e9 / 200e9 + 24 * PARAMETERS / 40e9 + 2e-4
FOUR = Nodes(0, 3, "bought")
RING = 1.5 * GRADIENT / GBIT


def outcome_of(*rows: JobRow, asked: Question | None = None) -> Outcome:
    return evaluate(asked or question(job(256)), job_plans(rows), Draws(1))


def step(kind: str, interval: int = 1, rank: int = 0) -> float:
    row = JobRow(Nodes(0, 1, "owned"), "float32", kind, interval, FOUR, rank)
    return float(outcome_of(row).details["step_time"])


def sent(kind: str, interval: int = 1, rank: int = 0) -> float:
    """Bytes of the whole job over what an all-reduce in every step sends."""
    here = Nodes(0, 1, "owned")
    rows = (
        JobRow(here, "float32", kind, interval, FOUR, rank),
        JobRow(here, "float32", "all-reduce", 1, FOUR),
    )
    mine, theirs = outcome_of(*rows).total().bandwidth.flatten().tolist()
    return float(mine / theirs)


def test_a_server_receives_and_sends_three_copies_over_one_link() -> None:
    # 2·3·102.4 MB through the server's link, two messages, and eight passes at 40 GB/s.
    expected = ALONE + 6 * GRADIENT / GBIT + 2e-4 + 8 * GRADIENT / 40e9
    assert step("parameter-server") == pytest.approx(expected, rel=1e-6)
    assert sent("parameter-server") == pytest.approx(1)


def test_half_precision_halves_the_ring_and_pays_for_coding() -> None:
    # Five buckets with six messages of 0.1 ms each, three passes at 40 GB/s, and on a CPU 4 ns for
    # each of three quarters of the numbers.
    expected = ALONE + RING / 2 + 30e-4 + 3 * GRADIENT / 40e9 + 0.75 * PARAMETERS * 4e-9
    assert step("fp16-compress") == pytest.approx(expected, rel=1e-4)
    assert sent("fp16-compress") == pytest.approx(0.5)


def test_factors_of_rank_4_send_a_hundredth_and_are_computed() -> None:
    # 54 square matrices of 474 074: two factors of 54 · 4 · 688.5 · 4 B = 595 kB each.
    one = 54 * 4 * (PARAMETERS / 54) ** 0.5 * 4
    coding = 6 * PARAMETERS * 4 / 200e9 + 11 * GRADIENT / 40e9
    expected = ALONE + 2 * (6e-4 + 1.5 * one / GBIT) + coding
    assert step("powersgd", rank=4) == pytest.approx(expected, rel=1e-6)
    assert sent("powersgd", rank=4) == pytest.approx(2 * one / GRADIENT)
    assert sent("powersgd", rank=4) == pytest.approx(0.0116, rel=0.01)


def test_slow_momentum_is_an_average_with_a_step_of_its_own() -> None:
    averaging = RING + 6e-4 + 19 * GRADIENT / 40e9
    assert step("slow-momentum", 8) == pytest.approx(ALONE + averaging / 8, rel=1e-6)
    assert step("local-sgd", 8) < step("slow-momentum", 8)
    assert sent("slow-momentum", 8) == pytest.approx(1 / 8)


@pytest.mark.parametrize(("kind", "times"), [("zero-1", 1), ("zero-2", 1), ("zero-3", 1.5)])
def test_sharding_sends_what_an_all_reduce_does_or_half_as_much_again(
    kind: str, times: float
) -> None:
    assert sent(kind) == pytest.approx(times)
    # Each of four nodes updates a quarter of the weights.
    saved = 0.75 * 24 * PARAMETERS / 40e9
    assert step(kind) == pytest.approx(ALONE - saved + times * RING + 30e-4, rel=2e-4)


def large(trained: float | None = None, optimiser: str = "adam") -> Workload:
    """Eight billion parameters, 100 MB of activations a sample."""
    made = job(256, work_of=work(parameters=8e9))
    assert made.training is not None
    known = None if trained is None else exact(trained)
    training = Training.model_validate(
        {**dict(made.training), "optimiser": optimiser, "trained": known}
    )
    return made.model_copy(update={"training": training})


def card(devices: int, memory: float = 80e9, link: float = 300e9) -> Machine:
    made = machine("card", 200e12, at="cloud", accelerator=True, rent=20, memory=devices * memory)
    known = exact(link) if devices > 1 else None
    return replace(made, devices=devices, link=known)


def kinds(plans: JobPlans) -> set[str]:
    return {KINDS[int(each)] for each in plans.synchronisation}


def test_sharding_is_tried_where_one_copy_does_not_fit() -> None:
    # 128 GB of state against 73.6 GB a device.
    asked = question(large(), (card(8),))
    assert {"zero-1", "zero-2", "zero-3"} <= kinds(rented.STRATEGY.plan_job(asked))
    small = question(job(256), (card(8),))
    assert not {"zero-1", "zero-2", "zero-3"} & kinds(rented.STRATEGY.plan_job(small))


def feasible(kind: str, devices: int, workload: Workload, nodes: int = 1) -> bool:
    asked = question(workload, (card(devices),))
    row = JobRow(Nodes(1, nodes, "on_demand"), "float32", kind)
    found = outcome_of(row, asked=asked)
    return not any(
        bound.name == "memory" and not bool(bound.satisfied().all()) for bound in found.bounds
    )


def test_eight_billion_parameters_with_adam_by_stage() -> None:
    # A device of 80 GB holds 73.6: 128 GB; 4+4+8/8 = 9 B are 72; (4 + 12/8) are 44; 16/8 are 16.
    assert not feasible("none", 8, large())
    assert feasible("zero-1", 8, large())
    assert feasible("zero-3", 8, large())
    # Of two devices only stage 3 would keep 64 GB; stage 2 keeps 4 + 12/2 = 10 B, 80 GB.
    assert not feasible("zero-2", 2, large())
    assert feasible("zero-3", 2, large())
    # Two nodes of one device each share as two devices of one node do.
    assert feasible("zero-3", 1, large(), nodes=2)


def test_low_rank_adaptation_needs_the_weights_once() -> None:
    # 32 GB of frozen weights in float32 and 0.7 GB for what is trained.
    assert feasible("none", 1, large(trained=42e6))
    assert not feasible("none", 1, large())


def test_low_rank_adaptation_reduces_only_what_is_trained() -> None:
    asked = question(large(trained=42e6), (card(1),))
    found = outcome_of(JobRow(Nodes(1, 2, "on_demand"), "float32", "all-reduce"), asked=asked)
    steps = 90 * 1_281_024 / 256
    ingress = 1_281_024 * 114_660
    assert float(found.total().bandwidth) - ingress == pytest.approx(2 * steps * 4 * 42e6)


def test_devices_of_a_node_reduce_over_their_own_link() -> None:
    """A slow link between eight devices of one node is exposed; a fast one hides in backward."""

    def seconds(link: float) -> float:
        asked = question(job(256), (card(8, link=link),))
        row = JobRow(Nodes(1, 1, "on_demand"), "float32")
        return float(outcome_of(row, asked=asked).details["step_time"])

    # A device's 32 images take 32·2·8.18e9/(200e12·0.223/8) backward, of which 0.9 can hide it.
    backward = 256 * 2 * 8.18e9 / (200e12 * 0.223) + 1e-3
    inner = 2 * 7 / 8 * GRADIENT / 1e9
    assert seconds(1e9) - seconds(300e9) == pytest.approx(inner - 0.9 * backward, rel=1e-6)
    assert seconds(300e9) == pytest.approx(seconds(600e9), rel=1e-9)


def test_averages_and_factors_are_tried_only_where_they_are_said_to_be_tolerated() -> None:
    strict = job(256)
    assert strict.training is not None
    training = strict.training.model_copy(update={"local_steps": (), "compression_ranks": ()})
    asked = question(strict.model_copy(update={"training": training}))
    assert kinds(distributed.STRATEGY.plan_job(asked)) == {
        "all-reduce", "parameter-server", "fp16-compress",
    }  # fmt: skip
    assert {"local-sgd", "slow-momentum", "powersgd"} <= kinds(
        distributed.STRATEGY.plan_job(question(job(256)))
    )


def test_no_more_nodes_than_samples() -> None:
    plans = distributed.STRATEGY.plan_job(question(job(3), largest_cluster=8))
    assert set((plans.count + plans.other_count).tolist()) == {2, 3}


def test_a_thousand_nodes_are_not_tried_one_by_one() -> None:
    plans = distributed.STRATEGY.plan_job(question(job(4096), largest_cluster=1000))
    numbers = sorted(set((plans.count + plans.other_count).tolist()))
    assert numbers[:31] == list(range(2, 33))
    assert numbers[-1] == 1000
    assert {64, 128, 256, 512} <= set(numbers)
    assert len(numbers) < 80
