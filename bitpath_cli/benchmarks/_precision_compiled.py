"""float32, bfloat16 and int8 through torch's compiler (Inductor), int8 by torchao's PT2E.

Compiling needs a C++ compiler and takes seconds; both happen before anything is timed.
"""

import contextlib
import logging
import os
import platform
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import torch

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_subject import Subject, Tensors, refuse
from bitpath_cli.benchmarks._precision import (
    CALIBRATION_SEED,
    Ready,
    count_weight_bytes,
    narrow,
    narrow_inputs,
)
from bitpath_cli.model.reading import absent, unsupported

if TYPE_CHECKING:
    from torch.fx import GraphModule

_CALIBRATION_BATCHES: Final = 8
_CACHE: Final = "TORCHINDUCTOR_CACHE_DIR"
_QUANTISE: Final = "quantize_per_"


@contextlib.contextmanager
def compiled(subject: Subject, precision: str, batch: int) -> Iterator[Ready]:
    """The subject compiled for batches of one size; CannotMeasure where that cannot be."""
    _check_compiler()
    module = subject.torch_module()
    if precision == "bfloat16":
        module = narrow(module, subject.draw(64, CALIBRATION_SEED))
    weight_bytes: int | None = count_weight_bytes(module)
    if precision.startswith("int8"):
        with refuse("torchao's quantiser"):
            module = _quantise(subject, batch, is_dynamic=precision == "int8-dynamic")
        weight_bytes = None
    with _private_cache(), _settings():
        answer = torch.compile(module, dynamic=False)
        adapt = narrow_inputs if precision == "bfloat16" else _keep
        with refuse("torch's compiler"):
            answer(*adapt(subject.draw(batch, CALIBRATION_SEED)))
        yield Ready(answer, adapt, weight_bytes)


def _keep(inputs: Tensors) -> Tensors:
    return inputs


def _quantise(subject: Subject, batch: int, is_dynamic: bool) -> "GraphModule":
    """Weights by channel, activations by tensor, with ranges from random inputs where static."""
    if platform.machine() not in ("x86_64", "AMD64"):
        raise CannotMeasure(
            unsupported("torchao's quantiser for compiled models is for x86 processors alone",
                        "--engine onnxruntime")
        )  # fmt: skip
    quantizing, steps, x86 = _load_torchao()
    # What is exported under inference mode cannot be quantised.
    with torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(subject.torch_module(), subject.draw(batch, CALIBRATION_SEED))
        quantizer = x86.X86InductorQuantizer()
        quantizer.set_global(
            x86.get_default_x86_inductor_quantization_config(is_dynamic=is_dynamic)
        )
        prepared = steps.prepare_pt2e(program.module(), quantizer)
        for seed in range(CALIBRATION_SEED, CALIBRATION_SEED + _CALIBRATION_BATCHES):
            prepared(*subject.draw(batch, seed))
        converted: GraphModule = steps.convert_pt2e(prepared)
        quantizing.move_exported_model_to_eval(converted)
    if not any(_QUANTISE in str(node.target) for node in converted.graph.nodes):
        raise CannotMeasure(unsupported(f"no layer of {subject.name} is one that int8 is made for"))
    return converted


def _load_torchao() -> tuple[Any, Any, Any]:
    """Three of its modules; they come without types, and as an extra."""
    logging.getLogger("torchao").setLevel(logging.ERROR)
    room = "torchao.quantization.pt2e"
    try:
        return (
            import_module(room), import_module(f"{room}.quantize_pt2e"),
            import_module(f"{room}.quantizer.x86_inductor_quantizer"),
        )  # fmt: skip
    except ImportError as error:
        raise CannotMeasure(
            absent(f"torchao, which quantises, is not there: {error}", "pip install torchao")
        ) from error


def _check_compiler() -> None:
    if all(shutil.which(name) is None for name in (os.environ.get("CXX", "g++"), "g++", "clang++")):
        raise CannotMeasure(
            absent(
                "torch's compiler needs a C++ compiler, and there is none",
                "apt install g++, or --engine eager or onnxruntime",
            )
        )


@contextlib.contextmanager
def _private_cache() -> Iterator[None]:
    """What the compiler writes goes where nothing of it stays."""
    before = os.environ.get(_CACHE)
    with tempfile.TemporaryDirectory(prefix="bitpath-") as folder:
        os.environ[_CACHE] = folder
        try:
            yield
        finally:
            os.environ.pop(_CACHE)
            if before is not None:
                os.environ[_CACHE] = before


@contextlib.contextmanager
def _settings() -> Iterator[None]:
    """Weights are constants, as in a service, and the compiler starts no pool of processes.

    Its precompiled header pays only over many models: for one it takes longer than the kernels.
    """
    from torch._inductor import config

    chosen = config.patch(freezing=True, compile_threads=1, cpp_cache_precompile_headers=False)
    with chosen, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
