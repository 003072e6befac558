"""A user's own model, made by a factory that he names, and inputs of a shape that he names.

A factory, `package.module:name`, takes no arguments and returns a module of torch's, or a pair of
it and its example inputs, batch first. It is the user's code, and runs because he named it.
"""

import re
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from bitpath_cli.errors import BadValue, UncountableModel

BATCH: Final = 2
"""Samples in the inputs that are made here: one more than one, which normalisation refuses."""

_SHAPE: Final = re.compile(r"(\d+(?:x\d+)*)(?::([a-z]\w*))?")
_DTYPES: Final = {
    "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "float64": torch.float64, "int64": torch.int64, "int32": torch.int32, "bool": torch.bool,
}  # fmt: skip
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class OwnModel:
    """The module, and inputs of `samples` samples."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]
    samples: int


def parse_shapes(typed: Sequence[str]) -> tuple[Tensor, ...]:
    """`3x224x224` or `128:int64`: zeros of a batch of samples of that shape."""
    made = []
    for each in typed:
        found = _SHAPE.fullmatch(each.replace("×", "x").strip())
        dtype = _DTYPES.get(found[2] or "float32") if found else None
        if found is None or dtype is None:
            allowed = (
                "a sample's shape without the batch, and its type if it is not float32, as in "
            )
            raise BadValue(
                "--input", each, f"{allowed}3x224x224 or 128:int64; types: {', '.join(_DTYPES)}"
            )
        made.append(torch.zeros((BATCH, *map(int, found[1].split("x"))), dtype=dtype))
    return tuple(made)


def load_model(name: str, shapes: Sequence[str]) -> OwnModel:
    """The model and its inputs; UncountableModel for whatever the user's code does instead."""
    given = parse_shapes(shapes)
    made = _call(name, _factory(name))
    module, example = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    if not isinstance(module, nn.Module):
        raise UncountableModel(
            name, f"it returned a {type(module).__name__}, not a torch.nn.Module",
            "Let the factory return the module, or the pair (module, example inputs).",
        )  # fmt: skip
    inputs = given or _tensors(example)
    if not inputs:
        raise UncountableModel(
            name, "what it takes as input is not known",
            "Give the shape of one sample, as in --input 3x224x224, or --input 128:int64 for token "
            "numbers; once for each input.",
        )  # fmt: skip
    return OwnModel(name, module, inputs, max(1, inputs[0].shape[0]))


def blame(name: str, error: Exception) -> UncountableModel:
    """What the user's own code raised, and on which of his lines."""
    frames = [
        each for each in traceback.extract_tb(error.__traceback__)
        if "bitpath_cli" not in each.filename and "site-packages" not in each.filename
    ]  # fmt: skip
    where = f" at {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""
    words = " ".join(str(error).split())[:_LONGEST]
    return UncountableModel(
        name, f"it raised {type(error).__name__}{where}: {words}",
        "The same call in Python shows more.",
    )  # fmt: skip


def _factory(name: str) -> Callable[[], Any]:
    place, _, called = name.partition(":")
    if not place or not called:
        raise BadValue("--model", name, "package.module:factory, as in mine.models:build")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = import_module(place)
    except ModuleNotFoundError as error:
        lost = "" if error.name in (place, place.partition(".")[0]) else f" (it needs {error.name})"
        raise UncountableModel(
            name, f"there is no module {place} here or installed{lost}",
            f"Run this where 'import {place}' works; the current directory is searched first.",
        ) from error  # fmt: skip
    except Exception as error:
        raise blame(name, error) from error
    found = getattr(module, called, None)
    if not callable(found):
        problem = "has nothing called" if found is None else "has no function called"
        known = [each for each, value in vars(module).items() if callable(value) and each[0] != "_"]
        raise UncountableModel(
            name, f"{place} {problem} {called}",
            f"It has: {', '.join(known[:10]) or 'nothing that can be called'}.",
        )  # fmt: skip
    return found  # type: ignore[no-any-return]


def _call(name: str, factory: Callable[[], Any]) -> Any:
    try:
        return factory()
    except Exception as error:
        raise blame(name, error) from error


def _tensors(example: Any) -> tuple[Tensor, ...]:
    found = (example,) if isinstance(example, Tensor) else example
    if isinstance(found, tuple | list) and all(isinstance(each, Tensor) for each in found):
        return tuple(found)
    return ()
