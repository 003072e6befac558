import pytest

from bitpath_cli.model.result import BenchmarkResult, Block, Samples, Validity
from bitpath_cli.model.units import ONE
from bitpath_cli.renderers._draw_training import draw_training, loss_at
from bitpath_cli.renderers._drawing import draw


def result(sync: str, seconds: tuple[float, ...], losses: tuple[float, ...]) -> BenchmarkResult:
    evidence = {
        "curve_seconds": seconds, "curve_samples": (0.0, 100.0, 200.0), "curve_loss": losses,
    }  # fmt: skip
    block = Block(loops=1, seconds=(1.0,), warmup_seconds=(), calibration=(), evidence=evidence)
    samples = Samples(work=100.0, unit=ONE, blocks=(block,), stopped="budget")
    return BenchmarkResult(
        benchmark="train_step", revision=1, parameters={"model": "mlp", "sync": sync},
        validity=Validity.VALID, duration_seconds=1.0, samples={"step": samples},
    )  # fmt: skip


def test_what_is_fast_may_have_learnt_less_after_as_many_samples() -> None:
    """Local SGD sees 200 samples in 4 s, DDP in 8 s; at 4 s DDP has seen 100."""
    found = draw(
        draw_training(
            [
                result("ddp", (0.0, 4.0, 8.0), (2.3, 1.0, 0.5)),
                result("local-sgd", (0.0, 2.0, 4.0), (2.3, 1.4, 0.9)),
            ]
        ),
        100, colour=False,
    )  # fmt: skip
    ddp = next(line for line in found.splitlines() if "ddp" in line)
    local = next(line for line in found.splitlines() if "local-sgd" in line)
    assert "200 samples" in found
    assert ddp.split()[-2:] == ["0.5", "1"]
    assert local.split()[-2:] == ["0.9", "0.9"]


def test_one_way_alone_is_compared_with_nothing() -> None:
    assert list(draw_training([result("ddp", (0.0, 1.0, 2.0), (2.0, 1.0, 0.5))])) == []


def test_losses_between_looks_and_beyond_them() -> None:
    assert loss_at((0.0, 10.0), (2.0, 1.0), 2.5) == pytest.approx(1.75)
    assert loss_at((0.0, 10.0), (2.0, 1.0), 11.0) is None
    assert loss_at((), (), 1.0) is None
