"""What may be typed after `bitpath bench network`, and what is told of the rest."""

import pytest

from bitpath_cli.__main__ import run

BENCH = ("bench", "network")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--listen", "--peer", "h"), "--peer: 'beside --listen'"),
        (("--listen", "-o", "r.json"), "--output: 'beside --listen'"),
        (("10.0.0.1",), "HOST:PORT: 'without --listen'"),
        (("--allow", "h"), "--allow: 'without --listen'"),
        (("--token", "x"), "--token: 'without --peer'"),
        (("--listen", "--for", "soon"), "--for: 'soon'"),
        (("--listen", "host:http"), "--listen: 'host:http'"),
        (("--token-file", "/nowhere/t"), "--token-file: '/nowhere/t'"),
        (("--peer", "h:x"), "--peer: 'h:x'"),
    ],
)
def test_what_does_not_go_together_is_told_and_costs_2(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*BENCH, *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in " ".join(told.err.split())


def test_a_peer_that_does_not_listen_costs_4(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*BENCH, "--peer", "127.0.0.1:1"]) == 4
    assert "Nothing listens at 127.0.0.1:1" in capsys.readouterr().err


def test_a_listener_that_nobody_calls_ends_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*BENCH, "--listen", "127.0.0.1:0", "--for", "0.1s"]) == 4
    told = capsys.readouterr().err
    assert "bitpath bench network --peer 127.0.0.1:" in told
    assert "No host came to 127.0.0.1:" in told
