import pytest

from bitpath_cli.workflows._same_line import same_line

MEETING = {"--node-rank": "1", "--rendezvous": "10.0.0.1:29400"}


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        (
            "bench allreduce --nnodes 2 --node-rank 0 --rendezvous host0:29400",
            "bitpath bench allreduce --nnodes 2 --node-rank 1 --rendezvous 10.0.0.1:29400",
        ),
        (
            "bench allreduce --node-rank=0 --rendezvous=host0:29400 --nnodes=2 --op all_gather",
            "bitpath bench allreduce --node-rank 1 --rendezvous 10.0.0.1:29400 --nnodes=2 "
            "--op all_gather",
        ),
        (
            "bench allreduce --json -o a.json --output b.md --output=c.csv -b quick",
            "bitpath bench allreduce -b quick",
        ),
    ],
)
def test_others_type_the_same_but_for_their_number_and_our_files(typed: str, line: str) -> None:
    assert same_line(typed.split(), MEETING) == line


def test_words_that_a_shell_would_split_are_quoted() -> None:
    assert same_line(["bench", "training", "-m", "a b"], {}) == "bitpath bench training -m 'a b'"
