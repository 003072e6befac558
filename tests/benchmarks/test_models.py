"""The families learn what their data hold, and records survive the way through bytes."""

import pytest
import torch

from bitpath_cli.benchmarks._models import (
    FAMILIES,
    KINDS,
    Family,
    build,
    count_forward_flop,
    count_parameters,
    sample_inputs,
)


@pytest.mark.parametrize("family", FAMILIES)
def test_forty_steps_lower_the_loss_on_samples_never_trained_on(family: Family) -> None:
    kind = KINDS[family]
    model = build(family)
    optimiser = torch.optim.SGD(model.parameters(), kind.learning_rate, 0.9)
    held_out = sample_inputs(family, 128, seed=97)

    def loss() -> float:
        model.eval()
        with torch.no_grad():
            found = float(kind.loss(model(held_out[0]), held_out[1]))
        model.train()
        return found

    before = loss()
    inputs, targets = sample_inputs(family, 40 * 32)
    for step in range(40):
        batch = slice(32 * step, 32 * step + 32)
        optimiser.zero_grad()
        kind.loss(model(inputs[batch]), targets[batch]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert loss() < before


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_seeds_give_equal_models_and_records(family: Family) -> None:
    first, second = build(family), build(family)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    records = KINDS[family].make(5, torch.Generator().manual_seed(3))
    again = KINDS[family].make(5, torch.Generator().manual_seed(3))
    assert records.dtype is torch.uint8
    assert records.shape == (5, KINDS[family].record_bytes)
    assert torch.equal(records, again)


def test_flop_of_the_perceptron_by_hand() -> None:
    layers = [(1024, 1024), (1024, 1024), (1024, 512), (512, 10)]
    assert count_forward_flop("mlp") == sum(2 * a * b for a, b in layers)
    assert count_parameters(build("mlp")) == sum((a + 1) * b for a, b in layers)


def test_tokens_pass_through_two_bytes_each() -> None:
    records = KINDS["transformer"].make(64, torch.Generator().manual_seed(1))
    inputs, targets = KINDS["transformer"].decode(records)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    assert int(inputs.max()) > 255
