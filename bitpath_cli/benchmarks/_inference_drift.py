"""How far a model's answers are from the reference: top-1 agreement and relative output error.

Both over one fixed set of random inputs, the same for every precision: they say how far arithmetic
moved the outputs, and nothing of how good the model is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Drift:
    """`agreeing` of `decisions` are the same; ‖y − r‖ / ‖r‖ is the relative error."""

    agreeing: int
    decisions: int
    relative_error: float


def find_drift(references: Sequence[Tensor], answers: Sequence[Tensor]) -> Drift:
    """Over all batches; a single output a sample decides by its sign, several by the largest."""
    agreeing = decisions = 0
    square = square_reference = 0.0
    for reference, answer in zip(references, answers, strict=True):
        expected, found = reference.double(), answer.double()
        same = _decide(expected) == _decide(found)
        agreeing, decisions = agreeing + int(same.sum()), decisions + same.numel()
        square += float((found - expected).square().sum())
        square_reference += float(expected.square().sum())
    error = (square / square_reference) ** 0.5 if square_reference > 0 else square**0.5
    return Drift(agreeing, decisions, error)


def _decide(outputs: Tensor) -> Tensor:
    if outputs.ndim < 2 or outputs.shape[-1] == 1:
        return outputs.flatten() > 0
    return outputs.argmax(dim=-1).flatten()
