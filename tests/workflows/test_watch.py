"""A watch on recorded machines with a scripted clock, and what it must never load."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bitpath_cli import archive
from bitpath_cli.errors import BadValue, UnreadableReport, UnwritableOutput
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.watch import Observation
from bitpath_cli.workflows.watch import Watch, Wish, destinations, export_rules
from tests.recorded import recorded
from tests.sample_report import report
from tests.tree import tree, write

MEMORY = "MemTotal: 1000 kB\nMemAvailable: {} kB"
RULE = """\
[memory-low]
metric = "memory_available_share"
when = "below"
raise = "20%"
clear = "30%"
for = "2s"
severity = "{}"
summary = "Little memory is left"
"""


class Script:
    """A clock that moves only when it is waited for; `late` makes a tick take that long."""

    def __init__(self, act: Callable[[float], None] = lambda _now: None) -> None:
        self.seconds = 0.0
        self.act = act
        self.late: dict[float, float] = {}

    def now(self) -> float:
        return self.seconds

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.act(self.seconds)

    def time(self) -> datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)


def machine(folder: Path, available: int = 500) -> Host:
    return tree(folder, {"/proc/meminfo": MEMORY.format(available)})


def watched(
    folder: Path, wish: Wish, available: tuple[int, ...] = (), severity: str = "warning"
) -> tuple[list[Observation], Watch]:
    """Every second the host has the next number of kB left."""
    rules = folder / "rules.toml"
    rules.write_text(RULE.format(severity))
    host = machine(folder / "host")

    def act(now: float) -> None:
        at = round(now) - 1
        if 0 <= at < len(available):
            (folder / "host/proc/meminfo").write_text(MEMORY.format(available[at]))

    with Watch(replace(wish, rules=rules), host, Script(act)) as watch:
        return list(watch), watch


def test_it_ends_after_its_duration_with_a_sample_at_every_tick(tmp_path: Path) -> None:
    seen, watch = watched(tmp_path, Wish(interval="500ms", duration="2s"))
    assert [each.elapsed_seconds for each in seen] == [0.5, 1.0, 1.5, 2.0]
    assert watch.exit_code() == 0
    assert watch.summary().samples == 4


@pytest.mark.parametrize(("severity", "code"), [("info", 0), ("warning", 1), ("critical", 1)])
def test_the_exit_code_tells_whether_something_fired_even_if_it_ended(
    tmp_path: Path, severity: str, code: int
) -> None:
    seen, watch = watched(tmp_path, Wish(duration="6s"), (500, 100, 100, 100, 900, 900), severity)
    events = [(event.what, event.at_seconds) for each in seen for event in each.events]
    assert events == [("fired", 4.0), ("resolved", 5.0)]
    assert watch.exit_code() == code
    assert not watch.summary().still_firing


def test_a_threshold_that_is_passed_for_too_short_a_time_is_no_finding(tmp_path: Path) -> None:
    _, watch = watched(tmp_path, Wish(duration="6s"), (500, 100, 100, 500, 100, 100))
    assert watch.exit_code() == 0


def test_a_value_that_can_no_longer_be_read_is_missing_and_its_alert_stays(tmp_path: Path) -> None:
    host = machine(tmp_path / "host", 100)
    (tmp_path / "rules.toml").write_text(RULE.format("warning").replace("2s", "0s"))

    def act(now: float) -> None:
        if now == 2:
            (tmp_path / "host/proc/meminfo").unlink()

    wish = Wish(duration="3s", rules=tmp_path / "rules.toml")
    with Watch(wish, host, Script(act)) as watch:
        first, second, third = watch
    assert [each.is_blind for each in first.alerts] == [False]
    for each in (second, third):
        (found,) = [one for one in each.series if one.name == "memory_available_share"]
        assert isinstance(found.reading, Missing)
        assert [(one.state, one.is_blind) for one in each.alerts] == [("firing", True)]


def test_a_tick_that_comes_too_late_skips_those_that_were_due(tmp_path: Path) -> None:
    script = Script()
    with Watch(Wish(duration="6s"), machine(tmp_path), script) as watch:
        elapsed = []
        for seen in watch:
            elapsed.append(seen.elapsed_seconds)
            if len(elapsed) == 2:
                # A reader of the output kept us for two and a half seconds.
                script.seconds += 2.5
    assert elapsed == [1.0, 2.0, 5.0, 6.0]
    assert seen.cost.missed == 2


def test_the_log_holds_the_watch_from_its_start_to_its_end(tmp_path: Path) -> None:
    outputs = destinations(None, log=tmp_path / "log.jsonl")
    watched(tmp_path, Wish(duration="4s", outputs=outputs), (500, 100, 100, 100))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    kinds = [each["kind"] for each in lines]
    assert (kinds[0], kinds[-1], kinds.count("sample"), kinds.count("fired")) == (
        "start", "end", 4, 1,
    )  # fmt: skip
    assert lines[-1]["worst"] == "warning"
    assert lines[-1]["still_firing"] == [["memory-low", "host"]]
    assert lines[-1]["spreads"]["memory_available_share"]["host"] == pytest.approx([0.1, 0.2, 0.5])


def test_an_interrupted_watch_ends_its_log_as_well(tmp_path: Path) -> None:
    outputs = destinations(None, log=tmp_path / "log.jsonl", textfile=tmp_path / "m.prom")
    with (
        pytest.raises(KeyboardInterrupt),
        Watch(Wish(outputs=outputs), machine(tmp_path / "host"), Script()) as watch,
    ):
        next(iter(watch))
        assert (tmp_path / "m.prom").exists()
        raise KeyboardInterrupt
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["kind"] == "end"
    assert not (tmp_path / "m.prom").exists()


def test_a_signal_while_it_looks_at_the_machine_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_host: Host, _path: str) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(Host, "exists", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Watch(Wish(duration="1s"), machine(tmp_path))


@pytest.mark.parametrize(
    "wish",
    [Wish(interval="0s"), Wish(interval="1"), Wish(interval="2min"), Wish(duration="0s"),
     Wish(duration="forever")],
)  # fmt: skip
def test_times_that_cannot_be_are_refused(tmp_path: Path, wish: Wish) -> None:
    with pytest.raises(BadValue):
        Watch(wish, machine(tmp_path))


def test_what_cannot_be_written_or_read_is_known_before_the_first_tick(tmp_path: Path) -> None:
    host = machine(tmp_path / "host")
    away = tmp_path / "none"
    for outputs in (destinations(None, log=away / "l"), destinations(None, tensorboard=away),
                    destinations(None, textfile=away / "m.prom")):  # fmt: skip
        with pytest.raises(UnwritableOutput):
            Watch(Wish(outputs=outputs), host)
    with pytest.raises(BadValue, match=r"\.prom"):
        Watch(Wish(outputs=destinations(None, textfile=tmp_path / "metrics.txt")), host)
    with pytest.raises(BadValue, match="--prometheus-token"):
        destinations(None, token=tmp_path / "secret")
    broken = tmp_path / "report.json"
    for text in ("", '{"schema_version": 1, "tool"', '{"schema_version": 999}'):
        broken.write_text(text)
        with pytest.raises(UnreadableReport):
            Watch(Wish(against=broken), host)


def test_against_a_report_the_changed_limits_are_said_first(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    # Without recommendations no one has to think.
    archive.save(report(recommendation=None, recommendations=()), path)
    wish = Wish(duration="1s", against=path)
    with Watch(wish, recorded("container-v2"), Script()) as watch:
        (seen,) = watch
    said = " | ".join(seen.remarks)
    assert "the report is of another host, edge-01" in said
    assert "usable processors: " in said
    assert "usable memory: " in said
    assert watch.notes == seen.remarks


@pytest.mark.parametrize("name", ["dgx-8gpu", "jetson", "laptop", "xeon-rapl", "container-v1"])
def test_every_recorded_machine_can_be_watched(name: str) -> None:
    with Watch(Wish(duration="2s"), recorded(name), Script()) as watch:
        seen = list(watch)
    assert len(seen) == 2
    assert all(each.reading.kind in ("quantity", "missing") for each in seen[-1].series)
    if name == "dgx-8gpu":
        gpus = {each.subject for each in seen[-1].series if each.name == "gpu_power"}
        assert len(gpus) == 8


def test_the_same_rules_are_exported(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULE.format("info"))
    assert "alert: BitpathMemoryLow" in export_rules(tmp_path / "rules.toml")


def test_with_every_output_it_loads_no_heavy_library_and_stays_below_60_mb(tmp_path: Path) -> None:
    write(tmp_path, {"/code.py": CODE})
    done = subprocess.run(
        [sys.executable, str(tmp_path / "code.py"), str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["heavy"] == []
    assert 0 < told["resident"] < 60e6


CODE = """
import json
import sys
from pathlib import Path
from bitpath_cli.workflows.watch import Watch, Wish, destinations
from bitpath_cli.renderers.table import render_summary, watch_screen
folder = Path(sys.argv[1])
outputs = destinations("0", textfile=folder / "m.prom", tensorboard=folder, log=folder / "l")
draw = watch_screen("x", "", True)
with Watch(Wish(interval="100ms", duration="200ms", outputs=outputs)) as watch:
    for seen in watch:
        draw(seen, (80, 24))
    render_summary(watch.summary(), 80)
heavy = [name for name in ("torch", "pandas", "numpy", "ray", "pint") if name in sys.modules]
print(json.dumps({"heavy": heavy, "resident": seen.cost.resident_bytes}))
"""
