"""Amounts as people type them (256MiB, 10 Gbit/s, 0.146 USD/kWh) as floats in base units.

`pint` does the dimensional arithmetic over the few units of this field, defined here; what may be
typed is a closed list, so that `mB` (a millibyte) and `GB` typed as `Gb` do not pass for something.
"""

import difflib
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from bitpath_cli.errors import BadValue
from bitpath_cli.model.units import BYTE, ONE, SECOND, Unit

if TYPE_CHECKING:
    from pint import UnitRegistry

MONTH_SECONDS: Final = 2_629_800.0
"""A month of service: a twelfth of 365.25 days."""

_DECIMAL: Final = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SMALL: Final = {"m": 1e-3, "µ": 1e-6, "u": 1e-6, "n": 1e-9, "p": 1e-12}
_BINARY: Final = {f"{prefix}i": 2.0 ** (10 * power) for power, prefix in enumerate("KMGTPE", 1)}

_BASES: Final = {
    "s": "time", "B": "information", "FLOP": "arithmetic", "OP": "integer_arithmetic",
    "J": "energy", "kg": "mass",
}  # fmt: skip
# Symbol, its definition in terms of what stands above it, and the prefixes that people use.
_PREFIXED: Final[tuple[tuple[str, str, dict[str, float]], ...]] = (
    ("B", "", _DECIMAL | _BINARY),
    ("bit", "B / 8", _DECIMAL | _BINARY),
    ("b", "B / 8", _DECIMAL | _BINARY),
    ("Bps", "B / s", _DECIMAL | _BINARY),
    ("bps", "B / s / 8", _DECIMAL | _BINARY),
    ("FLOP", "", _DECIMAL),
    ("FLOPS", "FLOP / s", _DECIMAL),
    ("OP", "", _DECIMAL),
    ("OPS", "OP / s", _DECIMAL),
    ("J", "", _DECIMAL | _SMALL),
    ("W", "J / s", _DECIMAL | _SMALL),
    ("Wh", "3600 * J", _DECIMAL | _SMALL),
    ("Hz", "1 / s", _DECIMAL),
    ("s", "", _SMALL),
    ("kg", "", {}),
    ("g", "kg / 1000", {}),
    ("gCO2", "kg / 1000", {"k": 1e3}),
    ("gCO2e", "kg / 1000", {"k": 1e3}),
)
# Names that take no prefix; a plural in "s" is made for those of three letters and more.
_NAMED: Final = {
    "percent": "0.01", "%": "0.01",
    "sec": "s", "second": "s", "min": "60 * s", "minute": "60 * s", "h": "3600 * s",
    "hr": "3600 * s", "hour": "3600 * s", "d": "86400 * s", "day": "86400 * s",
    "week": "604800 * s", "month": f"{MONTH_SECONDS} * s", "year": f"12 * {MONTH_SECONDS} * s",
    "byte": "B", "request": "1", "sample": "1", "image": "1", "part": "1", "token": "1",
    "epoch": "1",
}  # fmt: skip
_NUMBER: Final = re.compile(
    r"\s*([+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(.*)", re.S
)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_LONGEST: Final = 100
_KINDS: Final = {
    "1": ("a number or a percentage", "5%"), "s": ("a time", "90s"), "B": ("a size", "256MiB"),
    "B/s": ("a bandwidth", "10 Gbit/s"), "FLOP": ("an amount of work", "8.18 GFLOP"),
    "FLOP/s": ("a floating-point rate", "65 TFLOP/s"), "OP/s": ("an integer rate", "130 TOP/s"),
    "W": ("a power", "70 W"), "J": ("an energy", "2 kWh"), "1/s": ("a rate", "0.28/s"),
    "kg/J": ("a carbon intensity", "370 gCO2e/kWh"), "Hz": ("a frequency", "2.4 GHz"),
    "¤": ("a price", "2000 ¤"), "¤/s": ("a price for a time", "0.7 ¤/h"),
    "¤/J": ("a tariff", "0.146 ¤/kWh"), "¤/B": ("a price for a size", "0.09 ¤/GB"),
    "¤/(B·s)": ("a price of storage", "0.023 ¤/GB/month"),
}  # fmt: skip


def parse(text: str, unit: Unit, option: str = "amount") -> float:
    """The value of `text` in `unit`; BadValue, under the name of `option`, for what does not fit.

    A plain number is enough where the unit is 1.
    """
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise BadValue(option, text[:_LONGEST], f"{expected(unit)}, with a point for decimals")
    number, typed = float(found[1]), found[2].strip()
    if typed.startswith(","):
        raise BadValue(option, text, f"{expected(unit)}, with a point for decimals")
    if not typed and unit != ONE:
        raise BadValue(option, text, f"{expected(unit)}, with its unit")
    return _convert(number, typed or "1", unit, option, text)


def convert(value: float, typed: str, unit: Unit, option: str = "unit") -> float:
    """`value` of the unit `typed`, such as `USD/GB/month`, in base units; BadValue as `parse`."""
    return _convert(value, typed.strip(), unit, option, typed[:_LONGEST])


