"""Between measured points: straight lines from one to the next, and on from the last."""

from collections.abc import Sequence

import torch
from torch import Tensor


def along(values: Tensor, knots: Sequence[float], at: Tensor) -> Tensor:
    """What lies on the lines through `values` [K, D] over the rising `knots` [K], at [C, D].

    Below the first and above the last knot the nearest line goes on; a single point is a constant.
    A negative time cannot be: the answer is at least 0.
    """
    if len(knots) == 1:
        return values[0] + torch.zeros_like(at)
    places = torch.tensor(knots, dtype=torch.float64)
    width = max(at.shape[-1], values.shape[-1])
    x, y = at.expand(*at.shape[:-1], width), values.expand(-1, width)
    below = (torch.searchsorted(places, x.detach().contiguous()) - 1).clamp(0, len(knots) - 2)
    draw = torch.arange(width)
    slope = (y[1:] - y[:-1]) / (places[1:] - places[:-1]).unsqueeze(1)
    found = y[below, draw] + slope[below, draw] * (x - places[below])
    return torch.clamp_min(found, 0.0)


def between(points: Sequence[tuple[float, float]], at: float) -> float:
    """The same of single (knot, value) points at a single place."""
    knots, values = zip(*points, strict=True)
    column = torch.tensor(values, dtype=torch.float64).unsqueeze(1)
    return float(along(column, knots, torch.tensor([[at]], dtype=torch.float64)))
