"""Which collectives to measure, and over which sizes, from what was typed."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final, Literal

from bitpath_cli.benchmarks._operations import OPERATIONS
from bitpath_cli.errors import BadValue, UnknownName
from bitpath_cli.host import Host
from bitpath_cli.model.reading import Missing, absent
from bitpath_cli.model.result import Parameters, Scalar
from bitpath_cli.model.units import BYTE, human

BackendName = Literal["auto", "gloo", "nccl"]
_DTYPES: Final = (
    "float32", "float64", "float16", "bfloat16", "int8", "int32", "int64",
)  # fmt: skip

# What of NCCL's environment changes its speed; nothing else of the environment is kept.
_NCCL_VARIABLES: Final = (
    "NCCL_ALGO", "NCCL_PROTO", "NCCL_P2P_DISABLE", "NCCL_P2P_LEVEL", "NCCL_SHM_DISABLE",
    "NCCL_IB_DISABLE", "NCCL_NET", "NCCL_SOCKET_IFNAME", "NCCL_MIN_NCHANNELS",
    "NCCL_MAX_NCHANNELS", "NCCL_NVLS_ENABLE",
)  # fmt: skip
_LEAST_GPUS: Final = 2


def find_sweep(
    operations: Sequence[str],
    dtypes: Sequence[str],
    smallest_bytes: float | None,
    largest_bytes: float | None,
    backend: BackendName,
    diagnose: bool,
    host: Host | None = None,
) -> tuple[Parameters, ...]:
    """The parameters of a case for every collective and type.

    Raises UnknownName, and BadValue for sizes and backends that cannot be had.

    With `diagnose` the first all-reduce also finds out who is slow and what overlap costs; that is
    done on processors, whose connections and cores are what ranks share, and not with NCCL.
    """
    _check("collective", operations, tuple(OPERATIONS), "Name it with --op.")
    _check("type", dtypes, _DTYPES, "Name it with --dtype.")
    bounds: dict[str, Scalar] = {}
    for name, size in (("min_size", smallest_bytes), ("max_size", largest_bytes)):
        if size is not None:
            if size < 1:
                raise BadValue(f"--{name.replace('_', '-')}", f"{size:g} B", "a byte or more")
            bounds[name] = int(size)
    if smallest_bytes is not None and largest_bytes is not None and smallest_bytes > largest_bytes:
        raise BadValue("--min-size", human(smallest_bytes, BYTE), "no more than --max-size")
    used = _find_backend(host or Host(), backend)
    cases: list[Parameters] = []
    for operation, dtype in dict.fromkeys(product(operations, dtypes)):
        told: Parameters = {"op": operation, "dtype": dtype, **used, **bounds}
        if (
            diagnose
            and used["backend"] == "gloo"
            and operation == "all_reduce"
            and not any("diagnosis" in each for each in cases)
        ):
            told["diagnosis"] = True
        cases.append(told)
    return tuple(cases)


def _check(kind: str, names: Sequence[str], known: tuple[str, ...], next_step: str) -> None:
    for name in names:
        if name not in known:
            raise UnknownName(kind, name, known, next_step)


def _find_backend(host: Host, backend: BackendName) -> Parameters:
    """The backend, with a rank for each GPU and NCCL's variables where it is NCCL."""
    if backend == "gloo":
        return {"backend": "gloo"}
    gpus = _count_gpus(host)
    if backend == "nccl" and isinstance(gpus, Missing):
        raise BadValue(
            "--backend", "nccl", f"gloo here; NCCL needs NVIDIA GPUs, and {gpus.detail}"
        )  # fmt: skip
    if isinstance(gpus, Missing) or (backend == "auto" and not _can_use(gpus)):
        return {"backend": "gloo"}
    environment: Mapping[str, str] = host.outside.environment()
    told = {name: environment[name] for name in _NCCL_VARIABLES if name in environment}
    return {"backend": "nccl", "world_size": gpus, **told}


def _count_gpus(host: Host) -> int | Missing:
    nvml = host.outside.nvml()
    if isinstance(nvml, Missing):
        return nvml
    return int(nvml.nvmlDeviceGetCount()) or absent("the driver sees none")


def _can_use(gpus: int) -> bool:
    """Whether torch can use the GPUs that the driver sees; loaded only where there are several."""
    if gpus < _LEAST_GPUS:
        return False
    import torch

    return torch.cuda.is_available() and torch.distributed.is_nccl_available()
