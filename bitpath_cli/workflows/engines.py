"""Which engine drives a disk's cases, from what was typed and what is installed."""

from typing import Literal

from bitpath_cli.benchmarks import disk
from bitpath_cli.benchmarks._disk_kinds import kind_of
from bitpath_cli.benchmarks._fio import find_fio
from bitpath_cli.errors import BadValue
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing
from bitpath_cli.model.result import Parameters
from bitpath_cli.workflows._jobs import find_context

Engine = Literal["auto", "builtin", "fio"]


def find_disk_cases(
    engine: Engine, directory: str, host: Host | None = None
) -> tuple[Parameters, ...] | None:
    """The disk's cases with their engine; None where the benchmark's own are right or refused.

    fio drives what passes the page cache by; what training does is the built-in engine's alone.
    Raises BadValue where fio was asked for and cannot be used.
    """
    if engine == "builtin":
        return None
    fio = find_fio()
    if isinstance(fio, Missing):
        if engine == "fio":
            raise BadValue("--engine", "fio", f"builtin and auto, because {fio.detail}")
        return None
    # Only how large files may be depends on the memory, and no case does.
    cases = disk.find_cases(find_context(host or Host(), (), directory, thorough=False))
    if isinstance(cases, Missing):
        return None
    return tuple(
        {**each.parameters, "engine": "fio"} if kind_of(each.parameters).is_direct
        else each.parameters
        for each in cases
    )  # fmt: skip
