"""How long the computation waits for data, and how long a data set takes to move."""

import torch
from torch import Tensor


def load_time(samples: Tensor, sample_bytes: Tensor, read_rate: Tensor) -> Tensor:
    """Seconds to read a node's samples of one step."""
    return samples * sample_bytes / read_rate


def stall(load: Tensor, step: Tensor) -> Tensor:
    """What loading adds to a step when it runs beside it: max(0, T_load − T_step)."""
    return torch.clamp_min(load - step, 0.0)


def stall_over_epochs(load: Tensor, step: Tensor, epochs: Tensor, cached: Tensor) -> Tensor:
    """What loading adds to the mean step when a share of the data stays in memory once it was read.

    The first epoch reads everything; in those after it the share `cached` costs no reading.
    """
    first = 1 / epochs.clamp_min(1.0)
    return first * stall(load, step) + (1 - first) * stall(load * (1 - cached), step)


def cached_share(dataset_bytes: Tensor, room: Tensor) -> Tensor:
    """The share of a data set that fits into the memory that training leaves free.

    Every node keeps what it has read of the whole set, since each epoch deals the samples anew.
    """
    return (room.clamp_min(0.0) / dataset_bytes).clamp(0.0, 1.0)


def reduction_time(samples: Tensor, work: Tensor, rate: Tensor) -> Tensor:
    """Seconds to reduce so many samples where the data is born, before or while they travel."""
    return samples * work / rate


def transfer_time(size_bytes: Tensor, rate: Tensor, round_trip: Tensor) -> Tensor:
    """Seconds to move so many bytes over one connection that is already open."""
    return size_bytes / rate + round_trip / 2
