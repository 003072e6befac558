"""Words from a report as they may stand in a file: quoted for sh, for systemd, or as a name.

Whoever wrote the report wrote the words, so none of them may end a comment or start a command.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterable
from typing import Final

_LONGEST_NAME: Final = 40
_LONGEST_COMMENT: Final = 400
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:=@,+-]+")


def sh(text: str) -> str:
    """One word for a POSIX shell."""
    return shlex.quote(text.replace("\0", ""))


def sh_line(words: Iterable[str]) -> str:
    """A command as a shell reads it."""
    return " ".join(sh(each) for each in words)


def comment(text: str) -> str:
    """One line, whatever the text holds; a backslash at its end would swallow the next line."""
    visible = "".join(" " if _is_control(each) else each for each in text)
    line = " ".join(visible.split())[:_LONGEST_COMMENT]
    return f"{line} ." if line.endswith("\\") else line


def name(text: str) -> str:
    """A DNS label, which is also a file's, a unit's and a Slurm job's name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    label = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_NAME].strip("-")
    if not label:
        return "workload"
    return label if label[0].isalpha() else f"w-{label}"


def systemd(text: str) -> str:
    """One word of a unit's command line: no specifier, no variable and no escape is left in it."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("%", "%%").replace("$", "$$")
    shown = "".join(_systemd_escape(each) if _is_control(each) else each for each in escaped)
    return f'"{shown}"'


def kubernetes(text: str) -> str:
    """A word of a container's command, in which $(NAME) would be replaced."""
    return text.replace("$", "$$")


def _systemd_escape(character: str) -> str:
    return "".join(f"\\x{each:02x}" for each in character.encode())


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs")
