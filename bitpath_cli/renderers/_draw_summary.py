"""What is said when a watch ends: how long, what fired, how values went, what it cost."""

import textwrap
from collections.abc import Iterator
from typing import Final

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.units import BYTE, ONE, SECOND, human
from bitpath_cli.model.watch import Event, Spread, Summary
from bitpath_cli.renderers._draw_watch import clean, own_share, percent
from bitpath_cli.renderers._words import amount, label

_SHOWN: Final = (
    "cpu_busy", "memory_available_share", "group_memory_share", "disk_busy", "disk_read_latency",
    "network_receive_rate", "network_send_rate", "gpu_kernel_active", "gpu_power", "energy_power",
    "temperature",
)  # fmt: skip


def draw_summary(found: Summary, width: int) -> str:
    """A few lines; values with their least, mean and most."""
    lines = [line for part in _parts(found) for line in _wrap(part, width)]
    return "\n".join(lines) + "\n"


def _parts(found: Summary) -> Iterator[str]:
    count = "1 sample" if found.samples == 1 else f"{found.samples:,} samples"
    yield f"Watched for {human(found.lasted_seconds, SECOND)}: {count}."
    fired = [each for each in found.events if each.what == "fired"]
    if not fired:
        yield "No alert fired."
    for each in fired:
        still = any(
            (each.rule, each.subject) == (one.rule, one.subject) for one in found.still_firing
        )
        yield f"▲ {_fired(each)}{' It still fires.' if still else ''}"
    for spread in found.spreads:
        if spread.name in _SHOWN and spread.most.value > 0 and spread.subject != "lo":
            yield _spread(spread)
    for remark in found.remarks:
        yield f"· {clean(remark)}"
    if found.cost is not None:
        cost = found.cost
        missed = f", {cost.missed} ticks missed" if cost.missed else ""
        yield (
            f"bitpath itself used {own_share(cost)} of a core and "
            f"{human(cost.resident_bytes, BYTE)} of memory{missed}."
        )


def _fired(each: Event) -> str:
    subject = "" if each.subject in ("", "host") else f" {clean(each.subject)}"
    worst = "" if each.peak is None else f", at {_value(each.metric, each.peak)}"
    after = human(each.at_seconds, SECOND)
    return f"{each.severity} {each.rule}{subject}: {each.summary}{worst}, after {after}."


def _spread(each: Spread) -> str:
    subject = "" if each.subject in ("host", "cgroup") else f" {clean(each.subject)}"
    name = label(each.name).removesuffix(" share").removesuffix(" rate")
    least, mean, most = (_value(each.name, one) for one in (each.least, each.mean, each.most))
    return f"  {name + subject:<28} {least} … {most}, {mean} on average"


def _value(name: str, value: Quantity) -> str:
    is_share = value.unit == ONE and not name.startswith("drift_")
    return percent(value.value) if is_share else amount(value.value, value.unit)


def _wrap(part: str, width: int) -> list[str]:
    return textwrap.wrap(part, width, subsequent_indent="    ", drop_whitespace=True) or [""]
