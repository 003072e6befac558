"""The model that is asked: one of the shipped families, a factory of the user's, or a file.

A factory, `package.module:name`, is the user's code and runs only because he named it. It takes no
arguments and returns `(module, example)`, the example being a tensor or several, batch first.
"""

import contextlib
import hashlib
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_archive import read_export
from bitpath_cli.benchmarks._inference_terms import EXPORTED, ONNX, SIZED
from bitpath_cli.benchmarks._models import KINDS, build, sample_inputs
from bitpath_cli.benchmarks._sized_model import build_sized, parse_size
from bitpath_cli.errors import BadModel
from bitpath_cli.model.reading import failed, unsupported

Tensors = tuple[Tensor, ...]

_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Subject:
    """A float32 model in evaluation mode, and random inputs [count, …] like those it is meant for.

    A file in ONNX's format has no module of torch's, and `onnx` is its path. `batch` is the only
    one that the model takes, or None for any.
    """

    name: str
    draw: Callable[[int, int], Tensors]
    module: nn.Module | None = None
    onnx: Path | None = None
    batch: int | None = None

    def check_batch(self, size: int) -> None:
        """CannotMeasure for a batch that the file was not exported for."""
        if self.batch is not None and size != self.batch:
            raise CannotMeasure(
                unsupported(
                    f"{self.name} was exported for batches of {self.batch}, not of {size}",
                    "export it with a dynamic first dimension",
                )
            )

    def digest(self) -> str:
        """What tells two models with other weights apart, for hosts that share one."""
        found = hashlib.sha256()
        if self.onnx is not None:
            found.update(self.onnx.read_bytes())
        for name, tensor in sorted(self.torch_module().state_dict().items()) if self.module else ():
            found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            found.update(tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        return found.hexdigest()[:16]

    def torch_module(self) -> nn.Module:
        """The module; CannotMeasure for a file that only ONNX Runtime reads."""
        if self.module is None:
            raise CannotMeasure(
                unsupported(f"{self.name} can only be run by ONNX Runtime", "--engine onnxruntime")
            )
        return self.module


def open_subject(name: str) -> Subject:
    """The model of that name; BadModel where it cannot be had or does not answer."""
    if name in KINDS:
        family = next(each for each in KINDS if each == name)
        return Subject(
            name, lambda count, seed: (sample_inputs(family, count, seed)[0],),
            module=build(family).eval(),
        )  # fmt: skip
    if name.endswith(EXPORTED):
        return _open_export(name)
    if name.endswith(ONNX):
        from bitpath_cli.benchmarks._precision_onnx import read_signature

        draw, batch = read_signature(Path(name))
        return Subject(name, draw, onnx=Path(name), batch=batch)
    if name.startswith(SIZED):
        return _open_sized(name)
    return _open_factory(name)


def draw_like(example: Tensor, count: int, source: torch.Generator) -> Tensor:
    """[count, …] of the example's dtype: normal with its mean and spread, or of its own values."""
    shape = (count, *example.shape[1:])
    if example.dtype.is_floating_point:
        spread = float(example.std()) if example.numel() > 1 else 1.0
        spread = spread if math.isfinite(spread) and spread > 0 else 1.0
        drawn = float(example.mean()) + spread * torch.randn(shape, generator=source)
        return drawn.to(example.dtype)
    picks = torch.randint(example.numel(), shape, generator=source)
    return example.reshape(-1)[picks]


@contextlib.contextmanager
def blame(name: str) -> Iterator[None]:
    """Whatever a model raises is its own fault, and out of memory is a limit of the machine."""
    try:
        yield
    except (CannotMeasure, BadModel):
        raise
    except Exception as error:
        words = " ".join(str(error).split())[:_SHOWN]
        if isinstance(error, MemoryError) or "can't allocate memory" in words:
            raise CannotMeasure(
                failed(f"{name} ran out of memory: {words}", "choose a smaller --batch-size")
            ) from error
        raise BadModel(name, f"it raised {type(error).__name__}: {words}") from error


@contextlib.contextmanager
def refuse(step: str) -> Iterator[None]:
    """CannotMeasure where a step towards a precision is one that this model does not allow."""
    try:
        yield
    except CannotMeasure:
        raise
    except Exception as error:
        words = " ".join(str(error).split())[:_SHOWN]
        raise CannotMeasure(
            unsupported(f"{step} failed with {type(error).__name__}: {words}")
        ) from error


def _open_factory(name: str) -> Subject:
    place, _, called = name.partition(":")
    if not called:
        known = f"{', '.join(KINDS)}, package.module:factory, FILE.onnx or FILE.pt2"
        raise BadModel(name, f"it is none of {known}")
    # As `python -m` does: a module beside the user is found without being installed.
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    with blame(name), torch.random.fork_rng():
        # Weights that it draws are the same on every host.
        torch.manual_seed(0)
        made = getattr(import_module(place), called)()
        module, example = made if isinstance(made, tuple) and len(made) == 2 else (made, ())
        examples = (example,) if isinstance(example, Tensor) else tuple(example)
        if not isinstance(module, nn.Module) or not _are_examples(examples):
            raise BadModel(name, "it must return (torch.nn.Module, example tensors, batch first)")
        return Subject(name, _drawer(examples), module=module.float().eval())


def _open_sized(name: str) -> Subject:
    size = parse_size(name)
    with blame(name), torch.random.fork_rng():
        torch.manual_seed(0)
        module, example = build_sized(size)
        return Subject(name, _drawer((example,)), module=module.eval())


def _open_export(name: str) -> Subject:
    with blame(name):
        program = read_export(Path(name))
        inputs, keywords = program.example_inputs or ((), {})
        examples = tuple(inputs)
        if keywords or not _are_examples(examples):
            raise BadModel(name, "it was exported without example tensors, batch first")
        places = [node for node in program.graph.nodes if node.op == "placeholder"]
        first = places[-len(examples)].meta["val"].shape[0]
        batch = first if isinstance(first, int) else None
        return Subject(name, _drawer(examples), module=program.module(), batch=batch)


def _are_examples(found: tuple[object, ...]) -> bool:
    return bool(found) and all(isinstance(each, Tensor) and each.ndim > 0 for each in found)


def _drawer(examples: Tensors) -> Callable[[int, int], Tensors]:
    def draw(count: int, seed: int) -> Tensors:
        source = torch.Generator().manual_seed(seed)
        return tuple(draw_like(each, count, source) for each in examples)

    return draw
