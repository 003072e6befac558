"""Signs of life between nodes, through the store: who was heard from last, and what went wrong."""

import json
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

_EVERY_SECONDS: Final = 0.3
_PART_SECONDS: Final = 3.0
_BYE: Final = "bye"
_FAULT: Final = "fault"


class Pulse:
    """A thread that writes how far this node is and reads how far the others are."""

    def __init__(
        self,
        store: "Store",
        node: int,
        nodes: int,
        steps: Sequence[int],
        keeper: int = 0,
        closes: bool = True,
    ) -> None:
        """Starts at once; only this thread uses the store, which node `keeper` keeps.

        `closes` says that the store ends with this meeting, because one of the nodes keeps it.
        """
        now = monotonic()
        self._store, self._node, self._nodes, self._steps = store, node, nodes, steps
        self._keeper, self._closes = keeper, closes
        self._beats = [""] * nodes
        self._changed = [now] * nodes
        self._fresh = now
        self._words: tuple[str, str, str] | None = None
        self._is_parting = False
        self.is_lost = False
        self.heard: PeerFailed | None = None
        self._thread = threading.Thread(target=self._go, daemon=True, name="pulse")
        self._thread.start()

    def quiet(self, seconds: float) -> tuple[int, ...]:
        """The nodes not heard from for so long; the keeper where its store does not answer."""
        now = monotonic()
        if self._node != self._keeper and (self.is_lost or now - self._fresh > seconds):
            return (self._keeper,)
        return tuple(
            node
            for node in range(self._nodes)
            if node != self._node
            and self._beats[node] != _BYE
            and now - self._changed[node] > seconds
        )

    def behind(self) -> tuple[int, ...]:
        """The nodes whose slowest rank began the fewest collectives; none where all are level."""
        counts = [int(each.split()[1]) if " " in each else 0 for each in self._beats]
        counts[self._node] = min(self._steps)
        fewest = min(counts)
        late = tuple(node for node, count in enumerate(counts) if count == fewest)
        return late if len(late) < self._nodes else ()

    def part(self, failure: PeerFailed | None = None) -> None:
        """Tell the others what went wrong, if anything did, and leave when they know it."""
        if failure is not None:
            self._words = (failure.what, failure.why, failure.next_step)
        self._is_parting = True
        self._thread.join(_PART_SECONDS)

    def _go(self) -> None:
        count = 0
        try:
            while not self._is_parted():
                count += 1
                self._beat(count)
                threading.Event().wait(_EVERY_SECONDS)
        except RuntimeError:
            self.is_lost = True

    def _is_parted(self) -> bool:
        """Whoever keeps the store leaves when all have said so; the others when it is closed.

        Left earlier, they could come to it again and take it for that of the next meeting.
        """
        if not self._is_parting or self._beats[self._node] != _BYE:
            return False
        if self._node != self._keeper:
            return not self._closes
        return all(beat == _BYE for node, beat in enumerate(self._beats) if node != self._node)

    def _beat(self, count: int) -> None:
        store = self._store
        if self._words is not None and not store.check([_FAULT]):
            store.set(_FAULT, json.dumps(self._words))
        mine = _BYE if self._is_parting else f"{count} {min(self._steps)}"
        store.set(f"beat/{self._node}", mine)
        for node in range(self._nodes):
            key = f"beat/{node}"
            found = store.get(key).decode() if store.check([key]) else ""
            if found != self._beats[node]:
                self._beats[node], self._changed[node] = found, monotonic()
        if self.heard is None and self._words is None and store.check([_FAULT]):
            self.heard = PeerFailed(*(str(each) for each in json.loads(store.get(_FAULT))[:3]))
        self._fresh = monotonic()
