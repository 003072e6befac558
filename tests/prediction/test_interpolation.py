import pytest
import torch

from bitpath_cli.prediction.interpolation import along

_POINTS = torch.tensor([[1.0], [3.0], [9.0]], dtype=torch.float64)


def at(*places: float) -> list[float]:
    x = torch.tensor(places, dtype=torch.float64).unsqueeze(1)
    return along(_POINTS, (10.0, 20.0, 40.0), x).squeeze(1).tolist()


def test_straight_between_points_and_on_beyond_them() -> None:
    # Slopes 0.2 up to 20 and 0.3 from there on.
    assert at(10, 15, 20, 30, 40, 60) == pytest.approx([1, 2, 3, 6, 9, 15])
    assert at(6) == pytest.approx([0.2])


def test_a_time_is_never_negative() -> None:
    assert at(0.1) == [0.0]


def test_every_draw_has_its_own_points() -> None:
    points = torch.tensor([[1.0, 2.0], [3.0, 6.0]], dtype=torch.float64)
    found = along(points, (0.0, 10.0), torch.tensor([[5.0]], dtype=torch.float64))
    assert found.tolist() == [[2.0, 4.0]]


def test_one_point_is_a_constant_and_a_slope_has_a_gradient() -> None:
    x = torch.tensor([[5.0]], dtype=torch.float64, requires_grad=True)
    assert along(_POINTS[:1], (10.0,), x.detach()).tolist() == [[1.0]]
    along(_POINTS, (10.0, 20.0, 40.0), x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.tolist() == [[pytest.approx(0.2)]]
