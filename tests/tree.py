"""A small machine written below a temporary folder, and what a reading of it says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bitpath_cli.host import Host
from bitpath_cli.model.reading import Fact, Missing, Quantity
from tests.nvml_fake import Door
from tests.recorded import Recorded


def write(root: Path, files: Mapping[str, object]) -> None:
    """Files by their paths on that machine; a text that begins with `-> ` is a link's target."""
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        text = str(content)
        if text.startswith("-> "):
            place.symlink_to(text.removeprefix("-> "))
        else:
            place.write_text(f"{text}\n")


def tree(root: Path, files: Mapping[str, object], nvml: Door | None = None, **told: Any) -> Host:
    """The machine that has these files and tells this of itself."""
    write(root, files)
    answers = {"affinity": [0], "hostname": "tree", "machine": "x86_64", **told}
    return Host(root, Recorded(answers, nvml))


def number(reading: object) -> float:
    """A quantity's value."""
    assert isinstance(reading, Quantity), reading
    return reading.value


def said(statement: object) -> bool | str | tuple[str, ...]:
    """A fact's value."""
    assert isinstance(statement, Fact), statement
    return statement.value


def why(reading: object) -> Missing:
    """The reason of what is missing."""
    assert isinstance(reading, Missing), reading
    return reading
