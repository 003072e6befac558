"""The numbers behind a plan in lines of text, each with its unit, interval and origin."""

from typing import Final

from bitpath_cli.model.configuration import NodeGroup
from bitpath_cli.model.plan import Blueprint
from bitpath_cli.model.reading import Missing, Quantity, Reading
from bitpath_cli.model.recommendation import TERM_NAMES
from bitpath_cli.model.units import BYTE, human, significant
from bitpath_cli.plans._words import comment

STAND_IN: Final = (
    "The program is bitpath's own training benchmark, which only stands in for yours: "
    "its model is small, so its step time is not the one that is forecast."
)


def numbers(blueprint: Blueprint) -> tuple[str, ...]:
    """What the plan rests on, the forecast and the five terms; lines without control characters."""
    told = blueprint.configuration
    lines = [
        f"Planned by {blueprint.tool.name} from the report of "
        f"{blueprint.report_created:%Y-%m-%d %H:%M} UTC, host fingerprint "
        f"{blueprint.host.fingerprint}.",
        f"Workload {blueprint.workload}{_example(blueprint)}, site {blueprint.site}, "
        f"goal {blueprint.goal}.",
        f"Configuration: {told.label}. Strategy: {blueprint.strategy}. "
        f"Verdict: {blueprint.verdict}; best in {100 * blueprint.probability_best:.0f} % of draws.",
        *(f"  {_node(group)}" for group in told.nodes),
        "Forecast, with the interval at its level:",
        *(f"  {name}: {describe(reading)}" for name, reading in blueprint.forecast.items()),
        f"Terms, per {'month' if blueprint.task == 'serving' else 'job'}:",
        *(f"  {name}: {describe(blueprint.terms.by_name(name).reading)}" for name in TERM_NAMES),
    ]
    if blueprint.at_risk:
        lines.append("At risk: a limit is missed in more than a tenth of the draws.")
    if blueprint.program.is_stand_in:
        lines.append(STAND_IN)
    return tuple(_kept_indent(each) for each in lines)


def describe(reading: Reading) -> str:
    """A value for people, the same in its base unit with its interval, and where it came from."""
    if isinstance(reading, Missing):
        return f"unknown ({reading.detail})"
    shown, exactly = human(reading.value, reading.unit), _exactly(reading)
    return exactly if exactly.startswith(f"{shown},") else f"{shown} = {exactly}"


def _exactly(reading: Quantity) -> str:
    shown = f"{reading.value:.6g}"
    if reading.low is not None and reading.high is not None and reading.level is not None:
        shown += f" [{reading.low:.4g} to {reading.high:.4g} at {100 * reading.level:.0f} %]"
    unit = "" if reading.unit == "1" else f" {reading.unit}"
    return f"{shown}{unit}, {reading.origin.method}: {reading.origin.source}"


def _node(group: NodeGroup) -> str:
    """A group of nodes, and what each of them is given to do."""
    line = f"{group.count:g} x {group.device} ({group.place}, {group.tenure}), {group.role}"
    expected = group.expected
    if expected is None:
        return line
    if isinstance(expected.memory_needed, Quantity):
        line += (
            f"; takes {human(expected.memory_needed.value, BYTE)} "
            f"of {human(expected.memory.value, BYTE)} of memory"
        )
    if isinstance(expected.samples, Quantity) and isinstance(expected.samples_at_once, Quantity):
        line += (
            f"; {significant(expected.samples.value)} samples a step, "
            f"{significant(expected.samples_at_once.value)} at once"
        )
    return line


def _example(blueprint: Blueprint) -> str:
    return " (an example)" if blueprint.workload_is_example else ""


def _kept_indent(line: str) -> str:
    return f"  {comment(line)}" if line.startswith("  ") else comment(line)