def money(text: str, currency: str, option: str) -> float:
    """An amount of money, `2000` or `2000 USD`; another currency than the site's is refused."""
    plain = re.fullmatch(r"\s*[0-9][0-9_]*(?:\.[0-9]*)?\s*", text)
    return parse(f"{text} {currency}" if plain else text, Unit(currency), option)


def currency_in(typed: str) -> str | None:
    """The currency code in a typed unit: `USD` of `USD/h`; None where there is none."""
    codes = [symbol for symbol in re.findall(r"[^\W\d_]+", typed) if _is_currency(symbol)]
    return codes[0] if codes else None


def expected(unit: Unit) -> str:
    """What is to be typed for a unit, with an example: `a size such as '256MiB'`."""
    code = currency_in(unit)
    kind, example = _KINDS.get(
        unit.replace(code, "¤") if code else unit, (f"an amount in {unit}", f"1 {unit}")
    )
    return f"{kind} such as '{example.replace('¤', code or '¤')}'"


def _convert(number: float, typed: str, unit: Unit, option: str, shown: str) -> float:
    from pint import DimensionalityError

    expression = _expression(typed, unit, option, shown)
    registry = _registry()
    for code in (currency_in(typed), currency_in(unit)):
        if code is not None and code not in registry:
            registry.define(f"{code} = [currency_{code}]")
    target = unit.replace("·", "*")
    try:
        factor = registry.Quantity(1.0, expression).to(target).magnitude
    except DimensionalityError as error:
        raise BadValue(option, shown, expected(unit)) from error
    value = number * float(factor)
    if not math.isfinite(value) or value < 0:
        raise BadValue(option, shown, f"{expected(unit)}, finite and not negative")
    return value


def _expression(typed: str, unit: Unit, option: str, shown: str) -> str:
    """The unit for pint: everything after the first slash divides, as people mean it."""
    numerator, *denominators = [
        part.strip().removeprefix("(").removesuffix(")")
        for part in re.sub(r"\bper\b", "/", typed).split("/")
    ]
    if len(typed) > _LONGEST or not all(part.strip() for part in denominators):
        raise BadValue(option, shown, expected(unit))
    below = [symbol for part in denominators for symbol in _symbols(part)]
    names = [
        [_name(symbol, unit, option, shown) for symbol in symbols if symbol != "1"]
        for symbols in (_symbols(numerator), below)
    ]
    return " * ".join(["1", *names[0]]) + "".join(f" / {name}" for name in names[1])


def _symbols(part: str) -> list[str]:
    return [symbol for symbol in re.split(r"[·⋅*×\s-]+", part) if symbol]


def _name(symbol: str, unit: Unit, option: str, shown: str) -> str:
    """The name under which pint knows a typed symbol; BadValue for what is not on the list."""
    known = _names()
    symbol = symbol.replace("\u03bc", "µ")
    if symbol == "m" and unit == SECOND:
        return known["min"]
    if symbol.endswith("b") and symbol in known and unit == BYTE:
        stem = symbol[:-1]
        raise BadValue(
            option, shown, f"{stem}B for bytes, {stem}bit for bits: '{symbol}' is taken for either"
        )
    if symbol in known:
        return known[symbol]
    if _is_currency(symbol):
        return symbol
    raise BadValue(option, shown, f"{expected(unit)}; {_guess(symbol)}")


def _guess(symbol: str) -> str:
    same = [name for name in _names() if name.lower() == symbol.lower()]
    plain = [f"{name[:-1]}bit" if name.endswith("b") else name for name in same]
    near = plain or difflib.get_close_matches(symbol, _names(), n=1)
    return f"'{symbol}' is no unit here" + (f", perhaps {' or '.join(near)}" if near else "")


def _is_currency(symbol: str) -> bool:
    return _CURRENCY.fullmatch(symbol) is not None and symbol not in _names()


@cache
def _names() -> dict[str, str]:
    """Every symbol that may be typed, and the name that stands for it in the registry."""
    singular = {name: f"named_{index}" for index, name in enumerate(_NAMED)}
    plural = {f"{name}s": alias for name, alias in singular.items() if len(name) > 2}
    prefixed = {
        f"{prefix}{symbol}": f"{prefix}{symbol}"
        for symbol, _, prefixes in _PREFIXED
        for prefix in ("", *prefixes)
    }
    return {**prefixed, **singular, **{k: v for k, v in plural.items() if k not in singular}}


@cache
def _registry() -> "UnitRegistry[float]":
    """A registry of our units alone: pint's own has a thousand more, and a `Gb` that is a gilbert.

    Prefixes are written out, so that only the listed ones exist.
    """
    from pint import UnitRegistry

    registry: UnitRegistry[float] = UnitRegistry(None)
    for base, dimension in _BASES.items():
        registry.define(f"{base} = [{dimension}]")
    for symbol, definition, prefixes in _PREFIXED:
        if symbol not in _BASES:
            registry.define(f"{symbol} = {definition}")
        for prefix, factor in prefixes.items():
            registry.define(f"{prefix}{symbol} = {factor} * {symbol}")
    for name, definition in _NAMED.items():
        registry.define(f"{_names()[name]} = {definition}")
    return registry
