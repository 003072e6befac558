"""What stays in memory is read once, by hand."""

import pytest
import torch
from torch import Tensor

from bitpath_cli.prediction.data_loading import cached_share, reduction_time, stall_over_epochs


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_only_the_first_epoch_waits_for_data_that_fits_into_memory() -> None:
    # A step of 1 s whose data takes 3 s to read: 2 s in one epoch of ten.
    assert float(stall_over_epochs(real(3), real(1), real(10), real(1))) == pytest.approx(0.2)


def test_half_of_the_data_in_memory_halves_the_reading() -> None:
    found = float(stall_over_epochs(real(3), real(1), real(10), real(0.5)))
    assert found == pytest.approx(0.1 * 2 + 0.9 * 0.5)


def test_less_than_an_epoch_reads_everything_once() -> None:
    assert float(stall_over_epochs(real(3), real(1), real(0.5), real(1))) == pytest.approx(2)


@pytest.mark.parametrize(("room", "share"), [(5e9, 0.5), (20e9, 1.0), (-1e9, 0.0)])
def test_the_share_that_fits(room: float, share: float) -> None:
    assert float(cached_share(real(10e9), real(room))) == share


def test_reducing_data_takes_its_work() -> None:
    assert float(reduction_time(real(1000), real(2e9), real(1e12))) == pytest.approx(2)
