import pytest

from bitpath_cli.cost.objective import GOALS
from bitpath_cli.errors import FINDING, USAGE, MissingProgram, NothingToPlan, UnknownName
from bitpath_cli.model.plan import Program
from bitpath_cli.model.reading import Quantity, assumed
from bitpath_cli.model.recommendation import Input, Recommendation
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import BYTE_PER_SECOND, SECOND
from bitpath_cli.workflows._judgement import Wishes
from bitpath_cli.workflows.advise import recommend
from bitpath_cli.workflows.plan import blueprint
from tests import questions
from tests.sample_report import recommendation, report

WISHES = Wishes("balanced", GOALS["balanced"], "the goal 'balanced'", draws=50)
OWN = Program(words=("true",))
FAST = questions.machine("a100", 200e12, at="cloud", accelerator=True, rent=3, memory=80e9)


def advised(*advice: Recommendation) -> Report:
    return report(recommendation=advice[0] if advice else None, recommendations=advice)


def trained() -> Report:
    asked = questions.question(questions.job(batch=64), (FAST,), over=questions.wire(2e-4, 1e8))
    return advised(recommend(asked, WISHES))


def test_the_winner_is_planned_unless_a_strategy_is_named() -> None:
    found = trained()
    (advice,) = found.recommendations
    made = blueprint(found, None, None, "torchrun", OWN)
    assert made.configuration == advice.winner
    assert (made.workload, made.task, made.host.fingerprint) == (
        "test-job", "training", found.host.fingerprint,
    )  # fmt: skip
    named = blueprint(found, "test-job", "distributed", "torchrun", OWN)
    assert named.strategy == "distributed"
    assert sum(each.count for each in named.configuration.nodes) >= 2


def test_each_node_is_told_its_memory_and_samples() -> None:
    made = blueprint(trained(), None, "today", "torchrun", OWN)
    (group,) = made.configuration.nodes
    assert group.expected is not None
    # 12 B a parameter for momentum, and 100 MB of activations a sample.
    assert isinstance(group.expected.memory_needed, Quantity)
    assert group.expected.memory_needed.value == pytest.approx(12 * 25.6e6 + 64 * 1e8)
    assert isinstance(group.expected.samples, Quantity)
    assert group.expected.samples.value == 64
    assert group.expected.memory.value == 16e9
    assert group.expected.accelerators == 0


def test_a_service_has_memory_and_no_samples() -> None:
    found = advised(recommend(questions.question(questions.service(), (FAST,)), WISHES))
    made = blueprint(found, None, "today", "systemd", OWN)
    assert made.task == "serving"
    (group,) = made.configuration.nodes
    assert group.expected is not None
    # 4 B a parameter; the example has no element-wise traffic.
    assert isinstance(group.expected.memory_needed, Quantity)
    assert group.expected.memory_needed.value == pytest.approx(4 * 25.6e6)
    assert group.expected.samples.kind == "missing"


def test_the_network_is_expected_where_nodes_talk() -> None:
    names = {each.name for each in blueprint(trained(), None, "today", "x", OWN).expectations}
    assert not any("all-reduce" in name for name in names)
    found = blueprint(trained(), None, "distributed", "x", OWN).expectations
    by_metric = {each.metric: each for each in found}
    # The wire of the question: 0.2 ms and 100 MB/s; machines drift by 3 % a sigma, 1.2816 sigmas.
    assert by_metric["alpha"].forecast.value == pytest.approx(2e-4)
    bandwidth = by_metric["beta"].forecast
    assert bandwidth.value == pytest.approx(1e8)
    assert bandwidth.high == pytest.approx(1e8 * 1.03**1.2816, rel=1e-4)
    assert by_metric["throughput"].parameters == {"dtype": "float32"}


def test_a_job_over_the_uplink_expects_the_uplink() -> None:
    found = blueprint(trained(), None, "hybrid", "x", OWN).expectations
    by_metric = {each.metric: each for each in found}
    # 20 Mbit/s up, 40 ms there and back.
    assert by_metric["beta"].forecast.value == pytest.approx(2.5e6)
    assert by_metric["alpha"].forecast.value == pytest.approx(0.02)


def test_an_interval_of_one_sigma_widens_to_80_percent() -> None:
    # × ÷ 1.5 at one sigma is × ÷ 1.5^1.2816 = 1.681 at 80 %.
    rate = assumed(1e8, BYTE_PER_SECOND, "a guess", 1.5)
    inputs = (
        Input(name="wire.bandwidth", reading=rate),
        Input(name="wire.latency", reading=assumed(1e-4, SECOND, "a guess", 1.0)),
    )
    (advice,) = trained().recommendations
    found = blueprint(
        advised(advice.model_copy(update={"inputs": inputs})), None, "distributed", "x", OWN
    )
    (forecast,) = (each.forecast for each in found.expectations if each.metric == "beta")
    assert forecast.high == pytest.approx(1.681e8, rel=1e-3)
    assert forecast.low == pytest.approx(1e8 / 1.681, rel=1e-3)
    assert forecast.level == 0.8


