import pytest
from torch.utils.flop_counter import FlopCounterMode

from bitpath_cli.benchmarks._inference_stages import Stages
from bitpath_cli.benchmarks._inference_subject import open_subject
from bitpath_cli.benchmarks._sized_model import parse_size
from bitpath_cli.errors import BadModel


@pytest.mark.parametrize(
    ("name", "flop", "asked", "answered"),
    [
        ("sized:1GFLOP:256KiB:1KiB", 1e9, 1 << 18, 1024),
        ("sized:100MFLOP:4KiB:64KiB", 1e8, 4096, 1 << 16),
        ("sized:3GFLOP:2MiB:4B", 3e9, 1 << 21, 4),
    ],
)
def test_it_computes_and_moves_about_what_its_name_says(
    name: str, flop: float, asked: int, answered: int
) -> None:
    subject = open_subject(name)
    (inputs,) = subject.draw(1, 3)
    with FlopCounterMode(display=False) as counter:
        outputs = Stages(subject).run((inputs,))
    assert inputs.numel() * 4 == asked
    assert outputs.numel() * 4 == answered
    assert counter.get_total_flops() == pytest.approx(flop, rel=0.25)


def test_activations_shrink_towards_its_end() -> None:
    subject = open_subject("sized:500MFLOP:256KiB:1KiB")
    stages = Stages(subject)
    inputs, sizes = subject.draw(1, 3), []
    for module in range(stages.count):
        inputs = (stages.run(inputs, module, module + 1),)
        sizes.append(inputs[0].numel() * 4)
    assert min(sizes[: stages.count // 2]) > min(sizes[stages.count // 2 : -4])


def test_both_ends_build_the_same_from_a_name_that_is_read_back() -> None:
    size = parse_size("sized:0.2GFLOP:100kB:1kB")
    assert parse_size(str(size)) == size
    names = ("sized:0.2GFLOP:100kB:1kB", str(size))
    assert len({open_subject(each).digest() for each in names}) == 1


@pytest.mark.parametrize(
    "name", ["sized:", "sized:1GFLOP:1KiB", "sized:1s:1KiB:1KiB", "sized:1GFLOP:0B:1KiB",
             "sized:2PFLOP:1KiB:1KiB", "sized:1GFLOP:1TiB:1KiB"],
)  # fmt: skip
def test_another_size_is_refused_by_name(name: str) -> None:
    with pytest.raises(BadModel, match="sized:"):
        open_subject(name)
