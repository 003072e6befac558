"""Compressed gradients: bytes on the wire and time to code, by hand."""

import pytest
import torch
from torch import Tensor

from bitpath_cli.prediction.compression import (
    factor_bytes,
    factor_coding_time,
    half_coding_time,
    half_sum_time,
)


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_half_precision_reads_and_writes_twelve_bytes_a_parameter() -> None:
    assert float(half_coding_time(real(4e6), real(12e6))) == pytest.approx(1.0)


def test_factors_of_one_square_matrix() -> None:
    # 1000 × 1000, rank 4: two factors of 1000 × 4 numbers.
    assert float(factor_bytes(real(1e6), real(1), real(4))) == 4 * 1000 * 4


def test_factors_are_never_more_than_the_gradient() -> None:
    # 100 matrices of 10 × 10: factors of rank 8 would be larger than the matrices.
    assert 2 * float(factor_bytes(real(1e4), real(100), real(8))) == 4e4


def test_coding_is_three_products_and_eleven_passes() -> None:
    found = float(factor_coding_time(real(1e6), real(4), real(24e6), real(44e6)))
    assert found == pytest.approx(1 + 1)


def test_four_ranks_add_three_quarters_of_the_numbers_each() -> None:
    assert float(half_sum_time(real(1e9), real(4), real(4e-9))) == pytest.approx(3)
    assert float(half_sum_time(real(1e9), real(1), real(4e-9))) == 0
