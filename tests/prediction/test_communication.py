import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.prediction.communication import (
    GLOO,
    NCCL,
    all_reduce,
    bucket_sizes,
    bytes_sent_per_rank,
    overlapped_backward,
    rabenseifner,
    recursive_doubling,
    ring,
    server,
    tree,
)


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_a_ring_of_four_moves_resnet50s_gradients_in_about_1_3_seconds_on_gigabit() -> None:
    # 2·3/4 · 102.2 MB / 125 MB/s = 1.2264 s, and 6 messages of 0.1 ms.
    taken = ring(real(4), real(102.2e6), real(1e-4), 1 / real(125e6))
    assert float(taken) == pytest.approx(1.2264 + 6e-4)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (ring, 14e-5 + 2 * 7 / 8 * 1e-2),
        (recursive_doubling, 3 * (1e-5 + 1e-2)),
        (rabenseifner, 6e-5 + 2 * 7 / 8 * 1e-2),
        (tree, 6 * (1e-5 + 1e-2)),
        (server, 2e-5 + 14 * 1e-2),
    ],
)
def test_algorithms_by_hand_for_8_ranks_alpha_10_us_and_10_ms_of_bytes(
    algorithm: object, expected: float
) -> None:
    assert callable(algorithm)
    taken = algorithm(real(8), real(1e6), real(1e-5), real(1e-8))
    assert float(taken) == pytest.approx(expected)


def test_one_rank_has_no_one_to_tell() -> None:
    assert float(all_reduce(real(1), real(1e9), real(1), real(1), GLOO)) == 0


@given(
    ranks=st.integers(2, 64),
    size=st.floats(1, 1e9),
    alpha=st.floats(1e-7, 1e-2),
    beta=st.floats(1e-12, 1e-6),
)
def test_more_algorithms_to_choose_from_are_never_slower(
    ranks: int, size: float, alpha: float, beta: float
) -> None:
    inputs = (real(ranks), real(size), real(alpha), real(beta))
    assert float(all_reduce(*inputs, NCCL)) <= float(all_reduce(*inputs, GLOO))


def test_each_rank_sends_two_thirds_more_in_four_than_in_two() -> None:
    assert float(bytes_sent_per_rank(real(2), real(8.0))) == 8
    assert float(bytes_sent_per_rank(real(4), real(8.0))) == 12


def test_gradients_are_cut_into_a_first_bucket_of_1_mib_and_then_at_most_25_mib() -> None:
    sizes = bucket_sizes(102.2e6)
    assert sizes[0] == 1 << 20
    assert len(sizes) == 5
    assert max(sizes) <= 25 * (1 << 20)
    assert sum(sizes) == pytest.approx(102.2e6)
    assert bucket_sizes(4e4) == (4e4,)


def overlapped(overlap: float, ranks: float = 2, slowdown: float = 1.0) -> float:
    # Two buckets, of 1 MiB and 1 MiB, at 1 MiB a second: a ring of two moves each in one second.
    mib = float(1 << 20)
    return float(
        overlapped_backward(
            real(4),
            2 * mib,
            real(ranks),
            real(0),
            real(1 / mib),
            GLOO,
            real(overlap),
            real(slowdown),
        )
    )


def test_without_overlap_communication_follows_computation() -> None:
    assert overlapped(0.0) == pytest.approx(4 + 1 + 1)


def test_with_full_overlap_only_the_last_bucket_is_exposed() -> None:
    # The first bucket is ready at 2 s and done at 3 s; the second is ready at 4 s.
    assert overlapped(1.0) == pytest.approx(4 + 1)


def test_slowdown_stretches_the_backward_pass_of_several_ranks_alone() -> None:
    assert overlapped(1.0, slowdown=1.5) == pytest.approx(6 + 1)
    assert overlapped(1.0, ranks=1, slowdown=1.5) == 4
