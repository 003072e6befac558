"""Everything once in each round, as training reads an epoch; a round may begin in mid-operation."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Rounds(Generic[_Item]):
    """Rounds without end; `start_over` prepares the next one and gives its items in order.

    `left` is what the round under way has still to come.
    """

    def __init__(self, start_over: Callable[[], list[_Item]]) -> None:
        self._start_over = start_over
        self.left: list[_Item] = []

    def take(self, count: int) -> Iterator[list[_Item]]:
        """So many items, in a piece for each round that they touch."""
        while count:
            self.left = self.left or self._start_over()
            now, self.left = self.left[:count], self.left[count:]
            yield now
            count -= len(now)
