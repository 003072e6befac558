"""The protocols through which rooms meet: what a benchmark runs, and the ranks that it may span."""

from typing import Protocol


class Trial(Protocol):
    """One timed loop that knows its own clock; the harness decides how often it runs."""

    def run(self, operations: int) -> float:
        """Do so many operations and return the seconds that they took (the slowest rank's)."""
        ...

    def find_error(self) -> str | None:
        """What is wrong with the computed answer, or None: without a right answer no speed."""
        ...


class Ranks(Protocol):
    """The processes that run one collective benchmark together; every rank runs the same code."""

    @property
    def rank(self) -> int:
        """This process's number, from 0."""
        ...

    @property
    def size(self) -> int:
        """How many ranks there are."""
        ...

    @property
    def backend(self) -> str:
        """`gloo` or `nccl`."""
        ...

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address at which each rank is reached; equal where ranks share a host."""
        ...

    def agree(self, decision: bool) -> bool:
        """Rank 0's decision, in every rank: local stopping rules deadlock collectives."""
        ...

    def slowest(self, seconds: float) -> float:
        """The largest of all ranks' seconds, in every rank."""
        ...

    def align(self) -> None:
        """Wait until every rank has come here."""
        ...
