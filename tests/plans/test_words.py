import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpath_cli.plans import _words
from tests.plans.examples import HOSTILE

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(ANYTHING.map(lambda text: text.replace("\0", ""))))
def test_a_shell_reads_back_the_words(words: list[str]) -> None:
    assert shlex.split(_words.sh_line(words)) == words


def test_a_real_shell_reads_back_hostile_words() -> None:
    line = f"printf '%s\\0' {_words.sh_line(HOSTILE)}"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == list(HOSTILE)


@given(ANYTHING)
def test_a_comment_is_one_line_and_swallows_none(text: str) -> None:
    found = _words.comment(text)
    assert len(found.splitlines()) <= 1
    assert not found.endswith("\\")


@given(ANYTHING)
def test_a_name_is_a_dns_label(text: str) -> None:
    assert re.fullmatch(r"[a-z]([a-z0-9-]{0,41}[a-z0-9])?", _words.name(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("resnet50-training", "resnet50-training"), ("Größe 3", "groe-3"),
        ("8b chat", "w-8b-chat"), ("$(rm)", "rm"), ("", "workload"), ("…", "workload"),
    ],
)  # fmt: skip
def test_names_stay_recognisable(text: str, name: str) -> None:
    assert _words.name(text) == name


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/usr/bin/python3", "/usr/bin/python3"), ("a b", '"a b"'), ("100%", '"100%%"'),
        ("$HOME", '"$$HOME"'), ('say "x"', '"say \\"x\\""'), ("a\\b", '"a\\\\b"'),
        ("a\nUser=root", '"a\\x0aUser=root"'), ("", '""'), (";", '";"'),
    ],
)  # fmt: skip
def test_systemd_reads_one_word(text: str, word: str) -> None:
    assert _words.systemd(text) == word


@given(ANYTHING)
def test_a_word_of_a_unit_stays_on_its_line(text: str) -> None:
    assert len(_words.systemd(text).splitlines()) == 1


def test_kubernetes_puts_no_variable_into_a_word() -> None:
    assert _words.kubernetes("$(NODE_RANK) $$ $") == "$$(NODE_RANK) $$$$ $$"
