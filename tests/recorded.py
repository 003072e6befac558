"""A recorded machine: a folder under tests/machines with its files and an `outside.json`.

`outside.json` answers what is not a file: affinity, environment, ulimits, filesystem space, device
numbers, command output, installed distributions, NVML (a name in `NVML_FAKES`), and `refusals`, the
paths that the machine refused to read with the errno's name. `about` says whether the machine was
recorded or is synthetic, and from which documents it was written.
"""

import errno
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from bitpath_cli.host import Host, Output, Space
from bitpath_cli.model.reading import Missing, absent

MACHINES = Path(__file__).parent / "machines"


class Recorded:
    """Answers from `outside.json`; what is not in it does not exist on that machine."""

    def __init__(
        self, told: Mapping[str, Any], nvml: Callable[[], ModuleType | Missing] | None
    ) -> None:
        self._told = told
        self._nvml = nvml

    def affinity(self) -> tuple[int, ...]:
        return tuple(self._told["affinity"])

    def environment(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self._told.get("environment", {})
        return found

    def user_id(self) -> int:
        return int(self._told.get("user_id", 1000))

    def process_id(self) -> str:
        return "self"

    def hostname(self) -> str:
        return str(self._told["hostname"])

    def machine(self) -> str:
        return str(self._told["machine"])

    def ulimit(self, name: str) -> int | Missing | None:
        limits: Mapping[str, int | None] = self._told.get("ulimits", {})
        return limits[name] if name in limits else absent(f"RLIMIT_{name} was not recorded")

    def space(self, path: str) -> Space | Missing:
        spaces: Mapping[str, list[int]] = self._told.get("space", {})
        return Space(*spaces[path]) if path in spaces else absent(f"{path} was not recorded")

    def device_number(self, path: str) -> tuple[int, int] | Missing:
        numbers: Mapping[str, list[int]] = self._told.get("device_numbers", {})
        if path not in numbers:
            return absent(f"{path} was not recorded")
        return numbers[path][0], numbers[path][1]

    def installed_version(self, distribution: str) -> str | None:
        versions: Mapping[str, str] = self._told.get("distributions", {})
        return versions.get(distribution)

    def run(self, arguments: Sequence[str], limit_seconds: float) -> Output | Missing:
        commands: Mapping[str, dict[str, Any]] = self._told.get("commands", {})
        line = " ".join(arguments)
        if line not in commands:
            return absent(f"{arguments[0]} is not on this machine")
        return Output(**commands[line])

    def nvml(self) -> ModuleType | Missing:
        if self._nvml is None:
            return absent("NVML: libnvidia-ml.so.1 was not found: no NVIDIA driver is installed")
        return self._nvml()

    def refusal(self, path: str) -> int | None:
        refusals: Mapping[str, str] = self._told.get("refusals", {})
        return getattr(errno, refusals[path]) if path in refusals else None


def recorded(
    name: str, nvml: Callable[[], ModuleType | Missing] | None = None, **changes: Any
) -> Host:
    """The host of that name under tests/machines; `changes` replace what its outside.json tells."""
    folder = MACHINES / name
    told = {**json.loads((folder / "outside.json").read_text()), **changes}
    if nvml is None and "nvml" in told:
        # Only machines with NVML pay for importing it.
        from tests.nvml_fake import NVML_FAKES

        nvml = NVML_FAKES[told["nvml"]]
    return Host(folder, Recorded(told, nvml))
