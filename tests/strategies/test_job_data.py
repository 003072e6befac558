"""The data of a job by hand: reduced before it travels, kept in memory, or looked up in tables."""

from dataclasses import replace

import pytest

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, FLOP
from bitpath_cli.model.workload import Data, Reduction, Tables, Workload
from bitpath_cli.strategies import Machine, Outcome, Question, evaluate, hybrid
from bitpath_cli.strategies._columns import JobRow, Nodes, job_plans
from tests.questions import GBIT, MBIT, exact, job, machine, question, work

SAMPLES, SIZE = 1_281_024, 114_660
RENTED = machine("rented", 50e12, at="cloud", accelerator=True, rent=1, memory=24e9)
HERE, THERE = Nodes(0, 1, "owned"), Nodes(1, 1, "on_demand")


def outcome_of(asked: Question, *rows: JobRow) -> Outcome:
    return evaluate(asked, job_plans(rows), Draws(1))


def reducible(kept: float, flop: float, born: str = "edge") -> Workload:
    made = job(256)
    reduction = Reduction(kept=exact(kept), work=exact(flop, FLOP))
    data = Data.model_validate({**dict(made.data), "reduction": reduction, "born": born})
    return made.model_copy(update={"data": data})


PREPARED = JobRow(HERE, "float32", "none", 1, THERE, is_prepared=True)


def test_a_quarter_of_the_bytes_takes_a_quarter_of_the_way() -> None:
    asked = question(reducible(0.25, 1e3), (RENTED,))
    whole, reduced = (
        outcome_of(asked, JobRow(THERE, "float32"), PREPARED).details["ingress_time"].flatten()
    )
    assert float(whole) == pytest.approx(SAMPLES * SIZE / (20 * MBIT) + 0.02)
    assert float(reduced) == pytest.approx(0.25 * SAMPLES * SIZE / (20 * MBIT) + 0.02)


def test_reducing_takes_as_long_as_the_slower_of_work_and_way() -> None:
    # 20 GFLOP a sample at 200 GFLOP/s are 0.1 s; a whole sample is sent in 0.046 s.
    asked = question(reducible(0.25, 20e9), (RENTED,))
    found = outcome_of(asked, PREPARED).details["ingress_time"]
    assert float(found) == pytest.approx(SAMPLES * 0.1)


def test_the_host_that_reduces_is_held_and_paid_until_the_data_has_arrived() -> None:
    asked = question(reducible(0.25, 20e9), (RENTED,))
    found = outcome_of(asked, PREPARED)
    near = found.groups[0]
    assert float(near.compute) == 0
    assert float(near.bandwidth) == 0
    # 1000 USD over five years of which half are used; 150 W all the way, at a PUE of 1.2.
    spent = SAMPLES * 0.1
    assert float(near.hardware) == pytest.approx(2 * 1000 * spent / (5 * 31_557_600))
    assert float(near.energy) == pytest.approx(1.2 * 150 * spent, rel=1e-4)
    assert float(found.groups[1].compute) == pytest.approx(float(found.elapsed))


def test_hybrid_reduces_only_where_the_profile_says_how_and_the_data_is_here() -> None:
    for workload, expected in (
        (reducible(0.25, 1e9), True), (reducible(0.25, 1e9, "cloud"), False), (job(256), False),
    ):  # fmt: skip
        plans = hybrid.STRATEGY.plan_job(question(workload, (RENTED,)))
        assert bool(plans.prepared.any()) is expected


def stalls(memory: float, host_memory: float | None = None, *, accelerator: bool = False) -> float:
    """Of a fast machine with slow storage: 256 samples a step take 29.4 s to read at 1 MB/s."""
    made = machine("fast", 1e18, accelerator=accelerator, memory=memory, memory_bandwidth=1e18)
    slow = replace(
        made, storage_rate=exact(1e6, BYTE_PER_SECOND),
        host_memory=None if host_memory is None else exact(host_memory, BYTE),
    )  # fmt: skip
    asked = question(job(256), (slow,))
    found = outcome_of(asked, JobRow(Nodes(1, 1, "bought"), "float32"))
    return float(found.details["stall_time"])


def test_data_that_fits_into_memory_is_read_in_one_epoch_of_ninety() -> None:
    reading = 256 * SIZE / 1e6
    # 147 GB of images beside 26 GB for training.
    assert stalls(1e12) == pytest.approx(reading / 90, rel=1e-3)
    assert stalls(20e9) == pytest.approx(reading, rel=0.01)


def test_an_accelerators_host_keeps_the_data_where_its_memory_is_known() -> None:
    reading = 256 * SIZE / 1e6
    assert stalls(80e9, 1e12, accelerator=True) == pytest.approx(reading / 90, rel=0.01)
    assert stalls(80e9, accelerator=True) == pytest.approx(reading, rel=0.01)


def recommender(rows: float = 1e9) -> Workload:
    tables = Tables(
        parameters=exact(rows), gathered_bytes=exact(1e5, BYTE), pooled_bytes=exact(1e4, BYTE),
        gather_share=exact(0.5),
    )  # fmt: skip
    plain = work(parameters=1e6, forward=1e6, activations=1e3)
    return job(1000, work_of=plain.model_copy(update={"tables": tables}))


def host(memory: float) -> Machine:
    return machine("host", 1e12, memory=memory, memory_bandwidth=1e11)


def test_look_ups_take_their_bytes_at_half_of_memorys_rate_three_times_a_step() -> None:
    asked = question(recommender(), (host(64e9),))
    found = outcome_of(asked, JobRow(Nodes(1, 1, "bought"), "float32"))
    gathering = 3 * 1000 * 1e5 / 0.5e11
    expected = 3 * 1000 * 1e6 / 1e12 + gathering + 2 * 12e6 / 1e11 + 2e-4
    seconds = found.details["step_time"] - found.details["stall_time"]
    assert float(seconds) == pytest.approx(expected, rel=1e-6)


def test_tables_are_spread_over_the_nodes_and_their_sums_travel() -> None:
    asked = question(recommender(), (host(64e9),))
    rows = [JobRow(Nodes(1, each, "bought"), "float32", "parameter-server") for each in (1, 4)]
    one, four = outcome_of(asked, *rows).details["communication_time"].flatten().tolist()
    # Each of four nodes has 250 samples: 2 · 250 · 10 kB · 3/4, and six messages of 0.1 ms.
    assert four - one == pytest.approx(3.75e6 / GBIT + 6e-4 + 6 * 4e6 / GBIT + 2e-4, rel=0.01)


def fits(memory: float, nodes: int) -> bool:
    asked = question(recommender(), (host(memory),))
    row = JobRow(Nodes(1, nodes, "bought"), "float32", "none" if nodes == 1 else "all-reduce")
    found = outcome_of(asked, row)
    return all(bool(each.satisfied().all()) for each in found.bounds if each.name == "memory")


def test_four_gigabytes_of_tables_fit_into_two_hosts_of_three() -> None:
    assert not fits(3e9, 1)
    assert fits(3e9, 2)
