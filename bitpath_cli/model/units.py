"""Units of quantities: base units and their products; prefixes exist only in `human`.

A unit is text such as `B/s` or `USD/(B·s)`. Its symbols are the few that this field needs plus
ISO 4217 currency codes, so a typing slip such as `GB` or `ms` is refused where it enters.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_SYMBOL: Final = r"(?:s|B|FLOP|OP|W|J|Hz|V|A|kg|°C|1|[A-Z]{3})"
_PRODUCT: Final = rf"{_SYMBOL}(?:·{_SYMBOL})*"
_UNIT: Final = re.compile(rf"{_PRODUCT}(?:/(?:{_SYMBOL}|\({_PRODUCT}\)))?")


class Unit(str):
    """The text of a unit, checked when it is made; ValueError for what is not a base unit."""

    __slots__ = ()

    def __new__(cls, text: str) -> "Unit":
        """Check `text` against the grammar of units."""
        if not _UNIT.fullmatch(text):
            raise ValueError(f"'{text}' is not a product of base units (B, s, FLOP, W, J, USD …)")
        return super().__new__(cls, text)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        """In JSON a unit is a string."""
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.to_string_ser_schema()
        )

    def per(self, other: "Unit") -> "Unit":
        """This unit divided by another: `USD` per `s` is `USD/s`."""
        return Unit(f"{self}/({other})" if "·" in other else f"{self}/{other}")


ONE: Final = Unit("1")
SECOND: Final = Unit("s")
BYTE: Final = Unit("B")
BYTE_PER_SECOND: Final = Unit("B/s")
BYTE_SECOND: Final = Unit("B·s")
FLOP: Final = Unit("FLOP")
FLOP_PER_SECOND: Final = Unit("FLOP/s")
FLOP_PER_BYTE: Final = Unit("FLOP/B")
OP: Final = Unit("OP")
OP_PER_SECOND: Final = Unit("OP/s")
WATT: Final = Unit("W")
JOULE: Final = Unit("J")
HERTZ: Final = Unit("Hz")
PER_SECOND: Final = Unit("1/s")
AMPERE: Final = Unit("A")
CELSIUS: Final = Unit("°C")

_BINARY: Final = ((2**50, "Pi"), (2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_DECIMAL: Final = (
    (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"),
    (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"),
)  # fmt: skip
_NEVER_PREFIXED: Final = frozenset({"1", "°C", "1/s"})


@dataclass(frozen=True, slots=True)
class Scale:
    """A prefix and what one of it is worth, so that a value and its interval share one prefix."""

    factor: float
    symbol: str

    def show(self, value: float) -> str:
        """The number alone, to three significant digits."""
        return significant(value / self.factor)


def scale(value: float, unit: Unit) -> Scale:
    """The prefix a person expects: sizes binary (KiB), rates and the rest decimal (GB/s)."""
    magnitude = abs(value)
    if unit in _NEVER_PREFIXED:
        return Scale(1.0, "" if unit == ONE else unit)
    if unit == BYTE:
        for size, prefix in _BINARY:
            if magnitude >= size:
                return Scale(size, f"{prefix}B")
        return Scale(1.0, "B")
    if _is_money(unit):
        return Scale(1.0, unit)
    if unit == SECOND:
        return _time_scale(magnitude)
    for factor, prefix in _DECIMAL:
        if magnitude >= factor * 0.9995:
            return Scale(factor, f"{prefix}{unit}")
    return Scale(1.0, unit) if magnitude == 0 else Scale(1e-12, f"p{unit}")


def human(value: float, unit: Unit) -> str:
    """A value as a person reads it: `human(2.5e9, Unit("B/s"))` is `2.5 GB/s`."""
    chosen = scale(value, unit)
    return f"{chosen.show(value)} {chosen.symbol}".rstrip()


def significant(value: float, digits: int = 3) -> str:
    """A number to `digits` significant digits, with an exponent only where people use one."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}"
        if "e" in text:
            return f"{float(text):,.0f}"
        return f"{float(text):,.0f}" if abs(float(text)) >= 1000 else text
    return f"{value:.{digits}g}"


def _time_scale(seconds: float) -> Scale:
    for factor, symbol in ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")):
        if seconds >= factor * (2 if factor > 1 else 1):
            return Scale(factor, symbol)
    for factor, symbol in ((1e-3, "ms"), (1e-6, "µs")):
        if seconds >= factor:
            return Scale(factor, symbol)
    return Scale(1.0, "s") if seconds == 0 else Scale(1e-9, "ns")


def _is_money(unit: Unit) -> bool:
    return re.match(r"[A-Z]{3}(?:/|$)", unit) is not None
