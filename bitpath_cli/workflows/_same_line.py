"""The line to type on the other hosts: what was typed here, with another number."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Final

# What only concerns the host on which it was typed: option, and whether a value follows.
_OWN: Final = {"--output": True, "-o": True, "--json": False}


def same_line(typed: Sequence[str], replaced: Mapping[str, str]) -> str:
    """`typed` are the words after the program's name; `replaced` are values by option."""
    line = ["bitpath"]
    words = iter(typed)
    for word in words:
        option, equals, _ = word.partition("=")
        if option in _OWN:
            if _OWN[option] and not equals:
                next(words, None)
        elif option in replaced:
            if not equals:
                next(words, None)
            line += [option, replaced[option]]
        else:
            line.append(word)
    return shlex.join(line)
