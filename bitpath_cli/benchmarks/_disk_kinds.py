"""The kinds of disk case: what one request is, and how many make one operation of the loop."""

from dataclasses import dataclass
from typing import Final, Literal

from bitpath_cli.benchmarks._byte_account import Operation
from bitpath_cli.benchmarks._direct_io import BLOCK_BYTES
from bitpath_cli.model.result import Parameters

Pattern = Literal["sequential", "random", "shuffled", "small_files", "checkpoint"]
EngineName = Literal["builtin", "fio"]

CHECKPOINT_BYTES: Final = 64 * BLOCK_BYTES
FSYNC_BLOCKS: Final = 16
SMALL_FILE_BYTES: Final = 64 << 10
SMALL_FILES: Final = 1024
_SAMPLE_BYTES: Final = 128 << 10
_LOADERS: Final = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """A case without its engine; `is_direct` passes the page cache by."""

    operation: Operation
    pattern: Pattern
    block_bytes: int
    depth: int
    requests: int
    is_direct: bool = True

    @property
    def work_bytes(self) -> int:
        """What one operation of the loop moves."""
        return self.requests * self.block_bytes

    def parameters(self, engine: EngineName) -> Parameters:
        """How a result names it."""
        told: Parameters = {
            "operation": self.operation, "pattern": self.pattern, "direct": self.is_direct,
            "block_size": self.block_bytes, "depth": self.depth, "engine": engine,
        }  # fmt: skip
        if self.pattern == "checkpoint":
            told["checkpoint_bytes"] = CHECKPOINT_BYTES
        return told


# A write operation is so many blocks and one fsync. At depth 32 an operation is 128 reads, or 1024
# where those take so little time that filling and draining the queue would be a part of it.
RAW: Final = (
    Kind("read", "sequential", BLOCK_BYTES, 1, 1),
    Kind("write", "sequential", BLOCK_BYTES, 1, FSYNC_BLOCKS),
    Kind("read", "random", 4096, 1, 1),
    Kind("read", "random", 4096, 32, 128),
)
# What training does: four loaders open and read files, or read samples from one packed file, in an
# order of their own; a checkpoint is written with one fsync at its end, and read back.
TRAINING: Final = (
    Kind("read", "small_files", SMALL_FILE_BYTES, _LOADERS, 64, is_direct=False),
    Kind("read", "shuffled", _SAMPLE_BYTES, _LOADERS, 128, is_direct=False),
    Kind("write", "checkpoint", BLOCK_BYTES, 1, CHECKPOINT_BYTES // BLOCK_BYTES, is_direct=False),
    Kind("read", "checkpoint", BLOCK_BYTES, 1, CHECKPOINT_BYTES // BLOCK_BYTES, is_direct=False),
)


def kind_of(parameters: Parameters) -> Kind:
    """The kind that a case's parameters name."""
    return next(
        kind
        for kind in (*RAW, *TRAINING)
        if (kind.operation, kind.pattern, kind.depth)
        == (parameters["operation"], parameters["pattern"], parameters["depth"])
    )
