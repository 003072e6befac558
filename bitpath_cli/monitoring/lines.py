"""A watch as lines of JSON: what starts, each new series, samples, alerts' events, gaps, the end.

Every line is an object with a `kind`. Values are in base units, which the line of their series
names; what is unknown is under `unknown` with its reason, never null or 0.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bitpath_cli import __version__
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.watch import WATCH_VERSION, Observation, OwnCost, Series, Summary
from bitpath_cli.monitoring.alerts import Rule


class Lines:
    """Turns observations into lines; knows which series it has described already."""

    def __init__(self) -> None:
        """Nothing is described yet."""
        self._described: set[tuple[str, str]] = set()

    def start(
        self, time: datetime, host: str, interval_seconds: float, rules: tuple[Rule, ...]
    ) -> str:
        """The first line of a watch."""
        return _line(
            {
                "kind": "start", "watch_version": WATCH_VERSION, "tool": f"bitpath {__version__}",
                "time": _time(time), "host": host, "interval": interval_seconds,
                "rules": [each.name for each in rules],
            }
        )  # fmt: skip

    def sample(self, observation: Observation) -> list[str]:
        """What is new among the series, the events, and the sample itself."""
        lines = [
            _describe(each)
            for each in observation.series
            if not isinstance(each.reading, Missing)
            and (each.name, each.subject) not in self._described
        ]
        self._described |= {
            (each.name, each.subject)
            for each in observation.series
            if not isinstance(each.reading, Missing)
        }
        lines += [
            _line({"kind": event.what, "time": _time(observation.time),
                   **event.model_dump(mode="json", exclude={"what", "peak"}),
                   "peak": None if event.peak is None else event.peak.value})
            for event in observation.events
        ]  # fmt: skip
        lines.append(_line(_sample(observation)))
        return lines

    def forget(self) -> None:
        """What was described got lost, so describe it again."""
        self._described.clear()


def gap(samples: int, since: datetime, until: datetime, reason: str) -> str:
    """The line that stands where samples could not be written."""
    return _line(
        {"kind": "gap", "samples": samples, "from": _time(since), "until": _time(until),
         "reason": reason}
    )  # fmt: skip


def end(summary: Summary) -> str:
    """The last line; `spreads` are the least, mean and most of each series."""
    spreads: dict[str, dict[str, list[float]]] = {}
    for each in summary.spreads:
        spreads.setdefault(each.name, {})[each.subject] = [
            each.least.value, each.mean.value, each.most.value,
        ]  # fmt: skip
    return _line(
        {
            "kind": "end", "began": _time(summary.began), "lasted": summary.lasted_seconds,
            "samples": summary.samples, "worst": summary.worst,
            "still_firing": [[each.rule, each.subject] for each in summary.still_firing],
            "spreads": spreads, "own": None if summary.cost is None else _own(summary.cost),
            "remarks": list(summary.remarks),
        }
    )  # fmt: skip


def _describe(each: Series) -> str:
    reading = each.reading
    assert not isinstance(reading, Missing)  # noqa: S101  (the caller leaves those out)
    return _line(
        {
            "kind": "series", "name": each.name, "subject": each.subject, "group": each.group,
            "unit": reading.unit, "method": reading.origin.method.value,
            "source": reading.origin.source,
            **({} if each.limit is None else {"limit": each.limit.value}),
        }
    )  # fmt: skip


def _sample(observation: Observation) -> Mapping[str, Any]:
    values: dict[str, dict[str, float]] = {}
    unknown: dict[str, dict[str, str]] = {}
    for each in observation.series:
        if isinstance(each.reading, Missing):
            unknown.setdefault(each.name, {})[each.subject] = each.reading.detail
        else:
            values.setdefault(each.name, {})[each.subject] = each.reading.value
    return {
        "kind": "sample", "time": _time(observation.time),
        "elapsed": round(observation.elapsed_seconds, 6), "values": values,
        **({"unknown": unknown} if unknown else {}),
        "alerts": [
            {"rule": each.rule, "subject": each.subject, "severity": each.severity,
             "state": each.state, "blind": each.is_blind}
            for each in observation.alerts
        ],
        "own": _own(observation.cost),
        **({"remarks": list(observation.remarks)} if observation.remarks else {}),
    }  # fmt: skip


def _own(cost: OwnCost) -> Mapping[str, float]:
    return {
        "cpu_seconds": cost.cpu_seconds, "cpu_share": cost.cpu_share,
        "resident_bytes": cost.resident_bytes, "missed": cost.missed,
    }  # fmt: skip


def _time(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
