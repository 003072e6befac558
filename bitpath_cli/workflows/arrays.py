"""The cases of memory_bandwidth with arrays of a size that a person chose."""

from typing import Final

from bitpath_cli.benchmarks import memory_bandwidth
from bitpath_cli.benchmarks._memory_streams import ARRAYS, LARGEST_SHARE, VARIANT
from bitpath_cli.errors import BadValue
from bitpath_cli.host import Host
from bitpath_cli.model.result import Parameters
from bitpath_cli.model.units import BYTE, human
from bitpath_cli.probes import Question
from bitpath_cli.workflows._jobs import find_context
from bitpath_cli.workflows.inspect import inspect

OPTION: Final = "--array-size"
_SMALLEST_BYTES: Final = 4096


def find_arrays(size_bytes: float, host: Host | None = None) -> tuple[Parameters, ...]:
    """All threads and one; BadValue where three such arrays do not fit into what may be used."""
    host = host or Host()
    found = inspect(host, Question(), ("cpu", "limits"))
    context = find_context(host, found.components, ".", thorough=False, quick=True)
    largest = int(LARGEST_SHARE * context.memory_bytes) // ARRAYS
    if not _SMALLEST_BYTES <= size_bytes <= largest:
        raise BadValue(
            OPTION, human(size_bytes, BYTE),
            f"{human(_SMALLEST_BYTES, BYTE)} to {human(largest, BYTE)} for each of three arrays, "
            f"as {human(context.memory_bytes, BYTE)} of memory may be used here",
        )  # fmt: skip
    return tuple(
        {**case.parameters, "array_bytes": int(size_bytes)}
        for case in memory_bandwidth.find_cases(context)
        if case.parameters["variant"] == VARIANT and case.parameters["device"] == "cpu"
    )
