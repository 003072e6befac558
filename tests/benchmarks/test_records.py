"""Training data on a real file: what is read is what was written, and nothing is left."""

from pathlib import Path

import pytest
import torch

from bitpath_cli.benchmarks._models import KINDS
from bitpath_cli.benchmarks._records import records


def test_batches_are_the_records_that_were_written(tmp_path: Path) -> None:
    kind = KINDS["mlp"]
    with records(str(tmp_path), kind, 7, seed=4) as data:
        pages = data.size_bytes // 4096
        written = kind.make(pages * 3, torch.Generator().manual_seed(4))
        inputs, targets = kind.decode(written)
        got, labels = data.next_batch()
        assert got.shape == (7, 1024)
        for row, label in zip(got, labels, strict=True):
            same = (inputs == row).all(dim=1)
            assert same.any()
            assert int(targets[same][0]) == int(label)


def test_no_name_leads_to_the_data_and_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with records(str(tmp_path), KINDS["recommender"], 16, seed=1) as data:
        data.next_batch()
        assert list(tmp_path.iterdir()) == []
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_a_directory_that_is_not_there_is_an_error_of_the_disk(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No such file"),
        records(str(tmp_path / "none"), KINDS["mlp"], 4, seed=1),
    ):
        pass
