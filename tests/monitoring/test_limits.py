from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.reading import absent, fact, reported
from bitpath_cli.model.units import BYTE, BYTE_PER_SECOND, HERTZ, ONE
from bitpath_cli.monitoring.limits import changes, readings
from tests.sample_report import filled


def limits(cpus: float, gib: float = 8) -> Limits:
    return filled(
        Limits, name="host", effective_cpus=reported(cpus, ONE, "x"),
        host_cpus=reported(8, ONE, "x"), effective_memory=reported(gib * 2**30, BYTE, "x"),
    )  # fmt: skip


def cpu(model: str, hertz: float | None = None) -> Cpu:
    known = absent("no cpufreq") if hertz is None else reported(hertz, HERTZ, "x")
    return filled(
        Cpu, name="cpu", model=fact(model, "x"), frequency_limit=known, caches=(), core_groups=()
    )


def nic(speed: float, medium: str = "physical") -> Nic:
    return filled(
        Nic, name="eth0", medium=medium, speed=reported(speed, BYTE_PER_SECOND, "x"),
        default_route=True,
    )  # fmt: skip


def test_the_same_machine_has_no_changes() -> None:
    machine = (limits(4), cpu("Xeon", 3e9), nic(125e6))
    assert changes(machine, machine) == ()


def test_each_change_says_both_values() -> None:
    found = changes(
        (limits(4), cpu("Xeon", 3e9), nic(1.25e9)), (limits(1, 2), cpu("EPYC", 2e9), nic(125e6))
    )
    assert {each.sentence for each in found} == {
        "usable processors: 4 when assessed, 1 now",
        "usable memory: 8 GiB when assessed, 2 GiB now",
        "processor: Xeon when assessed, EPYC now",
        "the processors' clock limit: 3 GHz when assessed, 2 GHz now",
        "speed of eth0: 1.25 GB/s when assessed, 125 MB/s now",
    }
    assert next(each.factor for each in found if "processors:" in each.sentence) == 0.25


def test_what_is_unknown_at_one_end_tells_nothing() -> None:
    assert changes((cpu("Xeon", 3e9),), (cpu("Xeon"),)) == ()


def test_a_few_pages_of_memory_are_no_change() -> None:
    assert changes((limits(4, 8),), (limits(4, 7.95),)) == ()


def test_known_limits_become_levels() -> None:
    found = {
        (each.reading.name, each.reading.subject): each.reading.quantity.value
        for each in readings((limits(2.5), cpu("Xeon"), nic(125e6), nic(1, "virtual")))
    }
    assert found == {
        ("cpus", "host"): 8, ("cpu_limit", "cgroup"): 2.5, ("network_speed", "eth0"): 125e6,
    }  # fmt: skip