@pytest.mark.parametrize(
    ("workload", "family"),
    [
        ("gpt2-pretraining", "transformer"), ("resnet50-training", "resnet"),
        ("ad-click-ranking", "recommender"), ("industrial-anomaly", "mlp"),
    ],
)  # fmt: skip
def test_a_benchmark_of_the_family_stands_in(workload: str, family: str) -> None:
    (advice,) = trained().recommendations
    renamed = advised(advice.model_copy(update={"workload": workload}))
    made = blueprint(renamed, None, "distributed", "torchrun", Program())
    assert made.program.is_stand_in
    assert made.program.words[:5] == ("bitpath", "bench", "training", "--model", family)
    assert made.program.words[-2:] == ("--batch-size", "64")


def test_the_stand_in_synchronises_as_the_configuration_does() -> None:
    (advice,) = trained().recommendations
    words = {}
    for kind in (
        "none", "all-reduce", "local-sgd every 8 steps", "slow-momentum every 4 steps",
        "parameter-server", "fp16-compress", "powersgd of rank 4", "zero-3",
    ):  # fmt: skip
        winner = advice.candidates[0].configuration.model_copy(update={"synchronisation": kind})
        first = advice.candidates[0].model_copy(update={"configuration": winner})
        changed = advice.model_copy(update={"winner": winner, "candidates": (first,)})
        found = blueprint(advised(changed), None, None, "torchrun", Program()).program.words
        words[kind] = found[5:-2]
    assert words == {
        "none": ("--sync", "single"), "all-reduce": ("--sync", "ddp"),
        "local-sgd every 8 steps": ("--sync", "local-sgd", "--every", "8"),
        "slow-momentum every 4 steps": ("--sync", "momentum", "--every", "4"),
        "parameter-server": ("--sync", "parameter-server"),
        "fp16-compress": ("--sync", "fp16-compress"),
        "powersgd of rank 4": ("--sync", "powersgd"),
        "zero-3": ("--sync", "ddp"),
    }  # fmt: skip


def test_a_service_without_a_program_is_refused() -> None:
    found = advised(recommend(questions.question(questions.service()), WISHES))
    with pytest.raises(MissingProgram, match="no program was given"):
        blueprint(found, None, "today", "systemd", Program())
    assert blueprint(found, None, "today", "x", Program(image="a:1")).program.words == ()


def test_advice_that_is_not_there_is_named() -> None:
    with pytest.raises(NothingToPlan, match="holds no advice"):
        blueprint(advised(), None, None, "torchrun", OWN)
    with pytest.raises(UnknownName, match="'gpt2'") as raised:
        blueprint(trained(), "gpt2", None, "torchrun", OWN)
    assert raised.value.exit_code == USAGE
    assert raised.value.next_step.startswith("Add it: bitpath recommend")
    with pytest.raises(UnknownName, match="called 'fog'"):
        blueprint(trained(), None, "fog", "torchrun", OWN)


def test_what_is_not_feasible_is_refused_with_its_reason() -> None:
    found = advised(recommendation())
    with pytest.raises(NothingToPlan, match="26 h, and the deadline is 24 h") as raised:
        blueprint(found, None, "edge", "torchrun", OWN)
    assert raised.value.exit_code == FINDING
    none = recommendation(winner=None, verdict="none feasible", smallest_change="buy more")
    with pytest.raises(NothingToPlan, match="nothing is feasible; buy more"):
        blueprint(advised(none), None, None, "torchrun", OWN)


@pytest.mark.parametrize("count", [0, -1, 1e9])
def test_a_number_of_nodes_that_no_plan_has_is_refused(count: float) -> None:
    (advice,) = trained().recommendations
    told = advice.candidates[0].configuration
    nodes = (told.nodes[0].model_copy(update={"count": count}),)
    wild = told.model_copy(update={"nodes": nodes})
    first = advice.candidates[0].model_copy(update={"configuration": wild})
    changed = advice.model_copy(update={"winner": wild, "candidates": (first,)})
    with pytest.raises(NothingToPlan, match="a plan has 1 to 4096"):
        blueprint(advised(changed), None, None, "torchrun", OWN)


def test_an_older_report_without_node_expectations_can_be_planned() -> None:
    made = blueprint(advised(recommendation()), None, None, "torchrun", OWN)
    assert made.configuration.nodes[0].expected is None
    assert made.expectations == ()
