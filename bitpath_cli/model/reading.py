"""Readings: a number with its unit, origin and interval, or the reason why there is none."""

import math
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from bitpath_cli.model.record import Record
from bitpath_cli.model.units import Unit

MEASURED_LEVEL: Final = 0.95
PREDICTED_LEVEL: Final = 0.80
ONE_SIGMA: Final = 0.6827


class Method(StrEnum):
    """How a value came to be; anything from a datasheet, a default or a guess is `assumed`."""

    MEASURED = "measured"
    REPORTED = "reported"
    DERIVED = "derived"
    ASSUMED = "assumed"


class Reason(StrEnum):
    """Why a value is missing."""

    ABSENT = "absent"
    DENIED = "denied"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"


class Origin(Record):
    """Where a value comes from: the method, and the file, call, benchmark or citation behind it."""

    method: Method
    source: str = Field(min_length=1)


class Quantity(Record):
    """A finite value; `low` and `high` bound it at `level` (0.95 measured, 0.80 predicted)."""

    kind: Literal["quantity"] = "quantity"
    value: FiniteFloat
    unit: Unit
    origin: Origin
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    level: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="after")
    def _check_interval(self) -> Self:
        if self.low is None or self.high is None or self.level is None:
            if not (self.low is self.high is self.level is None):
                raise ValueError("low, high and level belong together")
            if self.origin.method is Method.ASSUMED:
                raise ValueError("an assumed value must carry its spread")
            return self
        slack = 1e-9 * abs(self.value)
        if not self.low - slack <= self.value <= self.high + slack:
            raise ValueError(f"{self.value} lies outside [{self.low}, {self.high}]")
        return self


class Missing(Record):
    """A value that could not be had: why, in what words, and what would reveal it."""

    kind: Literal["missing"] = "missing"
    reason: Reason
    detail: str = Field(min_length=1)
    hint: str = ""


class Fact(Record):
    """A word, a yes or no, or a list of words, with its origin: what is true but not a number."""

    kind: Literal["fact"] = "fact"
    value: bool | str | tuple[str, ...]
    origin: Origin


Reading = Annotated[Quantity | Missing, Field(discriminator="kind")]
Statement = Annotated[Fact | Missing, Field(discriminator="kind")]


def measured(value: float, unit: Unit, source: str, low: float, high: float) -> Quantity:
    """A value from a benchmark or counter of this run, with its 95 % interval."""
    return Quantity(
        value=value, unit=unit, origin=Origin(method=Method.MEASURED, source=source),
        low=low, high=high, level=MEASURED_LEVEL,
    )  # fmt: skip


def reported(value: float, unit: Unit, source: str) -> Quantity:
    """A value that the kernel, a driver or a scheduler states about itself."""
    return Quantity(value=value, unit=unit, origin=Origin(method=Method.REPORTED, source=source))


def derived(value: float, unit: Unit, source: str) -> Quantity:
    """A value computed from other readings; `source` says the rule."""
    return Quantity(value=value, unit=unit, origin=Origin(method=Method.DERIVED, source=source))


def assumed(value: float, unit: Unit, source: str, factor: float) -> Quantity:
    """A datasheet value, a default or a guess, one sigma wide: between value ÷ factor and × factor.

    A `factor` of 1 is for what the user states: a scenario's request rate has no spread.
    """
    if factor < 1 or not math.isfinite(factor):
        raise ValueError(f"a spread factor is at least 1, not {factor}")
    return Quantity(
        value=value, unit=unit, origin=Origin(method=Method.ASSUMED, source=source),
        low=min(value / factor, value * factor), high=max(value / factor, value * factor),
        level=ONE_SIGMA,
    )  # fmt: skip


def fact(value: bool | str | tuple[str, ...], source: str) -> Fact:
    """A statement that the kernel, a driver or a library makes about itself."""
    return Fact(value=value, origin=Origin(method=Method.REPORTED, source=source))


def absent(detail: str, hint: str = "") -> Missing:
    """The thing does not exist here: no such file, device, library or setting."""
    return Missing(reason=Reason.ABSENT, detail=detail, hint=hint)


def denied(detail: str, hint: str) -> Missing:
    """The thing exists and may not be read; `hint` names the narrowest privilege that allows it."""
    return Missing(reason=Reason.DENIED, detail=detail, hint=hint)


def unsupported(detail: str, hint: str = "") -> Missing:
    """The thing exists and says that it does not know: speed -1, NVML NotSupported, a sentinel."""
    return Missing(reason=Reason.UNSUPPORTED, detail=detail, hint=hint)


def failed(detail: str, hint: str = "") -> Missing:
    """Asking went wrong: an I/O error, nonsense where a number was due, a time limit."""
    return Missing(reason=Reason.FAILED, detail=detail, hint=hint)
