"""The most that a processor could compute: cores × clock × operations per clock, where all known.

Operations per clock are from the makers' optimisation guides: AMD 55723 and 56305 (family 17h),
56665 and 57647 (19h), 58455 (1Ah), Arm's for Neoverse N1, N2, V1 and V2, and Intel's manual for
AVX2. Intel's processors with AVX-512 have one or two units of it, which no file tells: unknown.
"""

import re
from collections.abc import Sequence
from typing import Final

from bitpath_cli.model.component import Component
from bitpath_cli.model.components.cpu import Cpu
from bitpath_cli.model.reading import Fact, Quantity, Statement
from bitpath_cli.model.result import Ceiling
from bitpath_cli.model.units import FLOP_PER_SECOND

_HALF_RATE: Final = {"float32": 1.0, "float64": 0.5}
_ARM: Final = {
    "Arm Neoverse N1": 16, "Arm Neoverse N2": 16, "Arm Neoverse V1": 32, "Arm Neoverse V2": 32,
}  # fmt: skip


def find_peak(components: Sequence[Component], dtype: str, threads: int) -> Ceiling | None:
    """The peak of `threads` cores for float32 or float64, or None where a factor is unknown."""
    cpu = next((each for each in components if isinstance(each, Cpu)), None)
    if cpu is None or dtype not in _HALF_RATE:
        return None
    clock, cores = cpu.frequency_max, cpu.physical_cores
    per_clock = _float32_per_clock(cpu)
    if not isinstance(clock, Quantity) or not isinstance(cores, Quantity) or per_clock is None:
        return None
    # Cores of several kinds have several clocks and widths.
    if len(cpu.core_groups) > 1:
        return None
    used = min(float(threads), cores.value)
    operations = per_clock * _HALF_RATE[dtype]
    return Ceiling(
        value=used * clock.value * operations,
        unit=FLOP_PER_SECOND,
        source=f"{used:g} cores × {clock.value / 1e9:g} GHz (highest clock of a core) × "
        f"{operations:g} FLOP per clock",
    )


def _float32_per_clock(cpu: Cpu) -> int | None:
    """Twice the lanes of all fused multiply-add units of a core."""
    isa = _words(cpu.isa)
    vendor, model = _word(cpu.vendor), _word(cpu.model)
    if vendor in ("AuthenticAMD", "HygonGenuine"):
        return _amd_per_clock(_word(cpu.family))
    if vendor == "GenuineIntel" and "fma" in isa and "avx512f" not in isa:
        return 32
    return _ARM.get(model)


def _amd_per_clock(family: str) -> int | None:
    told = re.match(r"family (\d+), model (\d+)", family)
    match (int(told[1]), int(told[2])) if told else (0, 0):
        case (23, model):
            return 32 if model >= 0x30 else 16
        case (25, _):
            return 32
        # Servers and desktops; the vector units of this family's mobile chips are half as wide.
        case (26, model) if model < 0x20 or 0x40 <= model < 0x50:
            return 64
    return None


def _word(statement: Statement) -> str:
    return (
        statement.value if isinstance(statement, Fact) and isinstance(statement.value, str) else ""
    )


def _words(statement: Statement) -> tuple[str, ...]:
    told = statement.value if isinstance(statement, Fact) else ()
    return told if isinstance(told, tuple) else ()
