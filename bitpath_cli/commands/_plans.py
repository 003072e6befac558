"""Makes a plan's directory, and shows what became of its forecast."""

import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Final, TypeVar

from bitpath_cli import archive, discover, plans
from bitpath_cli.commands._screen import colour, remark, say, width
from bitpath_cli.errors import (
    FINDING,
    OK,
    BadValue,
    NothingMeasured,
    UnfitTarget,
    UnknownName,
    UnreadableReport,
)
from bitpath_cli.model.plan import Blueprint, Check, Program, Verdict
from bitpath_cli.model.reading import Missing, Quantity
from bitpath_cli.model.units import human
from bitpath_cli.plans import Plan, PlanFile

T = TypeVar("T")
_LARGEST_PLAN: Final = 16 << 20
_COLOURS: Final[dict[Verdict, str]] = {
    "as forecast": "\x1b[32m{}\x1b[0m", "better": "\x1b[36m{}\x1b[0m",
    "worse": "\x1b[31m{}\x1b[0m",
}  # fmt: skip
_MAKE_ANEW: Final = "Make it anew: bitpath plan report.json --target TARGET --output DIR --force"


def required(value: T | None, option: str, allowed: str) -> T:
    """The value of an option that a plan cannot be made without."""
    if value is None:
        raise BadValue(option, "", allowed)
    return value


def targets() -> tuple[str, ...]:
    """What plans can be made for."""
    return discover.names(plans)


def make(
    report: Path, workload: str | None, strategy: str | None, target: str, output: Path,
    program: Program, *, force: bool, include_identifiers: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write the plan's files, and say what to read first."""
    from bitpath_cli.redaction import redact
    from bitpath_cli.workflows.plan import blueprint

    chosen = _member(target)
    found = archive.load(report)
    if not include_identifiers:
        found = redact(found)
    made = blueprint(found, workload, strategy, target, program)
    if reason := chosen.refuse(made):
        able = tuple(name for name in targets() if not _member(name).refuse(made))
        raise UnfitTarget(target, made.configuration.label, reason, able)
    files = chosen.draw(made)
    archive.write_folder(
        output, {each.name: each.text for each in files},
        frozenset(each.name for each in files if each.is_script), replace=force,
    )  # fmt: skip
    _tell(made, files, output, as_json)


def verify(
    folder: Path, report: Path | None, measured: tuple[str, ...], node: int | None, as_json: bool
) -> int:
    """Show the forecast beside what was measured; the exit code."""
    from bitpath_cli.workflows.verify import verify as compare

    made = _load(folder)
    stated = dict(_pair(each) for each in measured)
    if report is None and not stated:
        raise BadValue("REPORT", "", "a report.json with measurements, or --measured NAME=VALUE")
    checks = compare(made, None if report is None else archive.load(report), stated, node)
    if as_json:
        say(json.dumps([each.model_dump(mode="json") for each in checks], indent=2) + "\n")
    else:
        say(_draw(checks, width(), colour(sys.stdout)))
    verdicts = {each.verdict for each in checks}
    if verdicts <= {"not measured"}:
        raise NothingMeasured(
            "The plan's verification", "the report holds none of what the plan forecasts",
            f"Run the script that measures it: {folder / 'verify.sh'}",
        )  # fmt: skip
    return FINDING if verdicts & {"better", "worse"} else OK


def _member(target: str) -> Plan:
    if target not in targets():
        raise UnknownName(
            "target", target, targets(), "Name one: bitpath plan report.json --target torchrun"
        )
    return discover.member(plans, target, "PLAN", Plan)


def _tell(made: Blueprint, files: tuple[PlanFile, ...], output: Path, as_json: bool) -> None:
    if as_json:
        say(made.model_dump_json(indent=2) + "\n")
    else:
        say(f"{output}: {made.configuration.label}\n")
        for each in files:
            say(f"  {each.name}\n")
        say(f"Read {output / 'README.md'} first.\n")
    if made.program.is_stand_in:
        remark("The program is bitpath's own benchmark and stands in for yours: give it after --.")


def _load(folder: Path) -> Blueprint:
    from pydantic import ValidationError

    path = folder / "plan.json"
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_PLAN + 1)
    except OSError as error:
        problem = os.strerror(error.errno) if error.errno else str(error)
        raise UnreadableReport(str(path), problem, _MAKE_ANEW) from error
    if len(content) > _LARGEST_PLAN:
        raise UnreadableReport(str(path), "it is larger than 16 MiB", _MAKE_ANEW)
    try:
        return Blueprint.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "the document"
        raise UnreadableReport(
            str(path), f"it is no plan: {place}: {first['msg']}", _MAKE_ANEW
        ) from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadValue("--measured", text, "NAME=VALUE, such as step_time=210ms")
    return name, value


def _draw(checks: tuple[Check, ...], columns: int, coloured: bool) -> str:
    """What was measured first; then what was not, under each reason."""
    lines: list[str] = []
    unknown: dict[str, list[str]] = {}
    for each in checks:
        if isinstance(each.measured, Missing):
            unknown.setdefault(each.measured.detail, []).append(each.name)
            continue
        shown = _COLOURS[each.verdict].format(each.verdict) if coloured else each.verdict
        lines.append(f"{each.name}: {shown}")
        told = f"forecast {_say(each.forecast)}, measured {_say(each.measured)}"
        lines += textwrap.wrap(told, columns, initial_indent="    ", subsequent_indent="    ")
    for reason, names in unknown.items():
        told = f"not measured: {', '.join(names)} ({reason})"
        lines += textwrap.wrap(told, columns, subsequent_indent="    ")
    return "\n".join(lines) + "\n"


def _say(quantity: Quantity) -> str:
    text = human(quantity.value, quantity.unit)
    if quantity.low is None or quantity.high is None:
        return text
    low, high = human(quantity.low, quantity.unit), human(quantity.high, quantity.unit)
    return f"{text} [{low} – {high}]"
