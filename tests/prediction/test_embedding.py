"""Embedding tables: rows that are read, and sums that travel, by hand."""

import pytest
import torch
from torch import Tensor

from bitpath_cli.prediction.embedding import exchange_bytes, exchange_time, gather_time


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_rows_are_read_at_a_share_of_memorys_rate() -> None:
    # 65 536 samples of 109 568 B at half of 2 TB/s.
    found = float(gather_time(real(65536), real(109568), real(2e12), real(0.5)))
    assert found == pytest.approx(65536 * 109568 / 1e12)


def test_a_node_that_has_all_tables_sends_nothing() -> None:
    sent = exchange_bytes(real(100), real(13312), real(1))
    assert float(sent) == 0
    assert float(exchange_time(sent, real(1), real(1e-3), real(1e-9))) == 0


def test_of_four_nodes_three_hold_what_a_sample_needs_and_its_gradients_go_back() -> None:
    sent = exchange_bytes(real(100), real(1000), real(4))
    assert float(sent) == pytest.approx(2 * 100 * 1000 * 3 / 4)
    found = exchange_time(sent, real(4), real(1e-3), real(1e-6))
    assert float(found) == pytest.approx(2 * 3 * 1e-3 + 0.15)
