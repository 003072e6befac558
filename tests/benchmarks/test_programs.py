import pytest

from bitpath_cli.benchmarks._programs import Overrun, Printed, run_program
from bitpath_cli.host import monotonic


def test_what_a_program_printed_and_how_it_ended() -> None:
    found = run_program(("sh", "-c", "echo out; echo error >&2; exit 3"), 10, 1000)
    assert found == Printed(3, "out\n", "error\n")


def test_both_streams_count_and_neither_blocks_the_other() -> None:
    both = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"
    found = run_program(("sh", "-c", both), 10, 600_000)
    assert (len(found.out), len(found.error)) == (300_000, 300_000)
    with pytest.raises(Overrun, match="printed more than 599999 B"):
        run_program(("sh", "-c", both), 10, 599_999)


@pytest.mark.parametrize("run", ["exec sleep 60", "exec >&- 2>&-; exec sleep 60"])
def test_a_program_that_does_not_end_is_stopped(run: str) -> None:
    begin = monotonic()
    with pytest.raises(Overrun, match=r"did not end within 0\.2 s"):
        run_program(("sh", "-c", run), 0.2, 1000)
    assert monotonic() - begin < 10


def test_a_program_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(FileNotFoundError):
        run_program(("/nowhere/at/all",), 1, 1000)
