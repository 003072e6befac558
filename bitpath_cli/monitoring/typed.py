"""Thresholds and times as people type them, in base units, from a closed list of suffixes.

amounts.py knows far more of them, and its library would take a third of a monitor's memory.
"""

import math
import re
from typing import Final

from bitpath_cli.model.units import (
    BYTE,
    BYTE_PER_SECOND,
    CELSIUS,
    HERTZ,
    ONE,
    PER_SECOND,
    SECOND,
    WATT,
    Unit,
)

_DECIMAL: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_BINARY: Final = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40}
_BYTES: Final = {f"{prefix}B": factor for prefix, factor in (_DECIMAL | _BINARY).items()}
_BITS: Final = {f"{prefix}bit": factor / 8 for prefix, factor in _DECIMAL.items()}
_SUFFIXES: Final[dict[Unit, dict[str, float]]] = {
    ONE: {"": 1.0, "%": 0.01},
    SECOND: {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0,
             "d": 86400.0},
    BYTE: _BYTES,
    BYTE_PER_SECOND: {f"{name}/s": factor for name, factor in (_BYTES | _BITS).items()},
    PER_SECOND: {"": 1.0, "/s": 1.0},
    HERTZ: {f"{prefix}Hz": factor for prefix, factor in _DECIMAL.items()},
    WATT: {"mW": 1e-3} | {f"{prefix}W": factor for prefix, factor in _DECIMAL.items()},
    CELSIUS: {"": 1.0, "°C": 1.0, "C": 1.0},
}  # fmt: skip
_EXAMPLES: Final = {
    ONE: "a number or a percentage such as '90%'", SECOND: "a time such as '90s' or '20ms'",
    BYTE: "a size such as '2GiB'", BYTE_PER_SECOND: "a rate such as '100MB/s' or '1Gbit/s'",
    PER_SECOND: "a rate such as '500/s'", HERTZ: "a frequency such as '2.4GHz'",
    WATT: "a power such as '250W'", CELSIUS: "a temperature such as '85°C'",
}  # fmt: skip
_LONGEST: Final = 60
_AMOUNT: Final = re.compile(r"\s*([+-]?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?)\s*(\S*)\s*")


def parse(typed: object, unit: Unit) -> float | None:
    """A text or a number in `unit`; None for what is no such amount."""
    if isinstance(typed, bool) or not isinstance(typed, str | int | float):
        return None
    text = str(typed)
    found = _AMOUNT.fullmatch(text) if len(text) <= _LONGEST else None
    factor = None if found is None else _SUFFIXES[unit].get(found[2])
    if found is None or factor is None:
        return None
    value = float(found[1]) * factor
    return value if math.isfinite(value) else None


def expected(unit: Unit) -> str:
    """What is to be typed for a unit, with an example."""
    return _EXAMPLES[unit]
