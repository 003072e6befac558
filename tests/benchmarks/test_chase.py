import ctypes
from itertools import pairwise

import pytest
import torch

from bitpath_cli.benchmarks import CannotMeasure, _chase
from bitpath_cli.benchmarks._chase import Chase

KIB = 1 << 10
CHUNK = 16


@pytest.fixture(autouse=True)
def glibc() -> None:
    if not hasattr(ctypes.CDLL(None), "_obstack_allocated_p"):
        pytest.skip("needs glibc, whose loop follows the chain")


def visits(chase: Chase) -> list[list[int]]:
    """The chunks of every walk in the order of their addresses, read as the loop reads them."""
    begin = chase._chunks.data_ptr()
    found = []
    for start in chase._address(chase._ways[:, 0]).tolist():
        at, walk = start, []
        while at:
            walk.append((at - begin) // CHUNK)
            at = int(chase._chunks[walk[-1], 1])
        found.append(walk)
    return found


@pytest.mark.parametrize(
    ("size_kib", "hops", "walks"),
    [
        # 128 lines of four chunks each, all of them used.
        (8, 512, 1),
        # 2048 lines, each in two tours.
        (128, 4096, 1),
        # 8192 lines in one tour, which one walk does.
        (512, 8192, 1),
        # 49152 lines in three walks.
        (3072, 16384, 3),
    ],
)
def test_every_line_is_visited_equally_often(size_kib: int, hops: int, walks: int) -> None:
    chase = Chase(size_kib * KIB, 64)
    found = visits(chase)
    assert (chase.hops, len(found)) == (hops, walks)
    assert all(len(walk) == hops for walk in found)
    lines = torch.tensor([each // 4 for walk in found for each in walk])
    times = torch.bincount(lines, minlength=size_kib * KIB // 64)
    assert len(times) == size_kib * KIB // 64
    assert bool((times == hops * walks // len(times)).all())
    assert chase.extent.address % 64 == 0


def test_the_order_tells_a_prefetcher_nothing() -> None:
    """Of 8192 steps in random order hardly any goes to the next line."""
    (walk,) = visits(Chase(512 * KIB, 64))
    steps = [after // 4 - before // 4 for before, after in pairwise(walk)]
    assert sum(abs(step) == 1 for step in steps) < 20


def test_a_rest_that_fills_no_walk_is_left_out() -> None:
    chase = Chase(16385 * 64, 64)
    assert (chase.hops, len(visits(chase))) == (8192, 2)


def test_lines_may_be_longer() -> None:
    chase = Chase(8 * KIB, 128)
    # 64 lines of eight chunks each.
    assert chase.hops == 512
    assert chase.find_error() is None


@pytest.mark.parametrize("size_kib", [4, 24, 1024, 4096])
def test_the_compiled_loop_reaches_the_last_chunk(size_kib: int) -> None:
    chase = Chase(size_kib * KIB, 64)
    assert chase.find_error() is None
    # Checking left nothing behind, and walking needs nothing of it.
    chase.walk()
    chase.call()
    assert not bool(chase._chunks[:, 0].any())


def test_a_chain_that_breaks_off_is_found() -> None:
    chase = Chase(64 * KIB, 64)
    chase._chunks[chase._ways[0, 100], 1] = 0
    assert chase.find_error() == "a walk of 4096 hops does not end where it should"


def test_without_glibc_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chase, "_FUNCTION", "no_such_function")
    with pytest.raises(CannotMeasure, match="no loop that follows addresses"):
        Chase(8 * KIB, 64)
