"""A model made ready to answer in one precision: float32, bfloat16, or int8 by torchao or ONNX.

int8 is torchao's quantisation of an exported graph (PT2E), because that is what torch 2.13 points
to and what its compiler runs on the processor's int8 instructions; its eager `quantize_` was slower
than float32 at small batches.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_subject import Subject, Tensors, blame
from bitpath_cli.model.reading import unsupported

CALIBRATION_SEED: Final = 7
_EXACT_IN_BFLOAT16: Final = 256


@dataclass(frozen=True, slots=True)
class Ready:
    """A model that answers: `adapt` brings float32 inputs to its precision, outside of any timing.

    `weight_bytes` is what its weights take, or None where an engine does not tell.
    """

    answer: Callable[..., Tensor]
    adapt: Callable[[Tensors], Tensors]
    weight_bytes: int | None


@contextmanager
def make_ready(
    subject: Subject, precision: str, engine: str, batch: int, threads: int
) -> Iterator[Ready]:
    """The subject in a precision on an engine, answering batches of one size.

    CannotMeasure where there is none here, and BadModel where the model itself refuses.
    """
    subject.check_batch(batch)
    with blame(subject.name), torch.inference_mode():
        if engine == "onnxruntime":
            from bitpath_cli.benchmarks import _precision_onnx

            with _precision_onnx.session(subject, precision, batch, threads) as ready:
                yield ready
            return
        module = subject.torch_module()
        if engine == "eager":
            yield _eager(subject, module, precision)
            return
        from bitpath_cli.benchmarks import _precision_compiled

        with _precision_compiled.compiled(subject, precision, batch) as ready:
            yield ready


def count_weight_bytes(module: nn.Module) -> int:
    """Bytes of parameters and buffers."""
    return sum(each.nbytes for each in (*module.parameters(), *module.buffers()))


def narrow(module: nn.Module, inputs: Tensors) -> nn.Module:
    """A copy in bfloat16; CannotMeasure where an input holds numbers that it cannot tell apart."""
    for each in inputs:
        whole = each[each == each.round()] if each.dtype.is_floating_point else each[:0]
        if bool((whole.abs() > _EXACT_IN_BFLOAT16).any()):
            raise CannotMeasure(
                unsupported(
                    "an input holds whole numbers beyond 256, which bfloat16 cannot tell apart"
                )
            )
    return copy.deepcopy(module).to(torch.bfloat16)


def narrow_inputs(inputs: Tensors) -> Tensors:
    """Floating inputs in bfloat16, the others as they are."""
    return tuple(
        each.to(torch.bfloat16) if each.dtype.is_floating_point else each for each in inputs
    )


def _eager(subject: Subject, module: nn.Module, precision: str) -> Ready:
    if precision == "float32":
        return Ready(module, lambda inputs: inputs, count_weight_bytes(module))
    if precision == "bfloat16":
        narrowed = narrow(module, subject.draw(64, CALIBRATION_SEED))
        return Ready(narrowed, narrow_inputs, count_weight_bytes(narrowed))
    raise CannotMeasure(
        unsupported(
            f"{precision} is quantised for torch's compiler or ONNX Runtime, and is slow without",
            "--engine compiled, or --engine onnxruntime",
        )
    )
