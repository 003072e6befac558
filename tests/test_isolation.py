import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.isolation import Nursery
from bitpath_cli.model.reading import Missing, Reason
from tests import isolated

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(preload=(), environment={"OF_THE_NURSERY": "yes"}) as running:
        yield running


def failure(found: str | Missing) -> str:
    assert isinstance(found, Missing)
    assert found.reason is Reason.FAILED
    return found.detail


def test_it_answers_and_tells_how_it_goes(nursery: Nursery) -> None:
    heard: list[str] = []
    assert nursery.run(isolated.double, "ab", 30, heard.append) == "abab"
    assert heard == ["half way"]


def test_every_run_has_a_process_and_a_group_of_its_own(nursery: Nursery) -> None:
    first, second = (json.loads(str(nursery.run(isolated.tell_process, "", 30))) for _ in range(2))
    assert first[0] == first[1] != second[0]
    assert os.getpid() not in (first[0], second[0])
    assert first[2] == "yes"


def test_what_it_raises_becomes_words_with_the_place(nursery: Nursery) -> None:
    words = failure(nursery.run(isolated.raise_error, "", 30))
    assert words.startswith("raised ArithmeticError: the sum is off (isolated.py, line ")


def test_an_error_of_ours_keeps_its_next_step(nursery: Nursery) -> None:
    found = nursery.run(isolated.raise_ours, "", 30)
    assert failure(found) == ("--dir: '/nowhere' cannot be used. Allowed: a directory that exists.")


def test_a_fault_is_told_by_its_signal_and_last_words(nursery: Nursery) -> None:
    words = failure(nursery.run(isolated.fault, "", 30))
    assert words.startswith("was ended by SIGSEGV after ")
    assert "about to fault" in words
    assert "isolated.py" in words


def test_a_kill_from_outside_points_to_memory(nursery: Nursery) -> None:
    found = nursery.run(isolated.is_killed, "", 30)
    assert failure(found).startswith("was ended by SIGKILL after ")
    assert isinstance(found, Missing)
    assert "memory" in found.hint


def test_an_exit_without_an_answer_is_a_failure(nursery: Nursery) -> None:
    assert failure(nursery.run(isolated.vanish, "", 30)) == "ended with exit code 3 and no answer"


def test_what_it_prints_stays_out_of_our_output(
    nursery: Nursery, capfd: pytest.CaptureFixture[str]
) -> None:
    assert nursery.run(isolated.chatter, "", 30) == "done"
    assert capfd.readouterr() == ("", "")


def test_a_long_answer_arrives_whole(nursery: Nursery) -> None:
    assert nursery.run(isolated.answer_at_length, "", 30) == "x" * 3_000_000


def test_a_long_request_arrives_whole(nursery: Nursery) -> None:
    assert nursery.run(isolated.double, "y" * 1_000_000, 30) == "y" * 2_000_000


def test_a_flood_of_output_does_not_outlast_the_limit(nursery: Nursery) -> None:
    words = failure(nursery.run(isolated.flood_for_ever, "", 0.2))
    assert words.startswith("did not end within 0.2 s and was stopped; its last words: …zzz")
    assert nursery.run(isolated.double, "a", 30) == "aa"


@pytest.mark.parametrize("request_text", ["hang", "return"])
def test_nothing_that_it_started_outlives_it(nursery: Nursery, request_text: str) -> None:
    heard: list[str] = []
    found = nursery.run(
        isolated.start_others, request_text, 1 if request_text == "hang" else 30, heard.append
    )
    assert isinstance(found, Missing) == (request_text == "hang")
    assert len(heard) == 3
    for number in heard:
        with pytest.raises(ProcessLookupError):
            os.kill(int(number), 0)
    assert nursery.run(isolated.double, "a", 30) == "aa"


def test_an_interruption_takes_everything_along() -> None:
    heard: list[str] = []

    def interrupt(number: str) -> None:
        heard.append(number)
        if len(heard) == 3:
            raise KeyboardInterrupt

    with Nursery(preload=()) as nursery:
        with pytest.raises(KeyboardInterrupt):
            nursery.run(isolated.start_others, "hang", 30, interrupt)
        for number in heard:
            with pytest.raises(ProcessLookupError):
                os.kill(int(number), 0)
        assert nursery.run(isolated.double, "a", 30) == "aa"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_parent_that_is_ended_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.isolated"], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert parent.stdout is not None
    with contextlib.ExitStack() as ends:
        others = [os.pidfd_open(int(parent.stdout.readline())) for _ in range(3)]
        for other in others:
            ends.callback(os.close, other)
        parent.send_signal(number)
        parent.wait(30)
        parent.stdout.close()
        # A process file becomes readable when its process has ended.
        for other in others:
            assert select.select([other], [], [], 30)[0] == [other]
    assert list(tmp_path.iterdir()) == []


def test_a_nursery_that_is_killed_is_told_and_replaced() -> None:
    heard: list[int] = []

    def kill_nursery(number: str) -> None:
        heard.append(int(number))
        status = Path(f"/proc/{heard[0]}/status").read_text()
        if len(heard) == 3:
            os.kill(int(status.split("PPid:")[1].split()[0]), signal.SIGKILL)

    with Nursery(preload=()) as nursery:
        found = nursery.run(isolated.start_others, "hang", 30, kill_nursery)
        assert "was killed" in failure(found)
        assert nursery.run(isolated.double, "a", 30) == "aa"
    for number in heard[1:]:
        os.kill(number, signal.SIGKILL)


def test_a_nursery_whose_imports_never_end_is_given_up() -> None:
    with Nursery(preload=("tests.never",)) as nursery:
        assert failure(nursery.prepare(0.3) or "").startswith(
            "no fresh process could be had within 0.3 s"
        )


def test_a_nursery_that_is_prepared_runs_at_once() -> None:
    with Nursery(preload=("no_such_module",)) as nursery:
        assert nursery.prepare() is None
        assert nursery.run(isolated.double, "a", 30) == "aa"


def test_torch_computes_with_threads_in_a_process_forked_after_its_import() -> None:
    with Nursery(preload=("torch", "no_such_module")) as nursery:
        assert nursery.run(isolated.multiply, "2", 60) == "2 27000000"
        assert nursery.run(isolated.multiply, "1", 60) == "1 27000000"


def test_only_functions_that_can_be_found_by_name_run(nursery: Nursery) -> None:
    with pytest.raises(ValueError, match="can be imported"):
        nursery.run(lambda request, send: request, "", 30)
