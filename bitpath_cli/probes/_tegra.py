"""The GPU of an NVIDIA Jetson, of which NVML knows little: from the device tree and devfreq.

Paths follow the Jetson Linux Developer Guide and the kernel's Documentation/ABI (devfreq).
"""

import re
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Statement, fact, unsupported
from bitpath_cli.model.units import HERTZ, ONE
from bitpath_cli.probes._accelerator import Values
from bitpath_cli.probes._nvml import UNIFIED_MEMORY
from bitpath_cli.probes._sysfs import quantity, statement, text

TREE: Final = "/proc/device-tree"
_DEVFREQ: Final = "/sys/class/devfreq"
_GPU_NODES: Final = ("gpu", "ga10b", "gv11b", "gp10b", "gm20b")
_RELEASE: Final = re.compile(r"R(\d+) \(release\), REVISION: ([\d.]+)")
_RAILS: Final = unsupported(
    "a Jetson's GPU has no power meter of its own", "see the power of its supply rails (INA3221)"
)


def is_tegra(host: Host) -> bool:
    """Whether this is an NVIDIA system on a chip, whose GPU is not a card."""
    compatible = host.read_text(f"{TREE}/compatible")
    return not isinstance(compatible, Missing) and "nvidia,tegra" in compatible


def describe(host: Host) -> Values:
    """What the device tree and devfreq tell of the built-in GPU."""
    values: Values = {
        "model": statement(host, f"{TREE}/model"),
        "driver": release(host),
        "memory_kind": fact("unified", f"{TREE}/compatible"),
        "memory_total": UNIFIED_MEMORY,
        "memory_used": UNIFIED_MEMORY,
        "power": _RAILS,
        "power_limit": _RAILS,
        "power_limit_default": _RAILS,
    }
    folder = _folder(host)
    if not folder:
        return values
    return {
        **values,
        "clock_core": quantity(host, f"{folder}/cur_freq", HERTZ, unknown=frozenset({0})),
        "clock_core_max": quantity(host, f"{folder}/max_freq", HERTZ, unknown=frozenset({0})),
        "utilisation": quantity(host, f"{folder}/device/load", ONE, 1e-3),
    }


def release(host: Host) -> Statement:
    """The release of Jetson Linux, which brings driver and CUDA, such as `L4T 36.4.0`."""
    path = "/etc/nv_tegra_release"
    words = text(host, path)
    if isinstance(words, Missing):
        return words
    match = _RELEASE.search(words)
    return fact(f"L4T {match[1]}.{match[2]}" if match else words.splitlines()[0], path)


def _folder(host: Host) -> str:
    for folder in host.matching(_DEVFREQ, "*"):
        name = text(host, f"{folder}/device/of_node/name")
        if name in _GPU_NODES or folder.rpartition(".")[2] in _GPU_NODES:
            return folder
    return ""
