"""Watches the ranks of this host among those of others, and finds out who failed first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bitpath_cli.errors import PeerFailed
from bitpath_cli.host import monotonic
from bitpath_cli.launchers import Launch, Place
from bitpath_cli.launchers._forks import Member, complains_of_a_peer, find_failure, listen
from bitpath_cli.launchers._pulse import Pulse
from bitpath_cli.launchers._roster import Introduction

_LOOK_SECONDS: Final = 0.2
# So long after a rank's failure we wait to hear which node's fault it was.
_GRACE_SECONDS: Final = 4.0
_QUIET_SECONDS: Final = 2.5
_YIELD_SECONDS: Final = 1.5
_CHECK: Final = (
    "Check that the host is up and its link too (ping, ip -s link); where the link is merely "
    "slow, allow more time with --progress-timeout."
)


@dataclass
class Blame:
    """The ranks of this host, and how far each of them is."""

    launch: Launch
    place: Place
    members: list[Member]
    steps: Sequence[int]

    def watch(self, pulse: Pulse, roster: Sequence[Introduction]) -> None:
        """Return when every rank here has answered; PeerFailed as soon as one cannot any more."""
        moved, at, deadline = monotonic(), 0, monotonic() + self.launch.limit_seconds
        patience = self.place.progress_seconds
        while waiting := [each for each in self.members if not each.is_done]:
            listen(waiting, _LOOK_SECONDS)
            if any(each.is_done and "answer" not in each.said for each in self.members):
                raise self._failure(pulse, roster)
            if pulse.heard is not None:
                raise pulse.heard
            if sum(self.steps) != at:
                moved, at = monotonic(), sum(self.steps)
            stalled = monotonic() - moved > patience
            if lost := pulse.quiet(patience if not stalled else _QUIET_SECONDS):
                raise self._unheard(lost, roster, patience)
            # The node whose own rank lags knows best why, and tells the others.
            is_ours = self.place.node in pulse.behind()
            if monotonic() > deadline or (stalled and (is_ours or self._is_past(moved))):
                raise self._stalled(pulse, roster, patience)

    def _is_past(self, moved: float) -> bool:
        return monotonic() - moved > self.place.progress_seconds + _YIELD_SECONDS

    def _failure(self, pulse: Pulse, roster: Sequence[Introduction]) -> PeerFailed:
        """Our own rank that died or raised by itself, or the node because of which ours failed."""
        failed = [each for each in self.members if each.is_done and "answer" not in each.said]
        if not all(complains_of_a_peer(each) for each in failed):
            return self._own()
        until = monotonic() + _GRACE_SECONDS
        while (left := until - monotonic()) > 0 and pulse.heard is None:
            waiting = [each for each in self.members if not each.is_done]
            listen(waiting, min(left, _LOOK_SECONDS))
            if lost := pulse.quiet(_QUIET_SECONDS):
                return self._unheard(lost, roster, None)
        if pulse.heard is not None:
            return pulse.heard
        if lost := pulse.quiet(_QUIET_SECONDS):
            return self._unheard(lost, roster, None)
        return self._own()

    def _own(self) -> PeerFailed:
        size = self.launch.size * self.place.nodes
        first = self.place.node * self.launch.size
        for each in self.members:
            each.rank += first if each.rank < self.launch.size else 0
        found = find_failure(self.members, size)
        here = f"On {self.place.called} {self.place.node} ({self.place.address}): "
        return PeerFailed(here + found.what, found.why, found.next_step)

    def _unheard(
        self, lost: Sequence[int], roster: Sequence[Introduction], seconds: float | None
    ) -> PeerFailed:
        names = " and ".join(roster[node].name(self.place.called) for node in lost)
        since = "any more" if seconds is None else f"for {seconds:g} s"
        return PeerFailed(
            f"{names[0].upper()}{names[1:]} of {self.place.nodes} was not heard from {since}; "
            "the others were ended.",
            "Its process was killed, its host went down, or the link to it broke.",
            _CHECK,
        )

    def _stalled(self, pulse: Pulse, roster: Sequence[Introduction], seconds: float) -> PeerFailed:
        first = self.place.node * self.launch.size
        halted = [first + each.rank for each in self.members if each.is_stopped]
        if halted:
            return PeerFailed(
                f"Rank {halted[0]} of {self.launch.size * self.place.nodes}, on "
                f"{roster[self.place.node].name(self.place.called)}, was halted by a signal and "
                f"made no progress within {seconds:g} s; all were ended.",
                "SIGSTOP or SIGTSTP does this, and so do debuggers and some batch systems.",
                "Run it again; see there who sends signals.",
            )
        behind = pulse.behind()
        names = " and ".join(roster[node].name(self.place.called) for node in behind)
        who = f"{names[0].upper()}{names[1:]}" if names else "No node"
        return PeerFailed(
            f"{who} made {'no ' if names else ''}progress within {seconds:g} s; all were ended.",
            "A rank was stopped, its host is overloaded, or a message takes longer than that.",
            _CHECK,
        )
