from dataclasses import replace

import pytest
import torch
from torch import nn

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_drift import find_drift
from bitpath_cli.benchmarks._inference_pruning import prune_subject
from bitpath_cli.benchmarks._inference_subject import Subject, open_subject


def subject(module: nn.Module, *shape: int) -> Subject:
    def draw(count: int, seed: int) -> tuple[torch.Tensor, ...]:
        return (torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed)),)

    return Subject("own", draw, module=module.eval())


def count(found: Subject) -> int:
    return sum(each.numel() for each in found.torch_module().parameters())


def test_the_smallest_neurons_go_by_hand() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    first, second = module[0], module[2]
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
    # Norms 5, 1 and 2: of three neurons with a share of a third, the second goes.
    first.weight.data = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    first.bias.data = torch.tensor([0.1, 0.2, 0.3])
    second.weight.data = torch.tensor([[10.0, 20.0, 30.0]])
    found = prune_subject(subject(module, 2), "structured:0.33").torch_module()
    kept, reader = found.get_submodule("0"), found.get_submodule("2")
    assert isinstance(kept, nn.Linear) and isinstance(reader, nn.Linear)
    assert kept.weight.tolist() == [[3.0, 4.0], [0.0, 2.0]]
    assert kept.bias.tolist() == pytest.approx([0.1, 0.3])
    assert reader.weight.tolist() == [[10.0, 30.0]]
    assert first.weight.shape == (3, 2), "the original stays as it was"


def test_what_reads_nothing_of_a_channel_does_not_miss_it() -> None:
    """Channels of zeros, through batch norm, pooling and flattening: the answers stay."""
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(8 * 4 * 4, 5),
    )  # fmt: skip
    convolution = module[0]
    assert isinstance(convolution, nn.Conv2d)
    convolution.weight.data[[1, 4, 5, 7]] = 0
    whole = subject(module, 3, 8, 8)
    pruned = prune_subject(whole, "structured:0.5")
    (inputs,) = whole.draw(4, 1)
    assert torch.allclose(pruned.torch_module()(inputs), module(inputs), atol=1e-6)
    assert pruned.torch_module().get_submodule("5").weight.shape == (5, 4 * 4 * 4)


@pytest.mark.parametrize("name", ["mlp", "resnet", "recommender"])
def test_structured_pruning_shrinks_the_families(name: str) -> None:
    whole = open_subject(name)
    pruned = prune_subject(whole, "structured:0.5")
    assert count(pruned) < count(whole)
    assert len(pruned.torch_module()(*whole.draw(3, 1))) == 3


def test_unstructured_pruning_sets_zeros_and_shrinks_nothing() -> None:
    whole = open_subject("mlp")
    pruned = prune_subject(whole, "unstructured:0.75")
    assert count(pruned) == count(whole)
    for each in pruned.torch_module().modules():
        if isinstance(each, nn.Linear):
            assert (each.weight == 0).float().mean().item() == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize(
    ("module", "pruning"),
    [(nn.Linear(4, 4), "structured:0.5"), (nn.Tanh(), "unstructured:0.5")],
)
def test_where_nothing_can_go_that_is_said(module: nn.Module, pruning: str) -> None:
    with pytest.raises(CannotMeasure) as caught:
        prune_subject(subject(module, 4), pruning)
    assert "nothing was found" in caught.value.missing.detail


def test_a_residual_connection_keeps_its_channels() -> None:
    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            inner: torch.Tensor = self.first(inputs)
            return inner.add(self.second(inner))

    with pytest.raises(CannotMeasure):
        prune_subject(subject(Around(), 4), "structured:0.5")


def test_nothing_pruned_is_the_same_subject() -> None:
    whole = subject(nn.Linear(2, 2), 2)
    assert prune_subject(whole, "none") is whole
    assert replace(whole) == whole


def test_drift_by_hand() -> None:
    reference, answer = (
        torch.tensor([[3.0, 4.0], [1.0, 0.0]]),
        torch.tensor([[4.0, 4.5], [0.0, 1.0]]),
    )
    drift = find_drift([reference], [answer])
    # Rows decide for 1 and 0, and for 1 and 1. Differences 1, ½, −1, 1: √3.25 of √26.
    assert (drift.agreeing, drift.decisions) == (1, 2)
    assert drift.relative_error == pytest.approx((3.25 / 26) ** 0.5)


def test_a_single_output_decides_by_its_sign() -> None:
    drift = find_drift([torch.tensor([1.0, -1.0, 2.0])], [torch.tensor([0.5, 1.0, 3.0])])
    assert (drift.agreeing, drift.decisions) == (2, 3)
