"""A trial on the terminal, on a page and in Markdown: the same words and figures."""

import pytest

from bitpath_cli.model.reading import Quantity, derived
from bitpath_cli.model.trial import Comparison, Decision, Held, Trial, Tried
from bitpath_cli.model.units import ONE, SECOND
from bitpath_cli.renderers import html, markdown
from bitpath_cli.renderers._draw_trial import draw_trial
from bitpath_cli.renderers._drawing import draw
from bitpath_cli.renderers._page_trial import show
from bitpath_cli.renderers._trial_words import held, verdict
from tests.sample_report import report


def quantity(value: float) -> Quantity:
    return derived(value, ONE, "a test")


def tried(label: str, **changes: object) -> Tried:
    seconds = derived(0.25, SECOND, "a test")
    compared = Comparison(
        name="step_time", predicted=seconds, measured=derived(0.5, SECOND, "a test"),
        error=quantity(1.0), is_covered=False,
    )  # fmt: skip
    known: dict[str, object] = {
        "strategy": "distributed", "nodes": 2, "sync": "ddp", "every": 1, "label": label,
        "comparisons": (compared,),
        "held": Held(
            resource="network", share=quantity(0.7), runner_up="compute",
            runner_up_share=quantity(0.3),
        ),
    }  # fmt: skip
    return Tried.model_validate({**known, **changes})


def decision(recommended: int, best: int, is_right: bool) -> Decision:
    return Decision(
        goal="speed", predicted=(1.0, 2.0), measured=(1.5, 1.0), recommended=recommended,
        best=best, regret=0.5, noise=0.04, is_right=is_right, rank_correlation=quantity(-1.0),
    )  # fmt: skip


def trial() -> Trial:
    return Trial(
        workload="small-<b>mlp", site="default", scaling="in small", is_emulated=False,
        candidates=(
            tried("one node"), tried("2 nodes"),
            tried("4 nodes", comparisons=(), held=None, failure="no memory"),
        ),
        decisions=(decision(0, 1, is_right=False),), findings=("computing is slow",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (decision(0, 0, is_right=True), "right"),
        (decision(0, 1, is_right=True), "a tie"),
        (decision(0, 1, is_right=False), "wrong"),
    ],
)
def test_the_verdict_tells_a_tie_from_both(found: Decision, word: str) -> None:
    assert verdict(found) == word


def test_two_that_hold_a_step_up_alike_are_both_named() -> None:
    both = Held(
        resource="compute", share=quantity(0.5), runner_up="network", runner_up_share=quantity(0.45)
    )
    assert held(both) == "computing 50%, communication 45%"


def test_the_page_shows_predicted_beside_measured_and_escapes_names() -> None:
    page = html.RENDERER.render(report().model_copy(update={"trials": (trial(),)}))
    assert "Put to the test: small-&lt;b&gt;mlp" in page
    for words in (
        "250 ms",
        "500 ms",
        "+100.0%",
        "communication 70%",
        "4 nodes: not run, no memory",
    ):
        assert words in page
    assert page.index("one node") < page.index("computing is slow")


def test_markdown_has_the_same_tables() -> None:
    told = markdown.RENDERER.render(report().model_copy(update={"trials": (trial(),)}))
    assert "| speed | one node | 2 nodes | 50.0% | 4.0% | -1 | wrong |" in told
    assert "- computing is slow" in told


def test_a_candidate_is_named_once_above_its_figures() -> None:
    rows = show(trial(), 1).figures.rows
    assert [row[0].text for row in rows] == ["one node", "", "2 nodes", ""]


def test_the_terminal_says_what_holds_a_step_up() -> None:
    told = draw(draw_trial(trial()), 100, colour=False)
    assert "held up by" in told
    assert "communication 70%" in told
