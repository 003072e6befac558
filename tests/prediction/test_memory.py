"""What training keeps: by optimiser, by what is trained, and by ZeRO's stage."""

import pytest
import torch
from torch import Tensor

from bitpath_cli.prediction.memory import State, sharded_traffic, training_state


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(("optimiser", "bytes_each"), [("sgd", 8), ("momentum", 12), ("adam", 16)])
def test_bytes_a_parameter_by_optimiser(optimiser: str, bytes_each: float) -> None:
    state = training_state(real(1e6), real(1e6), real(2), optimiser)  # type: ignore[arg-type]
    assert float(state.on_a_rank(real(0), real(8))) == bytes_each * 1e6


@pytest.mark.parametrize(("stage", "gigabytes"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_the_table_of_the_zero_paper(stage: int, gigabytes: float) -> None:
    """7.5 billion parameters in mixed precision with Adam on 64 devices, its figure 1."""
    state = State(real(2 * 7.5e9), real(2 * 7.5e9), real(12 * 7.5e9))
    found = float(state.on_a_rank(real(stage), real(64))) / 1e9
    assert found == pytest.approx(gigabytes, abs=0.05)


def test_frozen_weights_have_no_gradients_and_no_optimiser() -> None:
    # 8 billion in 16 bits, of which 42 million are trained with Adam: 15.9 GB and 0.67 GB.
    state = training_state(real(8e9), real(42e6), real(2), "adam")
    expected = 2 * (8e9 - 42e6) + 16 * 42e6
    assert float(state.on_a_rank(real(0), real(1))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("stage", "rounds", "times"),
    [(1, 1, 1), (2, 1, 1), (3, 1, 1.5), (1, 4, 1), (2, 4, 2.5), (3, 4, 6)],
)
def test_what_sharding_sends_beside_an_all_reduce(stage: int, rounds: int, times: float) -> None:
    assert float(sharded_traffic(real(stage), real(rounds))) == times
