"""How long the computation waits for data, and how long a data set takes to move."""

import torch
from torch import Tensor


def load_time(samples: Tensor, sample_bytes: Tensor, read_rate: Tensor) -> Tensor:
    """Seconds to read a node's samples of one step."""
    return samples * sample_bytes / read_rate


def stall(load: Tensor, step: Tensor) -> Tensor:
    """What loading adds to a step when it runs beside it: max(0, T_load − T_step)."""
    return torch.clamp_min(load - step, 0.0)


def transfer_time(size_bytes: Tensor, rate: Tensor, round_trip: Tensor) -> Tensor:
    """Seconds to move so many bytes over one connection that is already open."""
    return size_bytes / rate + round_trip / 2
