"""How much memory a model needs; sources stand at the numbers."""

from typing import Final

from torch import Tensor

from bitpath_cli.model.workload import Optimiser, Precision

FILL_CAP: Final = 0.92
"""The share of a memory to plan with; the rest goes to the allocator and the runtime."""

# Bytes a parameter while training: weights, gradient, optimiser state in float32. Mixed precision
# comes to the same sum, since a master copy replaces what half precision saves (Rajbhandari et al.,
# ZeRO, SC 2020, §3.1 for Adam: 16).
STATE_BYTES: Final[dict[Optimiser, float]] = {"sgd": 8.0, "momentum": 12.0, "adam": 16.0}

GRADIENT_BYTES: Final = 4.0
"""Bytes a parameter that data-parallel training reduces: autocast keeps gradients in float32."""

WEIGHT_BYTES: Final[dict[Precision, float]] = {
    "float64": 8.0, "float32": 4.0, "tf32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.0,
}  # fmt: skip


def size_beside_float32(precision: Precision) -> float:
    """How much of float32's bytes a tensor takes in this precision."""
    return WEIGHT_BYTES[precision] / WEIGHT_BYTES["float32"]


def training_bytes(
    parameters: Tensor, optimiser: Optimiser, activation_bytes: Tensor, samples: Tensor
) -> Tensor:
    """Weights, gradients, optimiser state, and what the forward pass keeps for the backward."""
    return STATE_BYTES[optimiser] * parameters + activation_bytes * samples


def inference_bytes(
    parameters: Tensor, weight_bytes: Tensor, traffic_bytes: Tensor, samples: Tensor
) -> Tensor:
    """Weights, and the largest working set that a forward pass can have."""
    return parameters * weight_bytes + traffic_bytes * samples
