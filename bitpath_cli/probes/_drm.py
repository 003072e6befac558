"""Values that graphics drivers share: their hwmon folder, clock tables and render nodes.

Formats follow the kernel's Documentation/gpu/amdgpu/thermal.rst and hwmon/sysfs-interface.rst.
"""

import re
from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, Quantity, failed, reported, unsupported
from bitpath_cli.model.units import CELSIUS, HERTZ
from bitpath_cli.probes._sysfs import quantity, text

_LEVEL: Final = re.compile(r"(\w+):\s*(\d+)Mhz(\s*\*)?", re.IGNORECASE)


def card(host: Host, path: str) -> str:
    """The device's folder as a graphics card, empty where no graphics driver made one."""
    found = [each for each in host.matching(f"{path}/drm", "card*") if "-" not in each[-8:]]
    return found[0] if found else ""


def sensors(host: Host, path: str) -> str:
    """The device's hwmon folder, empty where its driver has none."""
    found = host.matching(f"{path}/hwmon", "hwmon*")
    return found[0] if found else ""


def clocks(host: Host, path: str) -> tuple[Quantity | Missing, Quantity | Missing]:
    """Current and highest clock of a table such as `0: 500Mhz` and `1: 2700Mhz *`."""
    words = text(host, path)
    if isinstance(words, Missing):
        return words, words
    levels = [(int(match[2]), bool(match[3])) for match in _LEVEL.finditer(words)]
    if not levels:
        wrong = failed(f"{path} holds no clocks")
        return wrong, wrong
    now = [level for level, marked in levels if marked]
    highest = reported(max(level for level, _ in levels) * 1e6, HERTZ, path)
    if not now:
        return unsupported(f"{path} marks no clock as the current one"), highest
    return reported(now[0] * 1e6, HERTZ, path), highest


def degrees(host: Host, folder: str, *labels: str) -> Quantity | Missing:
    """The temperature with the first of these labels that the chip has, else its first one."""
    files = host.matching(folder, "temp*_input")
    by_label = {text(host, path.replace("_input", "_label")): path for path in files}
    chosen = [by_label[label] for label in labels if label in by_label] or list(files[:1])
    if not chosen:
        return unsupported(f"{folder} has no temperature")
    return quantity(host, chosen[0], CELSIUS, 1e-3)
