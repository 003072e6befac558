import os
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.benchmarks._inference_stages import Stages
from bitpath_cli.benchmarks._inference_subject import blame, draw_like, open_subject
from bitpath_cli.errors import BadModel

OWN = "tests.benchmarks.own_model"


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A small network, for any batch up to 64."""
    module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(module, (torch.zeros(2, 4),), dynamic_shapes=({0: batch},))
    path = tmp_path / "net.pt2"
    torch.export.save(program, path)
    return path


@pytest.mark.parametrize("name", ["mlp", "resnet", "transformer", "recommender"])
def test_the_families_answer(name: str) -> None:
    subject = open_subject(name)
    with torch.inference_mode():
        first, again = (subject.torch_module()(*subject.draw(2, 5)) for _ in range(2))
    assert len(first) == 2
    assert torch.equal(first, again)
    assert subject.digest() == open_subject(name).digest()


def test_digests_tell_weights_apart() -> None:
    digests = {open_subject(name).digest() for name in ("mlp", "resnet", f"{OWN}:net")}
    assert len(digests) == 3


def test_a_factory_of_the_user_is_called() -> None:
    subject = open_subject(f"{OWN}:net")
    (inputs,) = subject.draw(5, 1)
    assert inputs.shape == (5, 4)
    assert subject.torch_module()(inputs).shape == (5, 3)


def test_whole_numbers_are_drawn_from_those_of_the_example() -> None:
    (inputs,) = open_subject(f"{OWN}:table").draw(20, 1)
    assert inputs.dtype == torch.int64
    assert set(inputs.flatten().tolist()) == {7, 9}


def test_numbers_are_drawn_with_the_mean_and_spread_of_the_example() -> None:
    example = torch.tensor([[8.0, 12.0]])
    drawn = draw_like(example, 5000, torch.Generator().manual_seed(1))
    assert drawn.mean().item() == pytest.approx(10.0, abs=0.2)
    assert drawn.std().item() == pytest.approx(example.std().item(), rel=0.05)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"{OWN}:lacking", "must return"),
        (f"{OWN}:broken", "KeyError"),
        (f"{OWN}:nothing", "AttributeError"),
        ("no.such.module:build", "ModuleNotFoundError"),
        ("resnet51", "it is none of mlp"),
        ("/nowhere/at/all.pt2", "No such file"),
    ],
)
def test_what_cannot_be_had_is_named(name: str, words: str) -> None:
    with pytest.raises(BadModel, match=words):
        open_subject(name)


def test_what_a_model_raises_is_its_own_fault_and_memory_the_machines() -> None:
    for factory, expected in (("raising", BadModel), ("greedy", CannotMeasure)):
        subject = open_subject(f"{OWN}:{factory}")
        with pytest.raises(expected) as caught, blame(subject.name):
            subject.torch_module()(*subject.draw(1, 1))
        if expected is CannotMeasure:
            assert isinstance(caught.value, CannotMeasure)
            assert "ran out of memory" in caught.value.missing.detail
        else:
            assert "it does not add up" in str(caught.value)


def test_an_exported_file_answers_as_the_module_did(exported: Path) -> None:
    subject = open_subject(str(exported))
    assert subject.batch is None
    assert subject.torch_module()(*subject.draw(7, 1)).shape == (7, 3)


def test_a_file_for_one_batch_says_so(tmp_path: Path) -> None:
    path = tmp_path / "one.pt2"
    torch.export.save(torch.export.export(nn.Linear(4, 2), (torch.zeros(3, 4),)), path)
    subject = open_subject(str(path))
    assert subject.batch == 3
    subject.check_batch(3)
    with pytest.raises(CannotMeasure):
        subject.check_batch(1)


def rewrite(path: Path, change: dict[str, bytes]) -> None:
    """The archive again, with some members replaced or added."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (held | change).items():
            archive.writestr(name, content)


class _Trap:
    """Unpickling it would leave a folder behind."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.place,)


@pytest.mark.parametrize("member", ["data/sample_inputs/model.pt", "data/weights/model.pt"])
def test_nothing_is_unpickled(exported: Path, tmp_path: Path, member: str) -> None:
    trap, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    torch.save((_Trap(str(sprung)),), trap)
    rewrite(exported, {f"{exported.stem}/{member}": trap.read_bytes()})
    with pytest.raises(BadModel, match="cannot be read"):
        open_subject(str(exported))
    assert not sprung.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"net/data/aotinductor/model/wrapper.so": b"\x7fELF"},
        {"net/data/constants/custom_obj_0": b"x"},
        {"other/models/model.json": b"{}"},
    ],
)
def test_code_and_objects_in_an_archive_are_refused(
    exported: Path, change: dict[str, bytes]
) -> None:
    rewrite(exported, change)
    with pytest.raises(BadModel, match="cannot be read"):
        open_subject(str(exported))


def test_noise_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "noise.pt2"
    path.write_bytes(os.urandom(500))
    with pytest.raises(BadModel, match="cannot be read"):
        open_subject(str(path))


def answer_in_two(stages: Stages, inputs: tuple[Tensor, ...], split: int) -> Tensor:
    return stages.run((stages.run(inputs, 0, split),), split)


@pytest.mark.parametrize("name", ["mlp", "resnet", f"{OWN}:table"])
def test_two_ends_answer_as_one(name: str) -> None:
    subject = open_subject(name)
    stages, inputs = Stages(subject), subject.draw(2, 3)
    whole = stages.run(inputs)
    assert stages.count > 2
    for split in range(1, stages.count):
        assert torch.equal(answer_in_two(stages, inputs, split), whole)


def test_what_is_no_sequence_is_one_module() -> None:
    assert Stages(open_subject("transformer")).count == 1
