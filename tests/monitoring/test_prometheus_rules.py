"""The exported rules, judged by promtool: that they are valid, and that they behave as ours do."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bitpath_cli.model.units import ONE, SECOND
from bitpath_cli.monitoring.prometheus_rules import alert_name, export
from bitpath_cli.workflows import _rules
from tests.monitoring.ruled import rule

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool (of Prometheus) is not installed"
)


def promtool(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [PROMTOOL or "", *arguments], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_the_shipped_rules_are_valid_for_prometheus(tmp_path: Path) -> None:
    rules = _rules.load(None)
    (tmp_path / "rules.yml").write_text(export(rules))
    assert f"{len(rules)} rules found" in promtool("check", "rules", "rules.yml", folder=tmp_path)


@needs_promtool
@pytest.mark.parametrize("text", ['quotes " and \\ and {{ braces }}', "größer: ja # nein", "- x"])
def test_any_words_and_patterns_survive(tmp_path: Path, text: str) -> None:
    odd = rule(summary=text, advice=text, subject="sd?.*[a]", metric="disk_busy")
    (tmp_path / "rules.yml").write_text(export((odd,)))
    promtool("check", "rules", "rules.yml", folder=tmp_path)


@needs_promtool
def test_prometheus_keeps_firing_between_the_thresholds_and_ends_below_them(
    tmp_path: Path,
) -> None:
    """Prometheus's own unit test of an exported rule: load 3, then 1.8, then 1, one processor."""
    busy = rule(
        name="cpu-queue", metric="load_per_cpu", raise_at=2.0, clear_at=1.5, hold_seconds=60.0
    )
    (tmp_path / "rules.yml").write_text(export((busy,)))
    alert = alert_name(busy)
    firing = [{"exp_labels": {"severity": "warning", "scope": "host"},
               "exp_annotations": {"summary": "It is busy"}}]  # fmt: skip
    expected = {"0m": [], "1m": firing, "4m": firing, "7m": firing, "9m": []}
    case = {
        "rule_files": ["rules.yml"], "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": 'bitpath_load{scope="host"}', "values": "3x3 1.8x3 1x4"},
                    {"series": 'bitpath_cpus{scope="host"}', "values": "1x12"},
                ],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": alert, "exp_alerts": alerts}
                    for at, alerts in expected.items()
                ],
            }
        ],
    }  # fmt: skip
    (tmp_path / "test.yml").write_text(json.dumps(case))
    assert "SUCCESS" in promtool("test", "rules", "test.yml", folder=tmp_path)


def test_without_a_gap_between_the_thresholds_there_is_one_arm() -> None:
    text = export((rule(clear_at=10.0, keep_seconds=0.0),))
    assert "ALERTS" not in text
    assert "keep_firing_for: " not in text


def test_thresholds_and_waits_are_in_base_units() -> None:
    text = export(
        (
            rule(
                metric="disk_read_latency", unit=SECOND, raise_at=0.02, clear_at=0.01,
                hold_seconds=0.5, keep_seconds=120, subject="nvme*",
            ),
        )
    )  # fmt: skip
    assert ") > 0.02\n" in text
    assert "for: 500ms" in text
    assert "keep_firing_for: 120s" in text
    assert 'rate(bitpath_disk_reads_total{device=~"nvme.*"}[1m])' in text


def test_a_rule_that_fires_for_want_of_data_does_so_in_prometheus() -> None:
    text = export((rule(metric="gpu_temperature", unit=ONE, on_no_data="fire"),))
    assert "absent(bitpath_gpu_temperature_celsius)" in text
