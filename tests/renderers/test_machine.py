"""The header's lines: what a machine is, and what of it may be used."""

from typing import Any

import pytest

from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import derived, fact, reported
from bitpath_cli.model.units import BYTE, JOULE, ONE
from bitpath_cli.renderers._machine import describe
from tests.sample_report import GIB, filled, report


def line(label: str, *components: Any) -> str:
    return dict(describe(report(components=components)))[label]


def gpu(index: int, usable: bool = True) -> Accelerator:
    return filled(
        Accelerator, name=f"gpu{index}", vendor="nvidia", index=index, model=fact("H100", "nvml"),
        memory_total=reported(80 * GIB, BYTE, "nvml"), usable=fact(usable, "torch"),
    )  # fmt: skip


def test_equal_gpus_are_counted_and_unusable_ones_named() -> None:
    assert line("GPU", gpu(0), gpu(1), gpu(2, usable=False)) == "3 × H100 80 GiB · 1 not usable"


@pytest.mark.parametrize(
    ("isa", "words"),
    [
        (("avx2", "avx512f", "amx_tile"), "AVX-512 + AMX"),
        (("avx2", "fma"), "AVX2"),
        (("asimd", "sve"), "SVE"),
        (("asimd",), "NEON"),
    ],
)
def test_the_widest_instruction_set_is_named(isa: tuple[str, ...], words: str) -> None:
    cpu = filled(Cpu, name="cpu", isa=fact(isa, "cpuinfo"), core_groups=(), caches=())
    assert line("CPU", cpu).endswith(f"· {words}")


def test_a_limit_is_told_only_where_it_takes_something_away() -> None:
    whole = filled(Limits, name="limits", host_cpus=reported(8, ONE, "/sys"),
                   effective_cpus=derived(8, ONE, "affinity"))  # fmt: skip
    cpu = filled(Cpu, name="cpu", model=fact("EPYC", "cpuinfo"), core_groups=(), caches=())
    assert "may use" not in line("CPU", cpu, whole)
    half = whole.model_copy(update={"effective_cpus": derived(4, ONE, "affinity")})
    assert line("CPU", cpu, half).endswith("may use 4 CPUs")


def test_virtual_interfaces_are_told_only_on_the_default_route() -> None:
    veth = filled(Nic, name="veth0", medium="virtual", default_route=False)
    eth = filled(Nic, name="eth0", medium="virtual", default_route=True, state=fact("up", "/sys"))
    assert line("Network", veth, eth) == "eth0"


@pytest.mark.parametrize(
    ("virtualisation", "words"), [("none", "bare metal"), ("kvm", "virtual machine (kvm)")]
)
def test_real_or_virtual(virtualisation: str, words: str) -> None:
    assert line("Machine", filled(System, name="x", virtualisation=fact(virtualisation, "x"))) == (
        words
    )


def test_meters_that_can_be_read_are_named() -> None:
    meter = filled(PowerMeter, name="package-0", source="rapl", scope="cpu_package",
                   energy=reported(1.0, JOULE, "rapl"))  # fmt: skip
    assert line("Power", meter) == "package-0 (rapl)"


def test_what_was_not_probed_has_no_line() -> None:
    assert describe(report(components=())) == ()
