"""Our alert rules as a Prometheus rules file, with the same thresholds and the same waits.

The clearing threshold is the second arm of each expression: past it a rule goes on while its own
alert fires, which Prometheus tells in the series ALERTS. The format is Prometheus's own
(configuration/alerting_rules), which `promtool check rules` checks.
"""

import json
import re
from typing import Final

from bitpath_cli.monitoring.alerts import Rule
from bitpath_cli.monitoring.measures import BY_NAME
from bitpath_cli.monitoring.names import expression, label

_ABOVE: Final = {"above": ">", "below": "<"}
_HEAD: Final = """\
# Written by bitpath from its alert rules. Check it with: promtool check rules FILE
# `for` and `keep_firing_for` are Prometheus's; keep_firing_for needs version 2.42 or newer.
groups:
  - name: bitpath
    rules:
"""


def export(rules: tuple[Rule, ...], window: str = "1m") -> str:
    """The file; rates are taken over `window`, which should hold at least four scrapes."""
    return _HEAD + "".join(_rule(each, window) for each in rules)


def alert_name(rule: Rule) -> str:
    """As Prometheus users write it: `disk-slow` is BitpathDiskSlow."""
    return "Bitpath" + "".join(part.capitalize() for part in rule.name.split("-"))


def _rule(rule: Rule, window: str) -> str:
    lines = [
        f"      - alert: {alert_name(rule)}",
        "        expr: |-",
        *(f"          {line}" for line in _expression(rule, window)),
        f"        for: {_duration(rule.hold_seconds)}",
    ]
    if rule.keep_seconds > 0:
        lines.append(f"        keep_firing_for: {_duration(rule.keep_seconds)}")
    lines += [
        "        labels:",
        f"          severity: {rule.severity}",
        "        annotations:",
        f"          summary: {_text(rule.summary)}",
    ]
    if rule.advice:
        lines.append(f"          description: {_text(rule.advice)}")
    return "\n".join(lines) + "\n"


def _expression(rule: Rule, window: str) -> list[str]:
    measure = BY_NAME[rule.metric]
    subject = label(measure.over[0])
    matcher = "" if rule.subject == "*" else f"{{{subject}=~{_text(_regex(rule.subject))}}}"
    value = expression(measure, matcher, window)
    sign = _ABOVE[rule.when]
    lines = [f"({value}) {sign} {rule.raise_at:.10g}"]
    if rule.clear_at != rule.raise_at:
        mine = f'ALERTS{{alertname="{alert_name(rule)}", alertstate="firing"}}'
        lines += [
            "or",
            f"(({value}) {sign} {rule.clear_at:.10g}",
            f"  and ignoring(alertname, alertstate, severity) {mine})",
        ]
    if rule.on_no_data == "fire":
        lines += ["or", f"absent({value})"]
    return lines


def _regex(pattern: str) -> str:
    """A shell pattern as RE2, which Prometheus anchors at both ends."""
    return "".join({"*": ".*", "?": "."}.get(each) or re.escape(each) for each in pattern)


def _duration(seconds: float) -> str:
    """Prometheus writes times in whole units down to milliseconds."""
    return f"{round(seconds * 1000)}ms" if seconds % 1 else f"{round(seconds)}s"


def _text(words: str) -> str:
    """Quoted so that YAML and PromQL read the same text; both know JSON's escapes."""
    # A description may hold what Prometheus takes for a template.
    return json.dumps(words.replace("{{", "{ {"), ensure_ascii=False)
