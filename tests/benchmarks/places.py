"""A directory on a disk: pytest's own may lie in memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpath_cli.benchmarks._direct_io import BLOCK_BYTES, unnamed_file
from bitpath_cli.benchmarks._directory import find_filesystem, find_obstacle
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing


def disk_directory(tmp_path: Path) -> Iterator[Path]:
    """An empty directory on a local disk, or a skipped test where there is none."""
    for place in (tmp_path, Path(__file__).parent):
        filesystem = find_filesystem(Host(), str(place))
        if isinstance(filesystem, Missing) or find_obstacle(str(place), filesystem) is not None:
            continue
        try:
            with unnamed_file(str(place), BLOCK_BYTES) as file:
                file.append()
        except OSError:
            continue
        with tempfile.TemporaryDirectory(dir=place) as made:
            yield Path(made)
            return
    pytest.skip("no temporary directory lies on a local disk that takes O_DIRECT")
