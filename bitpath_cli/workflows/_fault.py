"""How a fault of our own is put into a report, so that the report alone is enough to find it."""

import traceback
from pathlib import Path

from bitpath_cli.model.report import Note


def describe(error: Exception) -> str:
    """The error and where it arose."""
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    return f"{type(error).__name__}: {error}{place}"


def note(what: str, error: str, meanwhile: str = "") -> Note:
    """A warning that says whose fault it is and what to do until it is mended."""
    return Note(
        level="warning",
        text=f"{what} failed ({error}): a fault in bitpath, not in the machine.",
        next_step=f"Please report it{'; meanwhile ' + meanwhile if meanwhile else ''}.",
    )
