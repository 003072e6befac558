"""What each doubt about a result means, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bitpath_cli.model.result import Doubt


@dataclass(frozen=True, slots=True)
class Meaning:
    """A doubt in a few words, what it means for the number, and the next step."""

    words: str
    sentence: str
    next_step: str


MEANINGS: Final[Mapping[Doubt, Meaning]] = {
    Doubt.CACHED_IO: Meaning(
        "cached", "the page cache answered instead of the disk", "name a directory with --dir"
    ),
    Doubt.UNPROVEN_IO: Meaning(
        "unproven",
        "no counter could show that the requests reached the device",
        "name a directory on a local disk with --dir",
    ),
    Doubt.THROTTLED: Meaning(
        "throttled", "the processor lowered its clock for heat or power", "cool it, then run again"
    ),
    Doubt.CPU_QUOTA: Meaning(
        "quota", "the container's CPU quota stopped it part of the time", "raise the quota"
    ),
    Doubt.IO_LIMIT: Meaning(
        "I/O limit",
        "the control group's limit on the disk was reached, not the disk's own",
        "raise io.max or blkio.throttle",
    ),
    Doubt.STEAL: Meaning(
        "stolen time",
        "the hypervisor gave its processors to others",
        "run again when the host is quiet, or on dedicated processors",
    ),
    Doubt.CONTENDED: Meaning(
        "contended", "something else was running", "stop what else runs, then run again"
    ),
    Doubt.TOO_SMALL: Meaning(
        "too small", "too little work to tell it from a cache", "give it more memory or space"
    ),
    Doubt.TOO_FEW: Meaning(
        "few samples", "too few samples for a 95 % interval", "use --budget thorough"
    ),
    Doubt.UNSTABLE: Meaning(
        "unstable", "the samples differ more than they should", "use --budget thorough"
    ),
    Doubt.LOOPBACK_ONLY: Meaning(
        "loopback", "nothing left this machine, so it says nothing of a network",
        "measure between two hosts",
    ),
    Doubt.WRONG_INTERFACE: Meaning(
        "wrong interface", "the traffic took another interface than was meant",
        "check the route: bitpath probe",
    ),
    Doubt.CPU_BOUND: Meaning(
        "CPU-bound", "the processor, not the device, was the limit", "see how many CPUs it may use"
    ),
    Doubt.TIMER_RESOLUTION: Meaning(
        "clock too coarse", "one operation is shorter than the clock can tell",
        "use --budget thorough",
    ),
    Doubt.WRONG_RESULT: Meaning(
        "wrong answer", "it computed a wrong answer, and so has no speed",
        "test the memory and the numeric library",
    ),
    Doubt.IMPLAUSIBLE: Meaning(
        "implausible", "it is faster than the hardware can be", "report it with the report file"
    ),
    Doubt.INTERRUPTED: Meaning("interrupted", "it was stopped before its end", "run it again"),
    Doubt.PEER_FAILED: Meaning(
        "cut short", "a rank or a host failed, so that only what had ended before is here",
        "see what failed, then run it again",
    ),
    Doubt.UNCHECKED: Meaning(
        "unchecked", "nobody looked whether the answers are right",
        "run it again with its check, -c 1 for nccl-tests",
    ),
}  # fmt: skip


def words(reasons: tuple[Doubt, ...]) -> str:
    """Several doubts in a few words."""
    return ", ".join(MEANINGS[each].words for each in reasons)
