"""What this machine is and what it may use, as a few labelled lines."""

from collections.abc import Iterable
from typing import Final, TypeVar

from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.components.limits import Limits
from bitpath_cli.model.components.memory import Memory
from bitpath_cli.model.components.network import Nic
from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.components.storage import Disk, Filesystem
from bitpath_cli.model.components.system import System
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.report import Report
from bitpath_cli.renderers._words import UNKNOWN, bits, known, reading, statement

_VECTORS: Final = (
    ("avx512", "AVX-512"), ("avx2", "AVX2"), ("sve", "SVE"), ("asimd", "NEON"), ("neon", "NEON"),
)  # fmt: skip
Kind = TypeVar("Kind")
Line = tuple[str, str]


def describe(report: Report) -> tuple[Line, ...]:
    """Label and text; what was not probed has no line, what could not be read says `?`."""
    lines = (
        ("Machine", _system(report)), ("CPU", _cpu(report)), ("Memory", _memory(report)),
        ("GPU", _gpu(report)), ("Storage", _storage(report)), ("Network", _network(report)),
        ("Power", _power(report)), ("Software", _software(report)),
    )  # fmt: skip
    return tuple((label, text) for label, text in lines if text)


def _system(report: Report) -> str:
    return " · ".join(
        _joined(
            known(each.hardware), _virtual(each), _contained(each), known(each.cloud),
            known(each.distribution), known(each.kernel), known(each.architecture),
        )
        for each in _all(report, System)
    )  # fmt: skip


def _virtual(system: System) -> str | None:
    word = known(system.virtualisation)
    if word is None:
        return None
    return "bare metal" if word == "none" else f"virtual machine ({word})"


def _contained(system: System) -> str | None:
    word = known(system.container)
    return None if word in (None, "none", "no") else f"in a container ({word})"


def _cpu(report: Report) -> str:
    parts = [
        _joined(
            statement(each.model),
            f"{reading(each.physical_cores)} cores, {reading(each.logical_cpus)} threads",
            _isa(each),
        )
        for each in _all(report, Cpu)
    ]
    parts += [
        f"may use {reading(each.effective_cpus)} CPUs{_because(each)}"
        for each in _all(report, Limits)
        if _smaller(each.effective_cpus, each.host_cpus)
    ]
    return " · ".join(parts)


def _isa(cpu: Cpu) -> str | None:
    """The widest instruction set, which decides what the numeric libraries can do."""
    if isinstance(cpu.isa, Missing) or not isinstance(cpu.isa.value, tuple):
        return None
    names = cpu.isa.value
    widest = next(
        (word for prefix, word in _VECTORS if any(name.startswith(prefix) for name in names)), None
    )
    matrix = "AMX" if any(name.startswith("amx") for name in names) else None
    return " + ".join(_told((widest, matrix))) or None


def _because(limits: Limits) -> str:
    source = known(limits.cpu_limit_source)
    return f" ({source})" if source else ""


def _memory(report: Report) -> str:
    parts = [reading(each.total) for each in _all(report, Memory)]
    for each in _all(report, Limits):
        if _smaller(each.effective_memory, each.host_memory):
            source = known(each.memory_limit_source)
            parts.append(
                f"may use {reading(each.effective_memory)}" + (f" ({source})" if source else "")
            )
    return " · ".join(parts)


def _gpu(report: Report) -> str:
    devices = _all(report, Accelerator)
    if devices:
        kinds = [f"{statement(each.model)} {reading(each.memory_total)}" for each in devices]
        unusable = [each for each in devices if known(each.usable) == "no"]
        return _joined(*_counted(kinds), f"{len(unusable)} not usable" if unusable else None)
    stacks = _all(report, AcceleratorSoftware)
    reasons = [each.library.detail for each in stacks if isinstance(each.library, Missing)]
    if not stacks:
        return ""
    return "none found" + (f" ({reasons[0].removeprefix('NVML: ')})" if len(reasons) == 1 else "")


def _storage(report: Report) -> str:
    disks = [
        _spaced(each.name, known(each.size), known(each.model), known(each.medium))
        for each in _all(report, Disk)
    ]
    target = [
        f"{each.name} is {statement(each.type)}, {reading(each.available)} free"
        for each in _all(report, Filesystem)
        if each.is_target
    ]
    shown = disks[:3] + ([f"{len(disks) - 3} more disks"] if len(disks) > 3 else [])
    return " · ".join(shown + target)


def _network(report: Report) -> str:
    """The interfaces that carry traffic: those of hardware, and the one of the default route."""
    cards = [
        _spaced(each.name, bits(each.speed) if known(each.speed) else None, known(each.driver),
                known(each.state) if known(each.state) != "up" else None)
        for each in _all(report, Nic)
        if each.medium == "physical" or each.default_route
    ]  # fmt: skip
    return " · ".join(_counted(cards))


def _power(report: Report) -> str:
    meters = _all(report, PowerMeter)
    readable = [each for each in meters if known(each.energy) or known(each.power)]
    if readable:
        return " · ".join(f"{each.name} ({each.source})" for each in readable[:4])
    if not meters:
        return ""
    reasons = [each.energy for each in meters if isinstance(each.energy, Missing)]
    return "no meter can be read" + (f" ({reasons[0].detail})" if reasons else "")


def _software(report: Report) -> str:
    return " · ".join(
        _joined(
            f"Python {statement(each.python)}".replace("Python CPython", "CPython"),
            f"torch {statement(each.torch)}",
            _prefixed("CUDA", known(each.cuda)),
            _prefixed("BLAS", known(each.blas)),
        )
        for each in _all(report, Software)
    )


def _all(report: Report, kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(each for each in report.components if isinstance(each, kind))


def _smaller(one: Quantity | Missing, other: Quantity | Missing) -> bool:
    if isinstance(one, Missing) or isinstance(other, Missing):
        return False
    return one.value < other.value


def _counted(names: list[str]) -> tuple[str, ...]:
    """Equal things once, with their number: `8 × H100 80 GiB`."""
    return tuple(
        name if names.count(name) == 1 else f"{names.count(name)} × {name}"
        for name in dict.fromkeys(names)
    )


def _prefixed(prefix: str, word: str | None) -> str | None:
    return None if word is None else f"{prefix} {word}"


def _joined(*parts: str | None) -> str:
    return " · ".join(_told(parts)) or UNKNOWN


def _spaced(*parts: str | None) -> str:
    return " ".join(_told(parts))


def _told(parts: Iterable[str | None]) -> list[str]:
    return [part for part in parts if part]
