import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.plans import _yaml
from tests.plans.test_words import ANYTHING

yaml = pytest.importorskip("yaml", reason="needs the package pyyaml")


@given(st.dictionaries(ANYTHING, st.lists(ANYTHING), max_size=4), st.lists(ANYTHING, max_size=3))
def test_what_is_read_back_is_what_was_written(
    document: dict[str, list[str]], comments: list[str]
) -> None:
    text = _yaml.dump([document, document], comments)
    assert list(yaml.safe_load_all(text)) == [document, document]


def test_the_order_of_keys_stays_and_nothing_is_an_alias() -> None:
    shared = {"b": 1, "a": 2}
    text = _yaml.dump([{"z": shared, "y": shared}], ["why", "  how"])
    assert text == "# why\n#   how\n---\nz:\n  b: 1\n  a: 2\ny:\n  b: 1\n  a: 2\n"
