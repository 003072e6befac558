"""Dominance: which configurations nobody would choose, whatever the weights."""

import torch
from torch import Tensor


def dominated(values: Tensor) -> Tensor:
    """Which rows another row beats: nowhere worse and somewhere better. Lower is better.

    `values` is [configurations, terms]; equal rows do not dominate each other. Rows are compared
    in blocks, so that memory grows with the number of rows and not with its square.
    """
    answer = torch.zeros(len(values), dtype=torch.bool)
    order = torch.argsort(values.sum(dim=1))
    front = values[order[:0]]
    for start in range(0, len(order), _BLOCK):
        chosen = order[start : start + _BLOCK]
        block = values[chosen]
        beaten = _beaten(block, torch.cat([front, block]))
        answer[chosen] = beaten
        front = torch.cat([front, block[~beaten]])
    return answer


_BLOCK = 256


def _beaten(rows: Tensor, rivals: Tensor) -> Tensor:
    """A row can only be beaten by one with a smaller sum, so rivals seen so far are enough."""
    no_worse = (rivals.unsqueeze(0) <= rows.unsqueeze(1)).all(dim=-1)
    better = (rivals.unsqueeze(0) < rows.unsqueeze(1)).any(dim=-1)
    return (no_worse & better).any(dim=1)
