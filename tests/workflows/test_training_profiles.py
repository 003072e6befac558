"""Shipped training profiles against published anchors, and answers an engineer would give."""

import pytest

from bitpath_cli import catalogue
from bitpath_cli.cost.objective import GOALS
from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.configuration import Configuration
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.recommendation import Recommendation
from bitpath_cli.model.workload import Precision, Workload
from bitpath_cli.strategies import Machine, Question, Wire, evaluate
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows._machines import bought_machine, rented_machine
from bitpath_cli.workflows.advise import recommend
from tests.questions import exact, machine, wire


def here(precisions: tuple[Precision, ...] = ("float32", "bfloat16")) -> Machine:
    """A small CPU host as one was measured: 100 GFLOP/s, 12 GB/s, 24 GB."""
    return machine(rate=1e11, memory=24e9, memory_bandwidth=12e9, precisions=precisions)


def ask(workload: str, site: str, over: Wire | None = None) -> Question:
    """A small CPU host at a shipped site with all that can be bought and rented there."""
    at = catalogue.site(site)
    assert at.cloud is not None
    machines = [here(), *(bought_machine(catalogue.device(name), at) for name in at.purchases)]
    machines += [
        rented_machine(offer, catalogue.device(offer.device), at) for offer in at.cloud.offers
    ]
    known = tuple(each for each in machines if each is not None)
    return Question(
        workload=catalogue.workload(workload), site=at, machines=known, wire=over or wire(),
        largest_cluster=at.largest_cluster,
    )  # fmt: skip


def answer(asked: Question) -> Recommendation:
    return recommend(asked, Wishes("balanced", GOALS["balanced"], "the goal 'balanced'", draws=100))


def best(found: Recommendation, strategy: str) -> Configuration:
    return next(each.configuration for each in found.candidates if each.strategy == strategy)


def seconds_a_step(
    workload: Workload, device: str, precision: Precision, devices: int = 1
) -> float:
    """On one node of so many such devices, without waiting for data."""
    offer = next(
        each
        for name in ("default", "cloud-region-eu")
        if (cloud := catalogue.site(name).cloud) is not None
        for each in cloud.offers
        if each.device == device and each.devices == devices
    )
    site = catalogue.site("cloud-region-eu")
    rented = rented_machine(offer, catalogue.device(device), site)
    assert rented is not None
    asked = Question(workload, site, (here(), rented), wire(), 1)
    row = JobRow(Nodes(1, 1, "on_demand"), precision)
    found = evaluate(asked, job_plans([row]), Draws(1)).details
    return float(found["step_time"] - found["stall_time"])


@pytest.mark.parametrize(("device", "seconds"), [("a100-80gb", 0.636), ("h100-sxm", 0.323)])
def test_3d_unet_takes_what_mlperf_storage_counts_with(device: str, seconds: float) -> None:
    workload = catalogue.workload("medical-imaging-training")
    assert seconds_a_step(workload, device, "bfloat16") == pytest.approx(seconds, rel=0.01)


def test_dlrm_reaches_the_rate_of_eight_a100_with_one_row_a_table() -> None:
    workload = catalogue.workload("recommendation-training")
    assert workload.work.tables is not None
    assert workload.training is not None
    tables = workload.work.tables.model_copy(
        update={"gathered_bytes": workload.work.tables.pooled_bytes}
    )
    work = workload.work.model_copy(update={"tables": tables})
    training = workload.training.model_copy(update={"global_batch": exact(131_072)})
    one_hot = workload.model_copy(update={"work": work, "training": training})
    step = seconds_a_step(one_hot, "a100-40gb", "tf32", devices=8)
    assert 131_072 / step == pytest.approx(1_190_128, rel=0.05)


def test_patient_images_are_trained_on_where_they_are() -> None:
    found = answer(ask("medical-imaging-training", "hospital"))
    assert found.winner is not None
    assert {each.place for each in found.winner.nodes} == {"edge"}


def test_tables_of_104_gb_take_several_devices_and_the_data_stays_in_the_cloud() -> None:
    asked = ask("recommendation-training", "cloud-region-eu")
    found = answer(asked)
    assert found.winner is not None
    assert found.winner.strategy == "cloud_native"
    memory = {each.name: each.memory.value for each in asked.machines}
    room = sum(each.count * memory[each.device] for each in found.winner.nodes)
    assert room > 104.5e9


def test_low_rank_adaptation_of_eight_billion_parameters_fits_one_card_of_24_gb() -> None:
    asked = ask("customer-service-chatbot-finetune", "default")
    found = answer(asked)
    assert found.winner is not None
    cards = [index for index, each in enumerate(asked.machines) if each.hardware == "1 × l4"]
    row = JobRow(Nodes(cards[-1], 1, "on_demand"), "bfloat16")
    outcome = evaluate(asked, job_plans([row]), Draws(1))
    needed = float(outcome.details["memory_needed.0"])
    # 16.0 GB of frozen weights, 0.67 GB of state, and 1.25 GB a sample.
    fixed = 2 * (8.03e9 - 41_943_040) + 16 * 41_943_040
    assert needed == pytest.approx(fixed + 4 * 1.25e9, rel=1e-3)
    assert bool(outcome.feasible().all())


def test_training_all_of_them_is_sharded_over_the_devices_of_a_rented_node() -> None:
    found = answer(ask("customer-service-chatbot-full-finetune", "cloud-region-eu"))
    cloud = best(found, "cloud_native")
    assert cloud.synchronisation in ("zero-1", "zero-2", "zero-3")
    assert found.winner is not None
    assert found.winner.strategy in ("cloud_native", "edge")


def test_a_small_model_is_trained_in_minutes_by_one_small_accelerator() -> None:
    found = answer(ask("financial-risk-training", "cloud-region-eu"))
    assert found.winner is not None
    assert sum(each.count for each in found.winner.nodes) <= 2
    winner = next(each for each in found.candidates if each.configuration == found.winner)
    assert isinstance(winner.predicted["job_time"], Quantity)
    assert winner.predicted["job_time"].value < 3600


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in catalogue.names("workload")
        if catalogue.workload(name).task == "training" and catalogue.workload(name).is_example
    ],
)
def test_every_training_profile_has_an_answer_without_a_gap(name: str) -> None:
    asked = ask(name, "cloud-region-eu")
    found = answer(asked)
    strategies = {each.strategy for each in found.candidates}
    assert {"today", "edge", "cloud_native", "hybrid", "distributed"} <= strategies
    assert found.winner is not None
    for each in found.candidates:
        for term in ("compute", "storage", "bandwidth", "hardware", "energy"):
            value = getattr(each.terms, term).value
            assert value is not None
            assert value >= 0
