"""Tensors as what travels, and back."""

import torch
from torch import Tensor

from bitpath_cli.serving.wire import ITEM_BYTES, Array


def to_array(tensor: Tensor) -> Array:
    """A tensor's bytes; ValueError for a type that does not travel."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in ITEM_BYTES or tensor.ndim == 0 or tensor.numel() == 0:
        raise ValueError(f"a tensor of {dtype} {tuple(tensor.shape)} cannot travel")
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return Array(dtype, tuple(tensor.shape), flat.view(torch.uint8).numpy().tobytes())


def from_array(array: Array) -> Tensor:
    """The tensor, in memory of its own."""
    dtype = getattr(torch, array.dtype)
    return torch.frombuffer(bytearray(array.data), dtype=dtype).reshape(array.shape)
