import threading

import pytest

from bitpath_cli.benchmarks._at_once import run_at_once


def test_all_pieces_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=30)

    def meet() -> None:
        together.wait()

    assert run_at_once([meet] * 3, OSError) > 0


def test_a_refusal_is_raised_once_all_pieces_have_ended() -> None:
    ended = []

    def refuse() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        run_at_once([refuse, lambda: ended.append(1)], OSError)
    assert ended == [1]
