"""A model as a sequence of modules, so that one host can begin and another can end."""

import torch
from torch import Tensor, nn

from bitpath_cli.benchmarks._inference_subject import Subject, Tensors


class Stages:
    """The modules of an nn.Sequential in order; any other model is one module."""

    def __init__(self, subject: Subject) -> None:
        """CannotMeasure for a file that is no module of torch's."""
        module = subject.torch_module()
        self._modules = _flatten(module)

    @property
    def count(self) -> int:
        """How many modules there are; it can be split before each but the first."""
        return len(self._modules)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all parameters."""
        found = (each for module in self._modules for each in module.parameters())
        return sum(each.numel() * each.element_size() for each in found)

    def run(self, inputs: Tensors, first: int = 0, last: int | None = None) -> Tensor:
        """The output of modules `first` up to `last`, which is not run itself."""
        outputs: Tensor | None = None
        with torch.inference_mode():
            for module in self._modules[first:last]:
                outputs = module(*inputs)
                inputs = (outputs,)
        if outputs is None:
            (outputs,) = inputs
        return outputs


def _flatten(module: nn.Module) -> list[nn.Module]:
    """A sequence's modules, and theirs; one that overrides how it is run is not taken apart."""
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        return [module]
    return [inner for each in module for inner in _flatten(each)]
