"""How far predicted steps were from measured ones in a report's trials: the model's own error."""

import math
from collections.abc import Iterator
from typing import Final

from bitpath_cli.model.reading import ONE_SIGMA, Method, Origin, Quantity, assumed
from bitpath_cli.model.report import Report
from bitpath_cli.model.units import ONE

_LEAST_STEPS: Final = 3
_FLOOR: Final = 0.03
_UNTRIED: Final = assumed(
    1.0, ONE, "10 % until a trial has shown how far steps are from their prediction", 1.1
)


def step_error(report: Report) -> Quantity:
    """1 with one sigma of the trials' logarithmic errors; an assumption where there are too few.

    The mean error is not taken off: what a small model misses, a large one need not.
    """
    errors = list(_errors(report))
    if len(errors) < _LEAST_STEPS:
        return _UNTRIED
    spread = max(_FLOOR, math.sqrt(sum(each**2 for each in errors) / len(errors)))
    source = f"root mean square of ln(measured ÷ predicted) over {len(errors)} steps of trials"
    return Quantity(
        value=1.0, unit=ONE, origin=Origin(method=Method.DERIVED, source=source),
        low=math.exp(-spread), high=math.exp(spread), level=ONE_SIGMA,
    )  # fmt: skip


def _errors(report: Report) -> Iterator[float]:
    for trial in report.trials:
        if trial.is_emulated:
            continue
        for tried in trial.run:
            found = tried.find("step_time")
            if found is not None and isinstance(found.error, Quantity) and found.error.value > -1:
                yield math.log1p(found.error.value)
