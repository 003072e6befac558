"""A power meter from the few of its values that a source knows; the rest share one reason."""

from typing import Final

from bitpath_cli.model.components.power import PowerMeter
from bitpath_cli.model.reading import Fact, Missing, Quantity, absent, fact

Values = dict[str, Fact | Quantity | Missing]
_VALUES: Final = ("energy", "power", "limit", "wraps_at")
NOT_NESTED: Final = absent("no other meter covers it")
NO_MIRROR: Final = absent("no other meter shows the same counter")


def meter(name: str, source: str, scope: str, values: Values, otherwise: Missing) -> PowerMeter:
    """Fields that `values` lacks are Missing for the reason `otherwise`."""
    return PowerMeter.model_validate(
        {
            "name": name,
            "source": source,
            "scope": scope,
            "nested_in": NOT_NESTED,
            "mirror_of": NO_MIRROR,
            **dict.fromkeys(_VALUES, otherwise),
            **values,
        }
    )


def place(other: str, otherwise: Missing, source: str) -> Fact | Missing:
    """The name of the meter that covers or mirrors this one, where there is one."""
    return fact(other, source) if other else otherwise
