"""Rules from TOML: the shipped ones stand, and every fault is named with its line."""

import tomllib
from pathlib import Path

import pytest

from bitpath_cli.errors import BadRules
from bitpath_cli.monitoring.alerts import Rule
from bitpath_cli.monitoring.measures import BY_NAME
from bitpath_cli.workflows import _rules

GOOD = """\
[disk-slow]
metric = "disk_read_latency"
when = "above"
raise = "20ms"
clear = "10ms"
for = "30s"
severity = "warning"
summary = "Reads are slow"
"""


def load(tmp_path: Path, text: str) -> tuple[Rule, ...]:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    return _rules.load(path)


def test_the_shipped_rules_are_valid_and_each_says_what_to_do() -> None:
    rules = _rules.load(None)
    assert len({each.name for each in rules}) == len(rules) >= 20
    assert all(each.advice for each in rules)
    assert {each.metric for each in rules} <= set(BY_NAME)
    # A machine that works hard is no finding.
    assert not any(each.metric == "cpu_busy" for each in rules)


def test_amounts_are_read_in_the_units_of_their_metric(tmp_path: Path) -> None:
    (found,) = load(tmp_path, GOOD)
    assert (found.name, found.raise_at, found.clear_at) == ("disk-slow", 0.02, 0.01)
    assert (found.hold_seconds, found.keep_seconds, found.on_no_data) == (30, 0, "keep")
    assert (found.unit, found.subject) == ("s", "*")


def test_without_a_clearing_threshold_it_is_the_raising_one(tmp_path: Path) -> None:
    (found,) = load(tmp_path, GOOD.replace('clear = "10ms"\n', ""))
    assert found.clear_at == found.raise_at


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"above"', '"over"', 3, "above, below"),
        ('"20ms"', '"20 parsecs"', 4, "a time such as"),
        ('"10ms"', '"30ms"', 5, "raised above 20ms cannot end at 30ms"),
        ('"30s"', '"-1s"', 6, "no time to wait"),
        ('"30s"', "true", 6, "no time to wait"),
        ('"warning"', '"fatal"', 7, "info, warning, critical"),
        ('"disk_read_latency"', '"disk_latency"', 2, "perhaps 'disk_"),
        ("severity =", "severty =", 7, "perhaps 'severity' is meant"),
        ('"Reads are slow"', '"two\\nlines"', 8, "text on one line"),
        ("[disk-slow]", "[Disk_Slow]", 1, "small letters, digits and hyphens"),
        ("[disk-slow]", "[disk-slow", 1, "this is not TOML"),
        ('when = "above"\n', "", 1, "the key 'when' is missing"),
        ('"disk_read_latency"', "7", 2, "'7' is not known"),
    ],
)
def test_a_fault_says_line_field_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in GOOD
    with pytest.raises(BadRules) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert f"rules.toml, line {line}: " in str(caught.value)
    assert words in str(caught.value)
    assert "bitpath monitor --rules" in caught.value.next_step


def test_a_clearing_threshold_on_the_wrong_side_is_refused_for_below_as_well(
    tmp_path: Path,
) -> None:
    text = GOOD.replace('"above"', '"below"')
    with pytest.raises(BadRules, match="raised below 20ms cannot end at 10ms"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_file_without_rules_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadRules, match="holds no rule"):
        load(tmp_path, text)


def test_a_key_outside_of_a_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match="a rule is a table"):
        load(tmp_path, f"severity = 'info'\n{GOOD}")


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml", Path("/dev/zero")):
        with pytest.raises(BadRules, match=str(path)):
            _rules.load(path)


def test_the_guide_shows_rules_that_work(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "monitor.md").read_text()
    blocks = [block.partition("```")[0] for block in guide.split("```toml\n")[1:]]
    assert blocks
    for block in blocks:
        assert tomllib.loads(block)
        assert load(tmp_path, block)
