"""What the firmware says of the machine, from /sys/class/dmi/id.

Manufacturers leave many fields at their template's words, which tell nothing.
"""

from typing import Final

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, Reason, denied, fact, unsupported

FOLDER: Final = "/sys/class/dmi/id"
_TEMPLATES: Final = frozenset({
    "", "0", "none", "n/a", "unknown", "default string", "not specified", "not applicable",
    "to be filled by o.e.m.", "o.e.m.", "system manufacturer", "system product name",
    "system version", "no asset tag", "asset-1234567890", "0123456789",
})  # fmt: skip


def dmi(host: Host, field: str) -> Fact | Missing:
    """One field; template words are a Missing (unsupported)."""
    path = f"{FOLDER}/{field}"
    found = host.read_text(path)
    if isinstance(found, Missing):
        if found.reason is Reason.DENIED:
            return denied(found.detail, f"root, or CAP_DAC_READ_SEARCH, to read {path}")
        return found
    words = found.strip()
    if words.lower() in _TEMPLATES:
        return unsupported(f"{path} holds the template's words '{words}'")
    return fact(words, path)
