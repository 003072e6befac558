"""The value of information: how much surer a choice would be if some inputs were known."""

from collections.abc import Sequence

import torch
from torch import Tensor

from bitpath_cli.cost.uncertainty import confidence_if_known


def confidence_if_all_known(winners: Tensor, inputs: Sequence[Tensor]) -> float:
    """About how often the right strategy would be named if these inputs [draws] were all known.

    The draws are sorted by the line through the inputs' logarithms, and their squares, that tells
    best in which of them the most frequent winner wins; then as for one input.
    """
    counted = winners >= 0
    if not inputs or not bool(counted.any()):
        return 0.0
    usual = torch.bincount(winners[counted]).argmax()
    told = torch.stack([_standardised(each) for each in inputs], dim=1)
    columns = torch.cat([torch.ones(len(told), 1, dtype=told.dtype), told, told**2], dim=1)
    wins = (winners == usual).to(told.dtype).unsqueeze(1)
    # The driver "gelsd" also fits where an input does not vary or two are one.
    line = torch.linalg.lstsq(columns[counted], wins[counted], driver="gelsd").solution
    return confidence_if_known(winners, (columns @ line).squeeze(1))


def _standardised(values: Tensor) -> Tensor:
    logarithms = torch.log(values.clamp_min(1e-300))
    spread = logarithms.std()
    centred = logarithms - logarithms.mean()
    return centred / spread if float(spread) > 0 else torch.zeros_like(centred)
