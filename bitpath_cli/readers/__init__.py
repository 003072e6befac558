"""Other tools' results as ours: one file per tool, each ending in a `READER`.

A reader takes a file's text and returns results whose figures are `reported`, with the tool, its
version and the file as their source. What it does not know it refuses by name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bitpath_cli.model.result import BenchmarkResult

NOT_OURS: int = 0
"""The revision of a result that none of our benchmarks measured."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The room's contract: whether a text is the tool's, and its results.

    `read` takes the text and the name of its file, and raises UnreadableEvidence.
    """

    summary: str
    recognises: Callable[[str], bool]
    read: Callable[[str, str], tuple[BenchmarkResult, ...]]
