"""Text that somebody else wrote, without what would steer a terminal instead of being read."""

import re
from typing import Final

# C0 without tab and newline, DEL, C1, and the marks that turn the direction of writing.
_STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The same text with every steering character left out."""
    return _STEERING.sub("", text)
