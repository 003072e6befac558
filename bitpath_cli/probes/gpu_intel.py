"""Intel GPUs, from the files of the drivers i915 and xe below /sys.

The files are described in the kernel's Documentation/ABI (sysfs-driver-intel-i915-hwmon,
sysfs-driver-intel-xe-hwmon) and in the drivers' own notes on frequency and throttling.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.accelerator import Accelerator, AcceleratorSoftware
from bitpath_cli.model.reading import (
    Missing,
    Statement,
    absent,
    derived,
    fact,
    unsupported,
)
from bitpath_cli.model.units import BYTE, HERTZ, ONE
from bitpath_cli.probes import Probe, Question, _drm
from bitpath_cli.probes._accelerator import Values, accelerator
from bitpath_cli.probes._micro import watts
from bitpath_cli.probes._pci import (
    DISPLAY,
    INTEL,
    PciDevice,
    describe,
    devices,
    without_driver,
)
from bitpath_cli.probes._sysfs import first, quantity, switch
from bitpath_cli.probes._usable import Seen, judge

_OTHERWISE: Final = unsupported("the driver's files do not tell", "xpu-smi, of Intel's own tools")
_UNIFIED: Final = unsupported(
    "the GPU has no memory of its own: it shares the main memory, whose size the memory probe tells"
)
_COUNTER: Final = unsupported(
    "the driver counts energy, not power",
    "a benchmark derives it from two readings: bitpath bench compute",
)
_UNKNOWN: Final = frozenset({0})
# Built-in graphics has had this address since the first processors that brought it along.
_BUILT_IN: Final = "0000:00:02.0"


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """Every Intel GPU and, where there is one, what torch can use of them."""
    listed = devices(host, DISPLAY)
    cards = [] if isinstance(listed, Missing) else [each for each in listed if each.vendor == INTEL]
    if not cards:
        return ()
    seen = [Seen(obstacle=without_driver(host, each, "i915", "xe")) for each in cards]
    verdict = judge(host, question, "intel", seen)
    accelerators = tuple(
        _accelerator(host, index, each).model_copy(update={"usable": usable})
        for index, (each, usable) in enumerate(zip(cards, verdict.usable, strict=True))
    )
    level_zero = unsupported("bitpath does not ask Level Zero", "sycl-ls, of Intel's oneAPI")
    return (
        *accelerators,
        AcceleratorSoftware(
            name="intel",
            library=level_zero,
            driver=first(*(each.driver for each in accelerators)),
            runtime=level_zero,
            devices_seen=derived(len(cards), ONE, "displays of vendor 8086 on the PCI bus"),
            devices_usable=verdict.count,
            mismatch=verdict.mismatch,
        ),
    )


def _accelerator(host: Host, index: int, card: PciDevice) -> Accelerator:
    values: Values = {
        **describe(host, card),
        **_memory(host, card),
        **_clocks(host, card),
        **_sensed(host, card.path),
        "model": fact(f"Intel {card.identity}", card.path),
    }
    return accelerator("intel", index, values, _OTHERWISE)


def _memory(host: Host, card: PciDevice) -> Values:
    if card.address == _BUILT_IN:
        kind = fact("unified", "its address on the PCI bus")
        return {"memory_kind": kind, "memory_total": _UNIFIED, "memory_used": _UNIFIED}
    total = first(
        quantity(host, f"{card.path}/tile0/physical_vram_size_bytes", BYTE),
        quantity(host, f"{_drm.card(host, card.path)}/lmem_total_bytes", BYTE),
    )
    return {"memory_kind": fact("dedicated", "its address on the PCI bus"), "memory_total": total}


def _clocks(host: Host, card: PciDevice) -> Values:
    """xe keeps them below the device's tile, i915 below the graphics card."""
    xe = f"{card.path}/tile0/gt0/freq0"
    if host.exists(xe):
        files = (f"{xe}/act_freq", f"{xe}/max_freq")
        throttle = (f"{xe}/throttle", "reason_")
    else:
        i915 = _drm.card(host, card.path)
        files = (f"{i915}/gt_act_freq_mhz", f"{i915}/gt_max_freq_mhz")
        throttle = (f"{i915}/gt/gt0", "throttle_reason_")
    return {
        "clock_core": quantity(host, files[0], HERTZ, 1e6, unknown=_UNKNOWN),
        "clock_core_max": quantity(host, files[1], HERTZ, 1e6, unknown=_UNKNOWN),
        "throttle_reasons": _throttles(host, *throttle),
    }


def _throttles(host: Host, folder: str, prefix: str) -> Statement:
    files = [each for each in host.matching(folder, f"{prefix}*") if not each.endswith("_status")]
    if not files:
        return absent(f"{folder} tells no reasons for throttling")
    words = []
    for path in files:
        state = switch(host, path)
        if isinstance(state, Missing):
            return state
        if state.value:
            words.append(path.rpartition(prefix)[2].replace("_", " "))
    return fact(tuple(words) or ("none",), folder)


def _sensed(host: Host, path: str) -> Values:
    folder = _drm.sensors(host, path)
    if not folder:
        none = absent(f"{path} has no hwmon folder: only separate cards have their own sensors")
        return dict.fromkeys(("power", "power_limit", "power_limit_default", "temperature"), none)
    return {
        "power": _COUNTER,
        "power_limit": watts(host, f"{folder}/power1_max", "the limit is switched off"),
        "power_limit_default": watts(host, f"{folder}/power1_rated_max", "the card tells none"),
        "temperature": _drm.degrees(host, folder, "pkg"),
    }


PROBE = Probe(summary="Intel GPUs and what torch can use of them", find=find)
