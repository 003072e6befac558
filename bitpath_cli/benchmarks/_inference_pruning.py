"""Pruning: single weights set to zero, or whole neurons and channels taken out.

Zeros (torch.nn.utils.prune) leave dense kernels as slow as they were. Taking out what has the
smallest norm (Li et al., Pruning Filters for Efficient ConvNets, 2017) shrinks the layers, here
every pair of layers of which the second reads nothing but the first, through element-wise ones.
"""

import copy
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor, fx, nn
from torch.nn.utils import prune

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_subject import Subject
from bitpath_cli.benchmarks._inference_terms import PRUNING
from bitpath_cli.model.reading import unsupported

Layer = nn.Linear | nn.Conv2d
_THROUGH: Final = (
    nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Tanh, nn.Sigmoid, nn.Hardswish, nn.Dropout, nn.Identity,
    nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Flatten, nn.BatchNorm1d, nn.BatchNorm2d,
)  # fmt: skip
_THROUGH_FUNCTIONS: Final = (
    torch.relu, nn.functional.relu, nn.functional.gelu, nn.functional.silu, torch.flatten,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    """A layer, the normalisations after it, and the one layer that reads it; by name."""

    first: str
    norms: tuple[str, ...]
    second: str


def prune_subject(subject: Subject, pruning: str) -> Subject:
    """The subject pruned as `structured:0.5` says; CannotMeasure where nothing can be taken out."""
    found = PRUNING.fullmatch(pruning)
    assert found is not None  # noqa: S101  (the case was made from what matches)
    if pruning == "none":
        return subject
    module = copy.deepcopy(subject.torch_module())
    share = float(found[2])
    if found[1] == "unstructured":
        _zero(module, share, subject.name)
        return replace(subject, module=module)
    return replace(subject, module=_shrink(module, share, subject.name))


def _zero(module: nn.Module, share: float, name: str) -> None:
    layers = [each for each in module.modules() if isinstance(each, nn.Linear | nn.Conv2d)]
    if not layers:
        raise _nothing(name)
    for layer in layers:
        prune.l1_unstructured(layer, "weight", amount=share)  # type: ignore[no-untyped-call]
        prune.remove(layer, "weight")  # type: ignore[no-untyped-call]


def _shrink(module: nn.Module, share: float, name: str) -> nn.Module:
    try:
        traced = fx.symbolic_trace(module)
    except Exception as error:
        # Control flow that depends on data, or what tracing has no word for.
        raise _nothing(name) from error
    pairs = _find_pairs(traced)
    if not pairs:
        raise _nothing(name)
    for pair in pairs:
        first, second = traced.get_submodule(pair.first), traced.get_submodule(pair.second)
        assert isinstance(first, Layer) and isinstance(second, Layer)  # noqa: S101
        count = first.weight.shape[0]
        keep = max(1, round(count * (1 - share)))
        norms = first.weight.detach().flatten(1).norm(dim=1)
        kept = norms.topk(keep).indices.sort().values
        _keep_outputs(first, kept)
        for each in pair.norms:
            _keep_features(traced.get_submodule(each), kept)
        _keep_inputs(second, kept, count)
    return traced


def _find_pairs(traced: fx.GraphModule) -> list[_Pair]:
    found = []
    for node in traced.graph.nodes:
        layer = _layer(traced, node)
        if layer is None or (isinstance(layer, nn.Conv2d) and layer.groups != 1):
            continue
        norms: list[str] = []
        following = node
        while len(following.users) == 1:
            following = next(iter(following.users))
            reader = _layer(traced, following)
            if reader is not None:
                if not isinstance(reader, nn.Conv2d) or reader.groups == 1:
                    found.append(_Pair(node.target, tuple(norms), following.target))
                break
            if not _passes(traced, following):
                break
            if isinstance(_module(traced, following), nn.BatchNorm1d | nn.BatchNorm2d):
                norms.append(following.target)
    return found


def _module(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return traced.get_submodule(str(node.target)) if node.op == "call_module" else None


def _layer(traced: fx.GraphModule, node: fx.Node) -> Layer | None:
    found = _module(traced, node)
    return found if isinstance(found, nn.Linear | nn.Conv2d) else None


def _passes(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a node treats every channel by itself."""
    if node.op == "call_function":
        return node.target in _THROUGH_FUNCTIONS
    return isinstance(_module(traced, node), _THROUGH)


def _keep_outputs(layer: Layer, kept: Tensor) -> None:
    layer.weight = nn.Parameter(layer.weight.detach()[kept].clone())
    if layer.bias is not None:
        layer.bias = nn.Parameter(layer.bias.detach()[kept].clone())
    if isinstance(layer, nn.Conv2d):
        layer.out_channels = len(kept)
    else:
        layer.out_features = len(kept)


def _keep_features(norm: nn.Module, kept: Tensor) -> None:
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)  # noqa: S101
    for name in ("weight", "bias"):
        if (tensor := getattr(norm, name)) is not None:
            setattr(norm, name, nn.Parameter(tensor.detach()[kept].clone()))
    for name in ("running_mean", "running_var"):
        if (tensor := getattr(norm, name)) is not None:
            setattr(norm, name, tensor[kept].clone())
    norm.num_features = len(kept)


def _keep_inputs(layer: Layer, kept: Tensor, count: int) -> None:
    """Of a layer's inputs those of the kept channels; after a flattening each has several."""
    weight = layer.weight.detach()
    each = weight.shape[1] // count
    grouped = weight.view(weight.shape[0], count, each, *weight.shape[2:])
    chosen = grouped[:, kept].reshape(weight.shape[0], len(kept) * each, *weight.shape[2:])
    layer.weight = nn.Parameter(chosen.clone())
    if isinstance(layer, nn.Conv2d):
        layer.in_channels = chosen.shape[1]
    else:
        layer.in_features = chosen.shape[1]


def _nothing(name: str) -> CannotMeasure:
    return CannotMeasure(
        unsupported(
            f"in {name} nothing was found that could be pruned so",
            "layers must be Linear or Conv2d, and be read by one other such layer",
        )
    )
