from pathlib import Path

import pytest

from bitpath_cli import harness
from bitpath_cli.benchmarks import energy
from bitpath_cli.benchmarks.energy import Nap
from bitpath_cli.host import monotonic
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import Missing, denied, reported, unsupported
from bitpath_cli.model.result import Parameters
from bitpath_cli.model.units import JOULE, WATT
from tests.benchmarks.scenes import context
from tests.sample_report import filled


def meter(scope: str = "cpu_package", **readings: object) -> PowerMeter:
    return filled(PowerMeter, name="package-0", source="rapl", scope=scope, **readings)


def gpu() -> Accelerator:
    return filled(Accelerator, name="nvidia0", vendor="nvidia", index=0)


COUNTING = meter(energy=reported(5.0, JOULE, "energy_uj"))


def loads(root: Path, *components: Component) -> list[Parameters]:
    found = energy.find_cases(context(root, *components))
    assert isinstance(found, tuple)
    return [each.parameters for each in found]


def test_idle_comes_first_and_then_the_processors(tmp_path: Path) -> None:
    assert loads(tmp_path, COUNTING) == [
        {"meter": "counters", "load": "idle"},
        {"meter": "counters", "load": "cpu", "threads": 2},
    ]


def test_a_gpu_is_loaded_too(tmp_path: Path) -> None:
    found = loads(tmp_path, COUNTING, gpu())
    assert [each["load"] for each in found] == ["idle", "cpu", "cuda:0"]


@pytest.mark.parametrize(
    ("components", "detail", "hint"),
    [
        ((), "count no energy", "--wall-watts"),
        (
            (meter(energy=denied("energy_uj: Permission denied", "read access to it"),
                   power=unsupported("counts only")),),
            "Permission denied", "read access to it; --wall-watts",
        ),
        (
            (meter("node_dc", energy=unsupported("a battery"), power=reported(9, WATT, "x")),),
            "only tell the power of an instant", "--wall-watts",
        ),
        ((meter("rail", energy=reported(5, JOULE, "x")),), "count no energy", "--wall-watts"),
    ],
)  # fmt: skip
def test_without_a_counter_it_says_why_and_what_a_person_can_do(
    tmp_path: Path, components: tuple[Component, ...], detail: str, hint: str
) -> None:
    found = energy.find_cases(context(tmp_path, *components))
    assert isinstance(found, Missing)
    assert detail in found.detail
    assert hint in found.hint


def test_idle_is_a_nap_for_as_long_as_counters_need(tmp_path: Path) -> None:
    idle = energy.find_cases(context(tmp_path, COUNTING))
    assert isinstance(idle, tuple)
    with energy.open_loops(idle[0], context(tmp_path)) as loops:
        (loop,) = loops.values()
    assert loop.unit == "s"
    assert loop.sample_seconds * 10 > 2
    assert Nap().run(0) < 1
    assert Nap().find_error() is None


def test_full_load_is_a_product_whose_answer_is_checked(tmp_path: Path) -> None:
    found = energy.find_cases(context(tmp_path, COUNTING))
    assert isinstance(found, tuple)
    made = context(tmp_path)
    with energy.open_loops(found[1], made) as loops:
        sampling = harness.sample(loops, 0.1, monotonic, 0.0)
    assert sampling.wrong == ""
    (samples,) = sampling.samples.values()
    assert (samples.work, samples.unit) == (2.0 * 2048**3, "FLOP")
    assert energy.conclude(found[1], made, sampling.samples).metrics == ()
