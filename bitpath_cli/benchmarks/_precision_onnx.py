"""float32 and int8 in ONNX Runtime, an extra: its own quantisers, its own kernels.

Models of torch's are exported to a temporary folder first. The signature of a file is read by ONNX
Runtime itself; only its processor provider is used, and no library of custom operators.
"""

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_subject import Subject, Tensors, refuse
from bitpath_cli.benchmarks._precision import CALIBRATION_SEED, Ready
from bitpath_cli.errors import BadModel
from bitpath_cli.model.reading import absent, unsupported

_OPSET: Final = 17
_CALIBRATION_BATCHES: Final = 8
_DTYPES: Final = {
    "tensor(float)": torch.float32, "tensor(double)": torch.float64, "tensor(int64)": torch.int64,
    "tensor(int32)": torch.int32, "tensor(uint8)": torch.uint8, "tensor(bool)": torch.bool,
}  # fmt: skip


def read_signature(path: Path) -> tuple[Callable[[int, int], Tensors], int | None]:
    """How to draw inputs for a file, and its only batch where it has one; BadModel for bad files.

    Numbers are normal where they are floating and 0 or 1 where they are whole, since a file does
    not say how large its tables are.
    """
    runtime = _load("onnxruntime")
    try:
        inputs = _open(runtime, path, 1).get_inputs()
    except Exception as error:
        raise BadModel(str(path), f"ONNX Runtime refuses it: {_short(error)}") from error
    shapes = [list(each.shape) for each in inputs]
    dtypes = [_DTYPES.get(each.type) for each in inputs]
    if not shapes or None in dtypes or not all(shapes):
        raise BadModel(str(path), "its inputs must be tensors of numbers, batch first")
    if any(not isinstance(size, int) for shape in shapes for size in shape[1:]):
        raise BadModel(str(path), "only the first dimension of its inputs may be open")
    batch = next((shape[0] for shape in shapes if isinstance(shape[0], int)), None)

    def draw(count: int, seed: int) -> Tensors:
        source = torch.Generator().manual_seed(seed)
        return tuple(
            torch.randn((count, *shape[1:]), generator=source).to(dtype)
            if dtype.is_floating_point
            else torch.randint(2, (count, *shape[1:]), generator=source).to(dtype)
            for shape, dtype in zip(shapes, dtypes, strict=True)
            if dtype is not None
        )

    return draw, batch


@contextlib.contextmanager
def session(subject: Subject, precision: str, batch: int, threads: int) -> Iterator[Ready]:
    """A session for a subject in a precision; CannotMeasure where this engine has none."""
    if precision == "bfloat16":
        raise CannotMeasure(
            unsupported("ONNX Runtime has no bfloat16 on processors", "--engine eager or compiled")
        )
    runtime = _load("onnxruntime")
    with tempfile.TemporaryDirectory(prefix="bitpath-") as folder:
        with refuse("the export to ONNX"):
            path = subject.onnx or _export(subject, batch, Path(folder) / "model.onnx")
        if precision != "float32":
            with refuse("ONNX Runtime's quantiser"):
                path = _quantise(path, subject, batch, precision, Path(folder))
        running = _open(runtime, path, threads)
        names = [each.name for each in running.get_inputs()]

        def answer(*inputs: Tensor) -> Tensor:
            fed = {name: each.numpy() for name, each in zip(names, inputs, strict=True)}
            return torch.from_numpy(running.run(None, fed)[0])

        yield Ready(answer, tuple, path.stat().st_size)


def _export(subject: Subject, batch: int, path: Path) -> Path:
    """By torch's exporter of traces, which needs nothing but `onnx`."""
    _load("onnx")
    inputs = subject.draw(batch, CALIBRATION_SEED)
    fast = torch.backends.mha.get_fastpath_enabled()
    # The fused layer of transformers has no word in ONNX; its parts have.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                subject.torch_module(), inputs, str(path), dynamo=False, opset_version=_OPSET,
                input_names=[f"input_{index}" for index in range(len(inputs))],
            )  # fmt: skip
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return path


def _quantise(path: Path, subject: Subject, batch: int, precision: str, folder: Path) -> Path:
    _load("onnx")
    quantization = _load("onnxruntime.quantization")
    pre_process = _load("onnxruntime.quantization.shape_inference").quant_pre_process
    logging.getLogger().setLevel(logging.ERROR)
    whole, made = folder / "whole.onnx", folder / "int8.onnx"
    pre_process(str(path), str(whole), skip_symbolic_shape=True)
    if precision == "int8-dynamic":
        quantization.quantize_dynamic(
            str(whole), str(made), weight_type=quantization.QuantType.QInt8
        )
        return made
    names = [each.name for each in _open(_load("onnxruntime"), path, 1).get_inputs()]
    batches = iter(
        dict(
            zip(
                names,
                (each.numpy() for each in subject.draw(batch, CALIBRATION_SEED + index)),
                strict=True,
            )
        )
        for index in range(_CALIBRATION_BATCHES)
    )

    class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc,name-defined]
        """Feeds random inputs like those the model is meant for."""

        def get_next(self) -> Any:
            """The next batch, or None."""
            return next(batches, None)

    quantization.quantize_static(
        str(whole), str(made), Calibration(), quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
    )  # fmt: skip
    return made


def _open(runtime: Any, path: Path, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _load(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise CannotMeasure(
            absent(f"{name} is not installed", f"pip install {name}, an extra of bitpath")
        ) from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
