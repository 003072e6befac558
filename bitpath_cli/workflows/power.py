"""What a host draws at rest and at full load: read by a person, or kept from an earlier measuring.

It is kept per host below $XDG_STATE_HOME/bitpath, because a home may be shared by several hosts.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import AwareDatetime, ValidationError, model_validator

from bitpath_cli import archive
from bitpath_cli.amounts import parse
from bitpath_cli.errors import BadValue, NothingMeasured, UnwritableOutput
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Origin, Quantity, reported
from bitpath_cli.model.record import Record
from bitpath_cli.model.report import Note, Report
from bitpath_cli.model.result import (
    BenchmarkResult,
    Direction,
    Parameters,
    Samples,
    Validity,
    metric,
)
from bitpath_cli.model.units import WATT

BENCHMARK: Final = "energy"
IDLE: Final = "idle"
POWER: Final = "power"
_FULL: Final = "full"
_REVISION: Final = 1
_OPTION: Final = "--wall-watts"
_EXAMPLE: Final = "idle and full-load power as the meter shows them, such as 85W:310W"
_LONGEST_BYTES: Final = 1 << 16

Meter = Literal["wall", "counters"]


class Calibration(Record):
    """Both powers of one host. A meter at the wall sees all of it, counters only parts."""

    version: Literal[1] = 1
    host: str
    created: AwareDatetime
    meter: Meter
    idle: Quantity
    full: Quantity

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not 0 < self.idle.value <= self.full.value or {self.idle.unit, self.full.unit} != {WATT}:
            raise ValueError("idle and full are watts, and full is the larger")
        return self


def read_wall(text: str, host: Host | None = None, now: datetime | None = None) -> Calibration:
    """A person's readings, `IDLE:LOAD`; BadValue where they cannot be."""
    today = now or datetime.now(UTC)
    first, colon, second = text.partition(":")
    if not colon:
        raise BadValue(_OPTION, text, _EXAMPLE)
    source = f"a person's reading of a meter at the wall, {today:%Y-%m-%d}"
    idle, full = (reported(parse(each, WATT, _OPTION), WATT, source) for each in (first, second))
    if not 0 < idle.value <= full.value:
        raise BadValue(_OPTION, text, f"{_EXAMPLE}: idle first, and not more than under load")
    name = (host or Host()).outside.hostname()
    return Calibration(host=name, created=today, meter="wall", idle=idle, full=full)


def find_calibration(report: Report) -> Calibration:
    """What a report's energy results come to; NothingMeasured where they do not tell both."""
    told: dict[str, list[Quantity]] = {IDLE: [], _FULL: []}
    energy = [each for each in report.results if each.benchmark == BENCHMARK]
    is_wall = any(each.parameters.get("meter") == "wall" for each in energy)
    for each in energy:
        figure = each.metric(POWER)
        if figure is None or not isinstance(figure.reading, Quantity):
            continue
        told[IDLE if each.parameters.get("load") == IDLE else _FULL].append(figure.reading)
    if not told[IDLE] or not told[_FULL]:
        raise NothingMeasured(
            BENCHMARK, "no counter told the power both at rest and at full load",
            f"Read a meter at the wall and state it: bitpath bench power {_OPTION} 85W:310W",
        )  # fmt: skip
    full = max(told[_FULL], key=lambda each: each.value)
    try:
        return Calibration(
            host=report.host.name, created=report.created,
            meter="wall" if is_wall else "counters", idle=told[IDLE][0], full=full,
        )  # fmt: skip
    except ValidationError as error:
        raise NothingMeasured(
            BENCHMARK, "it drew more at rest than at full load", "Stop what else runs, then again."
        ) from error


def results(calibration: Calibration) -> tuple[BenchmarkResult, ...]:
    """A calibration as the results that a report holds."""
    when = f"calibrated {calibration.created:%Y-%m-%d}"
    powers = ((IDLE, calibration.idle), (_FULL, calibration.full))
    return tuple(_result(load, power, calibration.meter, when) for load, power in powers)


def _result(load: str, power: Quantity, meter: Meter, when: str) -> BenchmarkResult:
    told: Parameters = {"meter": meter, "load": load}
    source = power.origin.source if meter == "wall" else f"{power.origin.source}; {when}"
    origin = Origin(method=power.origin.method, source=source)
    figure = power.model_copy(update={"origin": origin})
    samples: dict[str, Samples] = {}
    return BenchmarkResult(
        benchmark=BENCHMARK, revision=_REVISION, parameters=told, validity=Validity.VALID,
        duration_seconds=0.0, metrics=(metric(POWER, figure, Direction.LOWER),), samples=samples,
    )  # fmt: skip


def keep(calibration: Calibration) -> Path:
    """Write it where later runs on this host look; UnwritableOutput where that cannot be."""
    path = _place(calibration.host)
    if path is None:
        raise UnwritableOutput("the calibration", "this user has no home", "Set XDG_STATE_HOME.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableOutput(
            str(path.parent), error.strerror or str(error), "Set XDG_STATE_HOME to another folder."
        ) from error
    archive.write(path, calibration.model_dump_json(indent=2) + "\n")
    return path


def known(host: str) -> tuple[tuple[BenchmarkResult, ...], tuple[Note, ...]]:
    """What was kept for this host, as results; a note where a file is there and cannot be used."""
    path = _place(host)
    if path is None or not path.is_file():
        return (), ()
    try:
        with path.open(encoding="utf-8") as file:
            found = Calibration.model_validate_json(file.read(_LONGEST_BYTES))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        words = str(error).splitlines()[0]
        text = f"The kept power of this host cannot be used: {path}: {words}."
        again = "Calibrate again: bitpath bench power --calibrate"
        return (), (Note(level="warning", text=text, next_step=again),)
    return results(found), ()


def _place(host: str) -> Path | None:
    """Below $XDG_STATE_HOME, or ~/.local/state where that is unset or relative."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    if not state.is_absolute():
        try:
            state = Path.home() / ".local" / "state"
        except RuntimeError:
            return None
    return state / "bitpath" / f"power-{re.sub(r'[^A-Za-z0-9.-]', '_', host)}.json"
