"""How much memory a model needs; sources stand at the numbers."""

from dataclasses import dataclass
from typing import Final

import torch
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


@dataclass(frozen=True, slots=True)
class State:
    """Bytes that training keeps beside the activations, of which each rank has a copy or a part."""

    weights: Tensor
    gradients: Tensor
    optimiser: Tensor

    def on_a_rank(self, stage: Tensor, ranks: Tensor) -> Tensor:
        """What one of so many ranks keeps under ZeRO's stage: 0 for a copy of everything.

        Stage 1 divides the optimiser's state among the ranks, stage 2 the gradients too, stage 3
        everything (Rajbhandari et al., ZeRO, SC 2020, §5).
        """
        part = [torch.where(stage >= least, ranks, torch.ones_like(ranks)) for least in (3, 2, 1)]
        return self.weights / part[0] + self.gradients / part[1] + self.optimiser / part[2]


def training_state(
    parameters: Tensor, trained: Tensor, frozen_bytes: Tensor, optimiser: Optimiser
) -> State:
    """All of a model of which so many parameters are trained; the others take `frozen_bytes` each.

    Trained ones are counted in float32; see STATE_BYTES for mixed precision.
    """
    frozen = (parameters - trained).clamp_min(0.0) * frozen_bytes
    return State(
        weights=WEIGHT_BYTES["float32"] * trained + frozen,
        gradients=GRADIENT_BYTES * trained,
        optimiser=(STATE_BYTES[optimiser] - WEIGHT_BYTES["float32"] - GRADIENT_BYTES) * trained,
    )


def sharded_traffic(stage: Tensor, rounds: Tensor) -> Tensor:
    """What sharding sends, as a multiple of one all-reduce of the gradients.

    An all-reduce is a reduce-scatter and an all-gather, half of its bytes each. Stages 1 and 2
    scatter the gradients (stage 2 in every round of accumulation) and gather the weights once;
    stage 3 gathers the weights for forward and for backward, in every round: 1.5 × (ZeRO, §7).
    """
    scattered_each_round = torch.where(stage >= 2, (rounds + 1) / 2, torch.ones_like(rounds))
    return torch.where(stage >= 3, 1.5 * rounds, scattered_each_round)


def inference_bytes(
    parameters: Tensor, weight_bytes: Tensor, traffic_bytes: Tensor, samples: Tensor
) -> Tensor:
    """Weights, and the largest working set that a forward pass can have."""
    return parameters * weight_bytes + traffic_bytes * samples
