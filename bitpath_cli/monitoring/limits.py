"""What bounds this machine, from its components: the watch's limits, and what changed since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bitpath_cli.meters import MeterReading
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.reading import Fact, Missing, Quantity, Reading, Statement
from bitpath_cli.model.units import human
from bitpath_cli.monitoring import Sourced

_SOURCE = "limits"
# A clock or a memory size that moved by less than this is the same.
_SAME = 0.02
Value = Quantity | Fact | Missing


@dataclass(frozen=True, slots=True)
class Change:
    """A limit that is not what it was when the machine was assessed."""

    name: str
    before: Value
    now: Value

    @property
    def sentence(self) -> str:
        """In words, such as `usable processors: 4 when assessed, 2 now`."""
        return f"{self.name}: {_say(self.before)} when assessed, {_say(self.now)} now"

    @property
    def factor(self) -> float | None:
        """Now as a multiple of what it was; None for what is no number at both ends."""
        if isinstance(self.before, Quantity) and isinstance(self.now, Quantity):
            return self.now.value / self.before.value if self.before.value else None
        return None


def readings(components: Sequence[Component]) -> tuple[Sourced, ...]:
    """The known limits as levels that never change during a watch."""
    return tuple(
        Sourced(_SOURCE, MeterReading(name, subject, "gauge", value))
        for name, subject, value in _levels(components)
        if isinstance(value, Quantity) and value.value > 0
    )


def changes(before: Sequence[Component], now: Sequence[Component]) -> tuple[Change, ...]:
    """The limits that both machines know and that differ, or that only one of them has."""
    was, is_now = dict(_compared(before)), dict(_compared(now))
    found = [
        Change(name, was[name], is_now[name]) for name in was if name in is_now
    ]  # fmt: skip
    return tuple(each for each in found if _differ(each.before, each.now))


def _levels(components: Sequence[Component]) -> Iterator[tuple[str, str, Reading]]:
    for each in components:
        if isinstance(each, Limits):
            yield "cpus", "host", each.host_cpus
            yield "cpu_limit", "cgroup", each.effective_cpus
        elif isinstance(each, Cpu):
            yield "cpu_frequency_limit", "host", each.frequency_limit
        elif isinstance(each, Nic) and each.medium == "physical":
            yield "network_speed", each.name, each.speed
        elif isinstance(each, Accelerator):
            yield "gpu_memory_total", each.name, each.memory_total
            yield "gpu_power_limit", each.name, each.power_limit
            yield "gpu_clock_limit", each.name, each.clock_core_max


def _compared(components: Sequence[Component]) -> Iterator[tuple[str, Reading | Statement]]:
    for each in components:
        if isinstance(each, Limits):
            yield "usable processors", each.effective_cpus
            yield "usable memory", each.effective_memory
        elif isinstance(each, Cpu):
            yield "processor", each.model
            yield "the processors' clock limit", each.frequency_limit
        elif isinstance(each, Nic) and each.medium == "physical":
            yield f"speed of {each.name}", each.speed
        elif isinstance(each, Accelerator):
            yield f"{each.name}", each.model
            yield f"memory of {each.name}", each.memory_total
            yield f"power limit of {each.name}", each.power_limit


def _differ(before: Value, now: Value) -> bool:
    """A Missing at either end tells nothing about the machine."""
    if isinstance(before, Quantity) and isinstance(now, Quantity):
        return abs(now.value - before.value) > _SAME * abs(before.value)
    return isinstance(before, Fact) and isinstance(now, Fact) and before.value != now.value


def _say(value: Value) -> str:
    if isinstance(value, Missing):
        return "unknown"
    if isinstance(value, Quantity):
        return human(value.value, value.unit)
    return value.value if isinstance(value.value, str) else str(value.value)
