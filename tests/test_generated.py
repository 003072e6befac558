"""Generated files are fresh, and every command teaches."""

import pytest

from tests.staleness import REMEDY, command_lines, help_of, stale


def test_generated_files_are_fresh() -> None:
    assert not stale(), f"{[path.name for path in stale()]}: {REMEDY}"


@pytest.mark.parametrize("words", [(), *command_lines()], ids=" ".join)
def test_every_command_has_a_sentence_and_an_example(words: tuple[str, ...]) -> None:
    text = help_of(words)
    line = " ".join(("bitpath", *words))
    assert text.startswith(f" Usage: {line} ")
    assert f"$ {line}" in text.partition("Examples")[2]
