import pytest

from bitpath_cli.plans import _sheet
from bitpath_cli.plans._sheet import Quoted


def test_a_text_that_nothing_quoted_does_not_get_in() -> None:
    made = _sheet._environment()
    with pytest.raises(TypeError, match="without being quoted"):
        made.from_string("echo {{ word }}").render(word="$(id)")
    assert made.from_string("echo {{ word|sh }}").render(word="$(id)") == "echo '$(id)'"
    assert made.from_string("{{ count }} {{ word }}").render(count=3, word=Quoted("x")) == "3 x"
