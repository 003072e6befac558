import pytest

from bitpath_cli.errors import USAGE, MissingLibrary
from bitpath_cli.model.demands import Demands
from bitpath_cli.workflows import decide
from tests.sample_report import recommendation, report


def test_without_torch_the_advice_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "find_spec", lambda name: None)
    with pytest.raises(MissingLibrary, match="torch is not installed") as raised:
        decide.advice(report(), "resnet50-training", "default", Demands())
    assert raised.value.exit_code == USAGE
    assert raised.value.next_step == "Install it beside bitpath: pip install torch"


def test_a_workload_that_is_named_takes_back_the_note_that_none_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bitpath_cli.workflows.advise.advise", lambda *_: recommendation())
    before = report()
    assert any("no workload was named" in each.text for each in before.notes)
    after = decide.decide(before, ("resnet50-training",), "default", Demands())
    assert not any("no workload was named" in each.text for each in after.notes)
    assert after.recommendations == (recommendation(),)
