"""A user's own model as a profile: counts by hand, what is left to state, and what goes wrong."""

import datetime
import sys
from pathlib import Path

import pytest

from bitpath_cli import catalogue
from bitpath_cli.errors import BadValue, UncountableModel
from bitpath_cli.workflows._counts import Counts, count
from bitpath_cli.workflows._own_model import load_model
from bitpath_cli.workflows.count import Order, profile_of

DAY = datetime.date(2026, 11, 25)
MODELS = """
import torch
from torch import nn

def mlp():
    return nn.Sequential(nn.Linear(100, 200), nn.ReLU(), nn.Linear(200, 10))

def conv():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
        nn.Linear(8 * 16 * 16, 10),
    )

def language():
    layers = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    model = nn.Sequential(nn.Embedding(1000, 64), layers, nn.Linear(64, 1000))
    return model, torch.zeros(1, 32, dtype=torch.long)

def adapter():
    model = mlp()
    model[0].requires_grad_(False)
    return model

def frozen():
    return mlp().requires_grad_(False)

def broken():
    raise ValueError("the weights are elsewhere")

def text():
    return "a model"

answer = 42
"""


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of the user's in the current directory."""
    (tmp_path / "his_models.py").write_text(MODELS)
    (tmp_path / "needs_more.py").write_text("import no_such_library_at_all\n")
    (tmp_path / "slips.py").write_text("answer = 1 / 0\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in ("his_models", "needs_more", "slips"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def counted(name: str, *inputs: str) -> Counts:
    return count(load_model(f"his_models:{name}", inputs))


def test_two_linear_layers_by_hand() -> None:
    """2·100·200 + 2·200·10 FLOP; ReLU reads and writes 200 floats; they and the input stay."""
    found = counted("mlp", "100")
    assert found.parameters == 100 * 200 + 200 + 200 * 10 + 10
    assert found.trained == found.parameters
    assert found.forward_flop == 2 * 100 * 200 + 2 * 200 * 10
    assert found.operations == 2
    assert found.traffic_bytes == 2 * 200 * 4
    assert found.activation_bytes == (100 + 200) * 4
    assert found.sample_bytes == 400


def test_a_convolution_by_hand() -> None:
    found = counted("conv", "3x16x16")
    assert found.forward_flop == 2 * (3 * 3 * 3) * 8 * 16 * 16 + 2 * 2048 * 10
    assert found.operations == 2
    assert found.parameters == 3 * 3 * 3 * 8 + 8 + 16 + 2048 * 10 + 10


def test_a_transformer_layer_with_its_attention_by_hand_and_its_own_example() -> None:
    """torch would fuse the layer when it only answers, and count nothing of it."""
    tokens, width = 32, 64
    projections = 2 * tokens * width * (3 * width + width + 2 * 128)
    attention = 2 * 2 * tokens * tokens * width
    head = 2 * tokens * width * 1000
    assert counted("language").forward_flop == projections + attention + head


def test_frozen_parameters_are_not_trained() -> None:
    assert counted("adapter", "100").trained == 200 * 10 + 10
    assert counted("frozen", "100").activation_bytes is None


@pytest.mark.parametrize(
    ("model", "inputs", "problem"),
    [
        ("his_models:broken", (), r"raised ValueError at .*his_models\.py, line \d+: the weights"),
        ("his_models:text", (), "returned a str, not a torch.nn.Module"),
        ("his_models:mpl", ("100",), "has nothing called mpl.* It has: .*mlp"),
        ("his_models:answer", (), "has no function called answer"),
        ("his_models:mlp", (), "what it takes as input is not known"),
        ("his_models:mlp", ("99",), "raised RuntimeError.*shapes cannot be multiplied"),
        ("nowhere_at_all:mlp", (), "there is no module nowhere_at_all here or installed"),
        ("needs_more:mlp", (), r"it needs no_such_library_at_all"),
        ("slips:mlp", (), r"raised ZeroDivisionError at .*slips\.py, line 1"),
    ],
)
def test_what_his_code_does_instead_is_named(
    model: str, inputs: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UncountableModel) as caught:
        count(load_model(model, inputs))
    assert __import__("re").search(problem, str(caught.value)), str(caught.value)


@pytest.mark.parametrize("shape", ["", "3x", "axb", "3x4:complex", "-3"])
def test_a_shape_that_is_none_is_refused_before_anything_runs(shape: str) -> None:
    with pytest.raises(BadValue, match="3x224x224"):
        load_model("his_models:broken", (shape,))


def test_the_profile_says_what_was_counted_and_marks_what_was_not(tmp_path: Path) -> None:
    text = profile_of(Order("his_models:mlp", ("100",), "training", ()), DAY)
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert (
        'forward = { value = 44000, unit = "FLOP", status = "counted", source = "counter"' in text
    )
    assert 'date = "2026-11-25"' in text
    faults = catalogue.faults("workload", path)
    fields = {each.what.partition(": ")[2].partition(":")[0] for each in faults}
    assert fields == {
        "work.efficiency_cpu", "work.efficiency_accelerator", "work.overhead_cpu",
        "work.overhead_accelerator", "data.samples", "data.born", "training.epochs",
        "training.global_batch", "training.optimiser", "training.checkpoints_kept",
        "residency.allowed",
    }  # fmt: skip
    assert all("still yours to state" in each.what for each in faults)


STATED = (
    "work.efficiency_cpu={ value = 1, status = \"estimate\" }", "work.efficiency_accelerator=0.3",
    "work.overhead_cpu=1 ms", "work.overhead_accelerator=1 ms", "data.born=edge",
    "residency.allowed=anywhere", "residency.reason=it is mine",
)  # fmt: skip


def test_stated_at_once_it_can_be_used_and_its_counts_have_no_spread(tmp_path: Path) -> None:
    job = ("training.epochs=5", "training.global_batch=64", "training.optimiser=adam",
           "training.checkpoints_kept=1", "data.samples=50_000",
           "training.deadline=24 h")  # fmt: skip
    order = Order("his_models:adapter", ("100",), "training", (*STATED, *job))
    path = tmp_path / "mine.toml"
    path.write_text(profile_of(order, DAY))
    assert catalogue.faults("workload", path) == ()
    found = catalogue.workload(str(path))
    assert found.work.forward.value == 44000
    assert found.work.forward.low == found.work.forward.high == 44000
    assert "counted" in found.work.forward.origin.source
    assert found.training is not None and found.training.trained is not None
    assert found.training.trained.value == 2010
    assert found.training.deadline is not None and found.training.deadline.at.value == 86400


def test_a_service_too(tmp_path: Path) -> None:
    service = ("serving.places=3", "serving.request_rate=600/h", "serving.arrival=poisson",
               "serving.request_bytes=2 kB", "serving.reply_bytes=1 kB",
               "serving.preparation=1 ms")  # fmt: skip
    order = Order("his_models:language", (), "serving", (*STATED, *service))
    path = tmp_path / "chat.toml"
    path.write_text(profile_of(order, DAY))
    assert catalogue.faults("workload", path) == ()
    assert catalogue.workload(str(path)).serving is not None


@pytest.mark.parametrize("stated", ["training.lr=1", "epochs", "serving.places=2", "work=3"])
def test_what_a_profile_does_not_have_cannot_be_stated(stated: str) -> None:
    with pytest.raises(BadValue, match="--set"):
        profile_of(Order("his_models:mlp", ("100",), "training", (stated,)), DAY)
