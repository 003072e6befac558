"""Quantities computed from quantities: the product's spread follows from the factors'."""

import math

from bitpath_cli.cost.uncertainty import sigma
from bitpath_cli.model.reading import ONE_SIGMA, Method, Origin, Quantity
from bitpath_cli.model.units import Unit


def product(unit: Unit, source: str, *factors: Quantity) -> Quantity:
    """The product of independent lognormal factors; assumed as soon as one of them is."""
    value = math.prod(each.value for each in factors)
    spread = math.exp(math.sqrt(math.fsum(sigma(each) ** 2 for each in factors)))
    return _spread(value, unit, source, spread, factors)


def total(unit: Unit, source: str, *parts: Quantity) -> Quantity:
    """The sum of independent parts, its relative spread that of the parts in proportion."""
    value = math.fsum(each.value for each in parts)
    variance = math.fsum((each.value * sigma(each)) ** 2 for each in parts)
    spread = math.exp(math.sqrt(variance) / value) if value > 0 else 1.0
    return _spread(value, unit, source, spread, parts)


def scaled(quantity: Quantity, factor: float) -> Quantity:
    """The same quantity for so many of a thing."""
    return quantity.model_copy(
        update={
            "value": quantity.value * factor,
            "low": None if quantity.low is None else quantity.low * factor,
            "high": None if quantity.high is None else quantity.high * factor,
        }
    )


def _spread(
    value: float, unit: Unit, source: str, factor: float, parts: tuple[Quantity, ...]
) -> Quantity:
    guessed = any(each.origin.method is Method.ASSUMED for each in parts)
    method = Method.ASSUMED if guessed else Method.DERIVED
    return Quantity(
        value=value, unit=unit, origin=Origin(method=method, source=source),
        low=value / factor, high=value * factor, level=ONE_SIGMA,
    )  # fmt: skip
