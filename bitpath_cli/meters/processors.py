"""What the processors spent their time on, and how many tasks want them: /proc/stat, loadavg."""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.meters import Meter, MeterReading
from bitpath_cli.model.reading import Missing, reported
from bitpath_cli.model.units import ONE, SECOND

# The kernel's unit towards programs is 1/100 s on every architecture that torch runs on.
TICK_SECONDS: Final = 0.01
# Fields of proc(5) after the word cpu; guests' time is within user and nice.
_MODES: Final = {
    "cpu_user_time": (0, 1),
    "cpu_system_time": (2,),
    "cpu_idle_time": (3,),
    "cpu_iowait_time": (4,),
    "cpu_interrupt_time": (5, 6),
}


def read(host: Host) -> tuple[MeterReading, ...]:
    """The whole host's, also inside a container."""
    stat, load = host.read_text("/proc/stat", 512), host.read_text("/proc/loadavg", 128)
    return (
        *(() if isinstance(stat, Missing) else parse_stat(stat)),
        *(() if isinstance(load, Missing) else parse_load(load)),
    )


def parse_stat(text: str) -> tuple[MeterReading, ...]:
    """The first line, which sums all processors."""
    words = text.partition("\n")[0].split()
    if len(words) <= 7 or words[0] != "cpu" or not all(word.isdigit() for word in words[1:]):
        return ()
    ticks = [int(word) for word in words[1:]]
    return tuple(
        MeterReading(
            name, "host", "counter",
            reported(sum(ticks[field] for field in fields) * TICK_SECONDS, SECOND, "/proc/stat"),
        )
        for name, fields in _MODES.items()
    )  # fmt: skip


def parse_load(text: str) -> tuple[MeterReading, ...]:
    """The mean number of tasks that ran, waited for a processor or for a disk in a minute."""
    word = text.partition(" ")[0]
    try:
        load = float(word)
    except ValueError:
        return ()
    return (MeterReading("load", "host", "gauge", reported(load, ONE, "/proc/loadavg")),)


METER = Meter(summary="CPU time by what it was spent on, and the load", read=read)
