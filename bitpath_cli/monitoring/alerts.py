"""The life of an alert, as a pure function of its rule, its state, the clock and one value.

inactive → pending → firing → inactive. Raising takes `hold_seconds` of values past the raising
threshold without a gap; ending takes `keep_seconds` of values past the clearing one without a gap.
Between the two thresholds nothing changes but that what is pending is given up. What is not seen
is not held to be well: a gap never resolves an alert unless the rule says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final, Literal

from bitpath_cli.model.reading import Missing, Quantity, Reading, failed, reported
from bitpath_cli.model.units import Unit
from bitpath_cli.model.watch import Alert, Event, Series, Severity

Blindness = Literal["keep", "fire", "resolve"]
Key = tuple[str, str]
NOTHING: Final = failed("there is no such value here")


@dataclass(frozen=True, slots=True)
class Rule:
    """When to raise an alert and when to end it; thresholds are in `unit`, the metric's.

    `subject` is a shell pattern for the disks, interfaces or other subjects that are meant.
    """

    name: str
    metric: str
    unit: Unit
    when: Literal["above", "below"]
    raise_at: float
    clear_at: float
    hold_seconds: float
    keep_seconds: float
    severity: Severity
    on_no_data: Blindness
    summary: str
    advice: str = ""
    subject: str = "*"

    def is_raised(self, value: float) -> bool:
        """Whether a value is past the raising threshold."""
        return value > self.raise_at if self.when == "above" else value < self.raise_at

    def is_cleared(self, value: float) -> bool:
        """Whether a value is at or past the clearing threshold, on the good side."""
        return value <= self.clear_at if self.when == "above" else value >= self.clear_at

    def worse(self, one: float, other: float) -> float:
        """The worse of two values."""
        return max(one, other) if self.when == "above" else min(one, other)


@dataclass(frozen=True, slots=True)
class State:
    """Of one rule and subject. `since` is when it was first raised, `fired` when it began to fire,
    `clear_since` since when it has been clear while still firing."""

    phase: Literal["inactive", "pending", "firing"] = "inactive"
    since: float = 0.0
    fired: float = 0.0
    clear_since: float | None = None
    peak: float | None = None
    is_blind: bool = False


INACTIVE: Final = State()


def step(rule: Rule, state: State, now: float, value: float | None) -> State:
    """The state after a value at `now`, or after a gap where it is None; `now` never goes back."""
    if value is None:
        return _step_blind(rule, state, now)
    if rule.is_raised(value):
        return _step_raised(rule, state, now, value)
    if state.phase != "firing":
        return INACTIVE
    if rule.is_cleared(value):
        return _step_cleared(rule, state, now)
    return replace(state, clear_since=None, is_blind=False)


def _step_raised(rule: Rule, state: State, now: float, value: float) -> State:
    worst = value if state.peak is None else rule.worse(state.peak, value)
    if state.phase == "firing":
        return replace(state, clear_since=None, peak=worst, is_blind=False)
    # A gap before this value broke what was pending.
    broken = state.phase == "inactive" or state.is_blind
    since = now if broken else state.since
    peak = value if broken else worst
    if now - since >= rule.hold_seconds:
        return State("firing", since, now, None, peak)
    return State("pending", since, 0.0, None, peak)


def _step_cleared(rule: Rule, state: State, now: float) -> State:
    clear_since = now if state.clear_since is None else state.clear_since
    if now - clear_since >= rule.keep_seconds:
        return INACTIVE
    return replace(state, clear_since=clear_since, is_blind=False)


def _step_blind(rule: Rule, state: State, now: float) -> State:
    if rule.on_no_data == "resolve":
        return _step_cleared(rule, state, now) if state.phase == "firing" else INACTIVE
    if state.phase == "firing":
        return replace(state, clear_since=None, is_blind=True)
    if rule.on_no_data == "keep":
        return replace(state, is_blind=True) if state.phase == "pending" else INACTIVE
    # Blindness itself is the alert; a value that was pending before does not count for it.
    fresh = state.phase == "inactive" or not state.is_blind
    since = now if fresh else state.since
    if now - since >= rule.hold_seconds:
        return State("firing", since, now, None, None, is_blind=True)
    return State("pending", since, 0.0, None, None, is_blind=True)


@dataclass(slots=True)
class Watchman:
    """Steps every rule for every subject that its metric has or had."""

    rules: tuple[Rule, ...]
    _states: dict[Key, State] = field(default_factory=dict)

    def look(self, now: float, series: tuple[Series, ...]) -> tuple[Event, ...]:
        """What began or ended with these values."""
        values: dict[str, dict[str, Reading]] = {}
        for each in series:
            values.setdefault(each.name, {})[each.subject] = each.reading
        events = []
        for rule in self.rules:
            found = values.get(rule.metric, {})
            for subject in self._subjects(rule, found):
                reading = found.get(subject, NOTHING)
                before = self._states.get((rule.name, subject), INACTIVE)
                value = None if isinstance(reading, Missing) else reading.value
                after = step(rule, before, now, value)
                self._states[rule.name, subject] = after
                events += _events(rule, subject, before, after, now)
        return tuple(events)

    def alerts(self) -> tuple[Alert, ...]:
        """What is pending or firing, the worst first."""
        order = {"critical": 0, "warning": 1, "info": 2}
        found = [
            _alert(rule, subject, state)
            for rule in self.rules
            for (name, subject), state in self._states.items()
            if name == rule.name and state.phase != "inactive"
        ]
        return tuple(sorted(found, key=lambda each: (each.state != "firing", order[each.severity])))

    def _subjects(self, rule: Rule, found: Mapping[str, Reading]) -> list[str]:
        """Those that are there now and those that were; all that a rule can be blind to."""
        known = [subject for name, subject in self._states if name == rule.name]
        here = [subject for subject in found if fnmatchcase(subject, rule.subject)]
        subjects = list(dict.fromkeys((*known, *here)))
        # A metric that nothing here has is a gap of the rule as a whole.
        return subjects or ([""] if rule.on_no_data == "fire" else [])


def _alert(rule: Rule, subject: str, state: State) -> Alert:
    return Alert(
        rule=rule.name, metric=rule.metric, subject=subject, severity=rule.severity,
        state="firing" if state.phase == "firing" else "pending", since_seconds=state.since,
        fired_seconds=state.fired if state.phase == "firing" else None,
        threshold=_quantity(rule, rule.raise_at),
        peak=None if state.peak is None else _quantity(rule, state.peak),
        is_blind=state.is_blind, summary=rule.summary, advice=rule.advice,
    )  # fmt: skip


def _events(rule: Rule, subject: str, before: State, after: State, now: float) -> list[Event]:
    if (before.phase == "firing") == (after.phase == "firing"):
        return []
    told, what = (after, "fired") if after.phase == "firing" else (before, "resolved")
    return [
        Event(
            what="fired" if what == "fired" else "resolved", at_seconds=now, rule=rule.name,
            metric=rule.metric, subject=subject, severity=rule.severity,
            peak=None if told.peak is None else _quantity(rule, told.peak),
            lasted_seconds=now - told.since, summary=rule.summary,
        )
    ]  # fmt: skip


def _quantity(rule: Rule, value: float) -> Quantity:
    return reported(value, rule.unit, f"rule {rule.name}")
