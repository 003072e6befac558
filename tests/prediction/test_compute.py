import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bitpath_cli.prediction.compute import (
    equivalent_size,
    forward_time,
    interpolate,
    training_step,
)


def real(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_matrix_and_element_wise_operations_follow_each_other() -> None:
    # 8 GFLOP at 200 GFLOP/s = 40 ms, 80 MB at 40 GB/s = 2 ms, and 1 ms of overhead.
    taken = forward_time(real(8e9), real(200e9), real(80e6), real(40e9), real(1e-3))
    assert float(taken) == pytest.approx(0.043)


def test_a_training_step_is_three_forward_passes_and_the_optimisers_traffic() -> None:
    # Forward 41 ms of which 1 ms is overhead; momentum keeps 12 B a parameter, read and written.
    step = training_step(real(0.041), real(0.001), real(1), real(12 * 25e6), real(40e9))
    assert float(step.backward) == pytest.approx(2 * 0.040 + 0.001)
    assert float(step.optimiser) == pytest.approx(2 * 12 * 25e6 / 40e9)
    assert float(step.total) == pytest.approx(0.041 + 0.081 + 0.015)


def test_weights_that_stay_as_they_are_need_no_gradients_of_their_own() -> None:
    # 1 % of the parameters are trained: backward takes 1.01 forward passes instead of 2.
    step = training_step(real(0.041), real(0.001), real(0.01), real(0), real(40e9))
    assert float(step.backward) == pytest.approx(1.01 * 0.040 + 0.001)


def test_the_equivalent_size_is_the_edge_of_a_cube_of_multiply_adds() -> None:
    assert float(equivalent_size(real(54 * 2 * 512.0**3), real(54))) == pytest.approx(512)


KNOTS = torch.tensor([64.0, 256.0, 1024.0], dtype=torch.float64)
CURVE = torch.tensor([0.2, 0.6, 1.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(64, 0.2), (128, 0.4), (256, 0.6), (512, 0.8), (1024, 1.0), (1, 0.2), (9999, 1.0)],
)
def test_efficiency_is_linear_in_the_logarithm_and_flat_outside(
    size: float, expected: float
) -> None:
    assert float(interpolate(CURVE, KNOTS, real(size))) == pytest.approx(expected)


@given(size=st.floats(1, 1e5))
def test_efficiency_never_leaves_the_measured_range(size: float) -> None:
    assert 0.2 - 1e-9 <= float(interpolate(CURVE, KNOTS, real(size))) <= 1 + 1e-9


def test_a_curve_for_every_machine_meets_a_size_for_every_draw() -> None:
    curves = torch.stack([CURVE, CURVE / 2]).unsqueeze(1)
    sizes = torch.tensor([[128.0, 256.0, 512.0]], dtype=torch.float64)
    found = interpolate(curves, KNOTS, sizes)
    assert found.shape == (2, 3)
    assert found[1].tolist() == pytest.approx([0.2, 0.3, 0.4])
