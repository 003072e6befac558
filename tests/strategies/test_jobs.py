import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.cost.sensitivity import Levers, elasticities
from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.strategies import RATE_LEVERS, JobPlans, Outcome, Question, evaluate
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from tests.questions import GBIT, job, link, machine, question, site, wire, work

HERE = Nodes(0, 1, "owned")


def one(asked: Question, *rows: JobRow) -> Outcome:
    return evaluate(asked, job_plans(rows), Draws(1))


def test_one_host_alone_by_hand() -> None:
    # 256 images a step: forward 256 · 8.18e9 / 200e9 = 10.47 s and twice that backward; the
    # optimiser moves 24 B a parameter at 40 GB/s; 0.1 ms overhead twice for each of four rounds,
    # since (0.92 · 16 GB − 12 · 25.6e6 B) / 100 MB = 144.1 images fit at once.
    outcome = one(question(job(256)), JobRow(HERE, "float32"))
    step = 3 * 256 * 8.18e9 / 200e9 + 24 * 25.6e6 / 40e9 + 2 * 2 * 1e-4
    assert outcome.details["step_time"].item() == pytest.approx(step, rel=1e-6)
    steps = 90 * 1_281_024 / 256
    assert outcome.elapsed.item() == pytest.approx(steps * step, rel=1e-6)
    assert outcome.details["communication_time"].item() == 0


def test_the_terms_of_one_host_by_hand() -> None:
    outcome = one(question(job(256)), JobRow(HERE, "float32"))
    total, elapsed = outcome.total(), outcome.elapsed.item()
    dataset, state = 1_281_024 * 114_660.0, 12 * 25.6e6
    assert total.compute.item() == pytest.approx(elapsed)
    assert total.storage.item() == pytest.approx((dataset + 2 * state) * elapsed)
    assert total.bandwidth.item() == 0
    assert total.hardware.item() == pytest.approx(2 * 1000 * elapsed / (5 * 31_557_600))
    assert total.energy.item() == pytest.approx(1.2 * 150 * elapsed, rel=1e-3)


def test_four_nodes_divide_the_batch_and_add_a_ring() -> None:
    plans = JobRow(HERE, "float32", "all-reduce", 1, Nodes(0, 3, "bought"))
    outcome = one(question(job(256)), plans)
    # Five buckets of the gradient make five rings, each with six messages of 0.1 ms.
    compute = 3 * 64 * 8.18e9 / 200e9 + 24 * 25.6e6 / 40e9 + 2e-4
    expected = compute + 1.5 * 4 * 25.6e6 / GBIT + 5 * 6e-4
    assert outcome.details["step_time"].item() == pytest.approx(expected, rel=1e-4)


def test_local_sgd_divides_the_communication_by_its_interval() -> None:
    rows = [
        JobRow(HERE, "float32", kind, every, Nodes(0, 3, "bought"))
        for kind, every in (("all-reduce", 1), ("local-sgd", 8))
    ]
    outcome = one(question(job(256)), *rows)
    every_step, rarely = outcome.details["communication_time"].flatten().tolist()
    assert rarely == pytest.approx(every_step / 8, rel=0.01)
    sent = outcome.total().bandwidth.flatten().tolist()
    assert sent[1] == pytest.approx(sent[0] / 8)


def test_the_parts_of_two_groups_sum_to_the_whole() -> None:
    plans = JobRow(HERE, "float32", "all-reduce", 1, Nodes(0, 3, "bought"))
    outcome = one(question(job(256)), plans)
    first, second = outcome.groups
    assert second.compute.item() == pytest.approx(3 * first.compute.item())
    assert outcome.total().compute.item() == pytest.approx(outcome.elapsed.item())


def test_data_that_is_born_at_the_edge_is_uploaded_before_the_cloud_trains() -> None:
    cloud = machine("rented", 271e12, at="cloud", accelerator=True, rent=5, memory=80e9)
    outcome = one(question(job(256), (cloud,)), JobRow(Nodes(1, 1, "on_demand"), "float32"))
    upload = 1_281_024 * 114_660 / 2.5e6 + 0.02
    assert outcome.details["ingress_time"].item() == pytest.approx(upload)
    assert outcome.total().bandwidth.item() == pytest.approx(1_281_024 * 114_660)


def test_an_a100_trains_resnet50_in_about_13_hours_once_it_has_the_data() -> None:
    cloud = machine(
        "rented", 0.869 * 312e12, at="cloud", accelerator=True, rent=5, memory=80e9,
        memory_bandwidth=2e12,
    )  # fmt: skip
    outcome = one(question(job(256), (cloud,)), JobRow(Nodes(1, 1, "on_demand"), "float32"))
    training = outcome.elapsed.item() - outcome.details["ingress_time"].item()
    assert training / 3600 == pytest.approx(13, abs=1)


def test_what_does_not_fit_even_one_sample_at_a_time_is_out_of_memory() -> None:
    small = machine("small", memory=300e6)
    outcome = one(question(job(256), (small,)), JobRow(Nodes(1, 1, "bought"), "float32"))
    assert not bool(outcome.feasible().item())
    assert [each.name for each in outcome.bounds if not bool(each.satisfied().all())] == ["memory"]


def plans_of_every_kind() -> JobPlans:
    return job_plans(
        [
            JobRow(HERE, "float32"),
            JobRow(HERE, "float32", "all-reduce", 1, Nodes(0, 3, "bought")),
            JobRow(HERE, "float32", "local-sgd", 8, Nodes(0, 3, "bought")),
            JobRow(Nodes(1, 2, "on_demand"), "float32", "all-reduce"),
            JobRow(HERE, "float32", "local-sgd", 16, Nodes(1, 1, "on_demand")),
        ]
    )


RENTED = machine("rented", 50e12, at="cloud", accelerator=True, rent=1, memory=24e9)


@pytest.mark.parametrize("row", range(5))
def test_elasticities_of_time_over_all_rates_sum_to_minus_one(row: int) -> None:
    asked = question(job(256, work_of=work(traffic=5e7)), (RENTED,))

    def elapsed(levers: Levers) -> torch.Tensor:
        return evaluate(asked, plans_of_every_kind(), Draws(1), levers).elapsed[row, 0]

    found = elasticities(elapsed, RATE_LEVERS)
    assert sum(found.values()) == pytest.approx(-1, abs=1e-9)
    assert all(value <= 1e-12 for value in found.values())


@given(
    rate=st.floats(1e10, 1e14),
    bandwidth=st.floats(1e6, 1e11),
    round_trip=st.floats(1e-5, 1),
    batch=st.integers(8, 4096),
    faster=st.floats(1.1, 100),
)
def test_a_faster_link_never_raises_any_time_and_no_term_is_negative(
    rate: float, bandwidth: float, round_trip: float, batch: int, faster: float
) -> None:
    def outcome(speed: float) -> Outcome:
        asked = question(
            job(batch), (RENTED, machine("other", rate)),
            at=site(uplink=link(speed, speed, round_trip)), over=wire(round_trip, speed),
        )  # fmt: skip
        return evaluate(asked, plans_of_every_kind(), Draws(1))

    slow, fast = outcome(bandwidth), outcome(bandwidth * faster)
    assert bool((fast.elapsed <= slow.elapsed * (1 + 1e-9)).all())
    for name in ("compute", "storage", "bandwidth", "link_time", "hardware", "energy"):
        values = getattr(slow.total(), name)
        assert bool(torch.isfinite(values).all())
        assert bool((values >= 0).all())
