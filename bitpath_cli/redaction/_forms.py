"""Identifiers that are known by their form: addresses, serial numbers, paths, people's names.

Addresses are those of ipaddress; paths of the system itself (/proc, /sys, /usr, …) identify nobody.
"""

import ipaddress
import re
from typing import Final

LOCAL_NAMES: Final = frozenset({"localhost", "loopback", "none", "local"})
_SYSTEM: Final = re.compile(
    r"/(?:proc|sys|etc|usr|lib|lib64|bin|sbin|boot|dev)(?=/|$)"
    r"|/(?:run|var|tmp|opt|home|mnt|srv|root)/?$|/\.dockerenv$"
)
_DEVICE: Final = re.compile(r"/dev/(?:[a-z]+[0-9a-z]*|(?:shm|dri|infiniband|net|cpu)(?:/\w+)*)/?")
_UUID: Final = r"\b(?:GPU-|MIG-)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
_SERIAL: Final = (
    r"\b0x[0-9a-fA-F]{16}\b|\bwwn-0x[0-9a-fA-F]+|\b(?:eui|naa)\.[0-9a-fA-F]{16,32}\b"
    r"|\b[0-9a-fA-F]{4}(?::[0-9a-fA-F]{4}){3}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{64}\b"
    r"|\bi-[0-9a-f]{8,17}\b|\b(?i:serial(?: number| no\.?)?|s/n)[ :=#]{1,3}(?P<number>[\w-]{4,})"
)
_MAC: Final = (
    r"\b(?:[0-9a-fA-F]{2}[:-]){5}(?:[0-9a-fA-F]{2}[:-]){0,14}[0-9a-fA-F]{2}\b|\benx[0-9a-f]{12}\b"
)
_IP4: Final = r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)"
_IP6: Final = r"(?<![\w:.])[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:%\w+)?(?![\w:])"
_PATH: Final = r"(?<![^\s'\"(\[=:,;<>])/[\w.@+~%,=:-]+(?:/[\w.@+~%,=:-]*)*"
_NUMBERED: Final = (
    rf"(?P<mail>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<uuid>{_UUID})|(?P<mac>{_MAC})"
    rf"|(?P<serial>{_SERIAL})|(?P<session>\b(?:user-|user@)\d+)"
)
_FORMS: Final = re.compile(
    rf"(?P<url>\bhttps?://[^\s'\"<>]+)|{_NUMBERED}|(?P<address>{_IP4}|{_IP6})|(?P<path>{_PATH})"
)
_INSIDE_PATHS: Final = re.compile(_NUMBERED)
_IP6_NETWORKS: Final = tuple(map(ipaddress.ip_network, ("2000::/3", "fc00::/7", "fe80::/10")))
_KINDS: Final = {"session": "account", "uuid": "id"}


class Forms:
    """Replaces identifiers by numbered tokens, the same one for the same identifier."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def token(self, kind: str, value: str) -> str:
        """`kind-1`, `kind-2`, … in the order in which they are met; a token stays what it is."""
        if re.fullmatch(r"(?:id|mail|mac|serial|address|account|path|peer|domain)-\d+", value):
            return value
        if (kind, value) not in self._tokens:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._tokens[kind, value] = f"{kind}-{self._counts[kind]}"
        return self._tokens[kind, value]

    def replace(self, text: str, with_addresses: bool = True) -> str:
        """The text with a token for every identifier; addresses may be left for versions."""
        return _FORMS.sub(lambda found: self._one(found, with_addresses), text)

    def _one(self, found: re.Match[str], with_addresses: bool = True) -> str:
        kind, text = str(found.lastgroup), found[0]
        if found["number"] is not None:
            return text.replace(found["number"], self.token("serial", found["number"]))
        if kind == "url" or (kind == "address" and not (with_addresses and _is_somebodys(text))):
            return text
        if kind == "path":
            return self._path(text)
        return self.token(_KINDS.get(kind, kind), text)

    def _path(self, text: str) -> str:
        bare = text.rstrip(".,:")
        if bare.startswith("/dev/"):
            is_plain = _DEVICE.fullmatch(bare) is not None
        else:
            is_plain = _SYSTEM.match(bare) is not None
        if is_plain:
            return _INSIDE_PATHS.sub(self._one, text)
        return self.token("path", bare) + text[len(bare) :]


def _is_somebodys(text: str) -> bool:
    """Whether it is an address at all, and none that every host has."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if found.is_loopback or found.is_unspecified:
        return False
    return found.version == 4 or any(found in each for each in _IP6_NETWORKS)
