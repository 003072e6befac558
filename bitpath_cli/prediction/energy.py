"""How much energy and carbon: linear power between idle and full load, PUE on all of it."""

from torch import Tensor


def power(idle: Tensor, full: Tensor, utilisation: Tensor) -> Tensor:
    """Watts at a utilisation between 0 and 1 (Fan, Weber and Barroso, ISCA 2007, linear form)."""
    return idle + (full - idle) * utilisation.clamp(0.0, 1.0)


def energy(watts: Tensor, seconds: Tensor, pue: Tensor) -> Tensor:
    """Joules at the meter of the room: PUE × ∫ P dt."""
    return pue * watts * seconds


def carbon(joules: Tensor, intensity: Tensor) -> Tensor:
    """Kilograms of CO₂ equivalent at an intensity in kg/J."""
    return joules * intensity
