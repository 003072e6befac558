"""Models that a user might name: package.module:factory."""

from time import sleep

from torch import Tensor, nn, ones, tensor, zeros


def net() -> tuple[nn.Module, Tensor]:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), zeros(1, 4)


def table() -> tuple[nn.Module, Tensor]:
    """Its rows are asked for by number: others than these would be out of range."""
    return nn.Sequential(nn.Embedding(10, 4), nn.Flatten(), nn.Linear(8, 2)), tensor([[7, 9]])


class _Raising(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        raise ArithmeticError("it does not add up")


def raising() -> tuple[nn.Module, Tensor]:
    return _Raising(), ones(1, 2)


class _Greedy(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        return zeros(1 << 50)


def greedy() -> tuple[nn.Module, Tensor]:
    return _Greedy(), ones(1, 2)


def lacking() -> nn.Module:
    return nn.Linear(2, 2)


def broken() -> tuple[nn.Module, Tensor]:
    raise KeyError("weights.bin")


class _Slow(nn.Sequential):
    def forward(self, inputs: Tensor) -> Tensor:
        sleep(0.05)
        return inputs


def slow() -> tuple[nn.Module, Tensor]:
    return _Slow(nn.Identity()), ones(1, 2)


def wide() -> tuple[nn.Module, Tensor]:
    """A mebibyte comes in, and 16 bytes leave the first module."""
    return nn.Sequential(nn.Linear(1 << 18, 4), nn.ReLU(), nn.Linear(4, 3)), zeros(1, 1 << 18)
