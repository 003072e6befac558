import pytest

from bitpath_cli.benchmarks._peak import find_peak
from bitpath_cli.model.components.cpu import CoreGroup, Cpu
from bitpath_cli.model.reading import Reading, absent, fact, reported
from bitpath_cli.model.units import HERTZ, ONE
from tests.sample_report import filled


def cpu(
    vendor: str = "AuthenticAMD",
    family: str = "family 25, model 1, stepping 1",
    model: str = "a processor",
    isa: tuple[str, ...] = ("avx2", "fma"),
    clock: Reading | None = None,
    groups: tuple[CoreGroup, ...] = (),
) -> Cpu:
    return filled(
        Cpu, name=model,
        vendor=fact(vendor, "cpuinfo"), family=fact(family, "cpuinfo"),
        model=fact(model, "cpuinfo"), isa=fact(isa, "cpuinfo"), core_groups=groups,
        physical_cores=reported(8, ONE, "sysfs"),
        frequency_max=clock or reported(3e9, HERTZ, "cpufreq"), caches=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "per_clock"),
    [
        # Two 256-bit units: 2 units × 8 lanes × 2 FLOP.
        (cpu(), 32),
        (cpu(family="family 23, model 49, stepping 0"), 32),
        # The first Zen splits a 256-bit operation in two.
        (cpu(family="family 23, model 1, stepping 2"), 16),
        # Two 512-bit units.
        (cpu(family="family 26, model 2, stepping 1"), 64),
        (cpu("GenuineIntel", "family 6, model 63, stepping 2"), 32),
        (cpu("Arm", "implementer 0x41, part 0xd0c", "Arm Neoverse N1", ("asimd",)), 16),
    ],
)
def test_the_peak_is_cores_times_clock_times_lanes(one: Cpu, per_clock: int) -> None:
    found = find_peak([one], "float32", threads=4)
    assert found is not None
    assert found.value == 4 * 3e9 * per_clock
    half = find_peak([one], "float64", threads=4)
    assert half is not None
    assert half.value == found.value / 2


def test_threads_beyond_the_cores_add_nothing() -> None:
    found = find_peak([cpu()], "float32", threads=16)
    assert found is not None
    assert found.value == 8 * 3e9 * 32
    assert found.source == "8 cores × 3 GHz (highest clock of a core) × 32 FLOP per clock"


@pytest.mark.parametrize(
    "one",
    [
        # One or two units of AVX-512: no file tells.
        cpu("GenuineIntel", "family 6, model 106, stepping 6", isa=("fma", "avx512f")),
        # Mobile chips of the family have half the width.
        cpu(family="family 26, model 36, stepping 0"),
        cpu(vendor="Unheard"),
        cpu(clock=absent("no cpufreq")),
        cpu(
            groups=(
                CoreGroup(name="performance", cpus=reported(4, ONE, "x")),
                CoreGroup(name="efficiency", cpus=reported(4, ONE, "x")),
            )
        ),
    ],
)
def test_no_peak_is_invented(one: Cpu) -> None:
    assert find_peak([one], "float32", 4) is None


def test_other_dtypes_and_machines_without_a_description_have_none() -> None:
    assert find_peak([cpu()], "bfloat16", 4) is None
    assert find_peak([], "float32", 4) is None
