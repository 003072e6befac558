"""An aim that was set when a report was made: how far a term or a metric is to change."""

from pydantic import Field, FiniteFloat

from bitpath_cli.model.record import Record
from bitpath_cli.model.result import Parameters


class Aim(Record):
    """`name` is one of the five terms, a metric, or `benchmark.metric`; -0.2 is 20 % less.

    A negative change asks for at most that much, any other for at least that much. `parameters`
    choose among a benchmark's results.
    """

    name: str
    parameters: Parameters = {}
    change: FiniteFloat = Field(gt=-1)
