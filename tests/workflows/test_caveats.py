"""What is said beside an answer about training: accuracy at risk, and what buying costs."""

import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.model.configuration import Configuration
from bitpath_cli.model.result import BenchmarkResult, Block, Samples, Validity
from bitpath_cli.model.units import ONE
from bitpath_cli.workflows._caveats import caveats
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows.advise import recommend
from tests.questions import job, machine, question, site


def how(synchronisation: str) -> Configuration:
    return Configuration(
        label="x", strategy="distributed", nodes=(), precision="float32",
        synchronisation=synchronisation,
    )  # fmt: skip


def trained(sync: str, losses: tuple[float, ...], model: str = "resnet") -> BenchmarkResult:
    seen = tuple(1000.0 * 2**index for index in range(len(losses)))
    block = Block(loops=1, seconds=(1.0,), evidence={"curve_samples": seen, "curve_loss": losses})
    return BenchmarkResult(
        benchmark="train_step", revision=1,
        parameters={"model": model, "sync": sync, "batch_size": 64, "world_size": 2},
        validity=Validity.VALID, duration_seconds=1.0,
        samples={"step": Samples(work=64.0, unit=ONE, blocks=(block,), stopped="budget")},
    )  # fmt: skip


@pytest.mark.parametrize("exact", ["none", "all-reduce", "parameter-server", "zero-3"])
def test_what_does_not_change_what_is_learnt_needs_no_word(exact: str) -> None:
    assert caveats([how(exact)], ()) == ()


@pytest.mark.parametrize(
    ("way", "command"),
    [
        ("local-sgd every 8 steps", "--sync ddp --sync local-sgd"),
        ("slow-momentum every 4 steps", "--sync ddp --sync momentum"),
        ("powersgd of rank 4", "--sync ddp --sync powersgd"),
        ("fp16-compress", "--sync ddp --sync fp16-compress"),
    ],
)
def test_what_may_cost_accuracy_is_said_with_the_command_that_tries_it(
    way: str, command: str
) -> None:
    (told,) = caveats([how(way), how(way)], ())
    assert told.startswith(f"{way.partition(' ')[0]}: ")
    assert "not in these numbers" in told
    assert told.endswith(f"bitpath bench training {command}")


def test_losses_that_were_measured_take_the_commands_place() -> None:
    # Both had seen 2000 samples; of local-sgd there is a look at 4000 more.
    results = (trained("ddp", (1.0, 0.5)), trained("local-sgd", (1.0, 0.6, 0.4)))
    (told,) = caveats([how("local-sgd every 8 steps")], results)
    assert told.endswith("on this report's small resnet the loss after 2000 samples was "
                         "0.6 against 0.5 with ddp")  # fmt: skip


def test_losses_of_another_model_are_not_compared() -> None:
    results = (trained("ddp", (1.0, 0.5), "mlp"), trained("local-sgd", (1.0, 0.6)))
    (told,) = caveats([how("local-sgd every 8 steps")], results)
    assert "bitpath bench training" in told


def test_the_answer_says_what_buying_costs_at_once() -> None:
    fast = machine("card", 50e12, accelerator=True, price=9000, memory=24e9, full=300)
    wishes = Wishes("balanced", GOALS["balanced"], "the goal 'balanced'", draws=50)
    found = recommend(
        question(job(256), (fast,), at=site(without_cloud=True), largest_cluster=1), wishes
    )
    assert found.winner is not None
    assert found.winner.nodes[0].device == "card"
    told = next(each for each in found.notes if each.startswith("to buy costs "))
    assert "9,000 USD at once" in told
    assert "5 years in which they have work 50 % of the time" in told
