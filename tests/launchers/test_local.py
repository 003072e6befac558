import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.host import Host
from bitpath_cli.isolation import Nursery
from bitpath_cli.launchers import local
from tests.launchers import launched
from tests.recorded import recorded

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(preload=("torch", "torch.distributed")) as running:
        yield running


def test_every_rank_learns_the_same_and_rank_0_answers(nursery: Nursery) -> None:
    told: list[str] = []
    assert nursery.run(launched.tell_all, "a question", 60, told.append) == "rank 0 of 3"
    assert sorted((json.loads(each) for each in told), key=lambda each: each["rank"]) == [
        {
            "rank": rank, "size": 3, "backend": "gloo", "agreed": [True, False],
            "slowest": 2.1, "threads": 2, "asked": "a question",
        }
        for rank in range(3)
    ]  # fmt: skip


def fail(nursery: Nursery, work: str, rank: int) -> str:
    """The words of a failure, after which no rank may be left."""
    words, started, alive = json.loads(str(nursery.run(getattr(launched, work), str(rank), 60)))
    assert started == 3
    assert alive == []
    return str(words)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_a_killed_rank_is_named_with_its_signal(nursery: Nursery, rank: int) -> None:
    words = fail(nursery, "kill_one", rank)
    assert words.startswith(f"Rank {rank} of 3 was ended by SIGKILL; the other ranks were ended.")


@pytest.mark.parametrize("rank", [0, 2])
def test_a_rank_that_raises_is_named_and_not_those_that_lost_it(
    nursery: Nursery, rank: int
) -> None:
    words = fail(nursery, "raise_in_one", rank)
    assert words.startswith(
        f"Rank {rank} of 3 raised ArithmeticError: the sum is off (launched.py, line "
    )


def test_a_rank_that_leaves_without_a_word_is_named_with_its_code(nursery: Nursery) -> None:
    assert fail(nursery, "leave_one", 1).startswith("Rank 1 of 3 ended with exit code 7;")


def test_a_rank_that_hangs_is_named_and_not_those_that_wait_for_it(nursery: Nursery) -> None:
    words = fail(nursery, "hang_one", 1)
    assert words.startswith("Rank 1 of 3 did not end within 0.5 s and all were ended.")


def test_a_rank_that_never_joins_is_named(nursery: Nursery) -> None:
    words = str(nursery.run(launched.never_join, "1", 60))
    assert words.startswith("Rank 1 of 2 did not join within 1 s and all were ended.")


def test_it_listens_on_loopback_alone(nursery: Nursery) -> None:
    told: list[str] = []
    nursery.run(launched.list_listeners, "", 60, told.append)
    addresses = [each for text in told for each in json.loads(text)]
    # Rank 0 has the store, and every rank gloo's own socket.
    assert len(told) == 2
    assert all(json.loads(text) for text in told)
    assert set(addresses) <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_a_backend_that_it_cannot_drive_is_refused_by_name(nursery: Nursery) -> None:
    words = str(nursery.run(launched.refuse_backend, "mpi", 60))
    assert words.startswith("--backend: 'mpi' cannot be used.")


def test_ranks_die_with_the_launcher() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.launchers.launched"], cwd=ROOT, stdout=subprocess.PIPE
    ) as launcher:
        assert launcher.stdout is not None
        ranks = [int(launcher.stdout.readline()) for _ in range(2)]
        handles = [os.pidfd_open(each) for each in ranks]
        launcher.send_signal(signal.SIGKILL)
        for handle in handles:
            assert select.select([handle], [], [], 20)[0] == [handle]
            os.close(handle)


def test_the_loopback_interface_is_found_by_its_flags(tmp_path: Path) -> None:
    for name, flags in (("eth0", "0x1003"), ("inner", "0x9")):
        folder = tmp_path / "sys/class/net" / name
        folder.mkdir(parents=True)
        (folder / "flags").write_text(f"{flags}\n")
    assert local._find_loopback(Host(tmp_path)) == "inner"
    assert local._find_loopback(recorded("microvm")) == "lo"
