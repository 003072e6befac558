"""A script that asks the installed torch and numpy about themselves and prints one line of JSON.

It runs in its own process: importing torch costs a second and 200 MB, asking CUDA poisons forks,
and a broken installation may crash. It imports nothing of bitpath, so it starts by its path alone.
oneDNN prints its own lines above the JSON, because only its log says which instructions it chose.
"""

import ctypes
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

_CORE_NAMES = tuple(
    f"{prefix}openblas_get_corename{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "")
)


def describe_torch() -> dict[str, object]:
    """What torch was built for, what it uses here, and which devices and backends it offers."""
    os.environ["ONEDNN_VERBOSE"] = "1"
    import torch
    from torch import distributed

    cuda_usable = torch.cuda.is_available()
    with_nccl = distributed.is_available() and distributed.is_nccl_available()
    cudnn = torch.backends.cudnn.version() if cuda_usable else None  # type: ignore[no-untyped-call]
    if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        torch.relu(torch.ones(8, 8).to_mkldnn())
    return {
        "version": str(torch.__version__),
        "cuda": torch.version.cuda,
        "hip": torch.version.hip,
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "configuration": torch.__config__.show(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cudnn": None if cudnn is None else str(cudnn),
        "nccl": _dotted(torch.cuda.nccl.version()) if with_nccl else None,  # type: ignore[no-untyped-call]
        "gloo": distributed.is_available() and distributed.is_gloo_available(),
        "cuda_usable": cuda_usable,
        "architectures": torch.cuda.get_arch_list(),
        "devices": [
            str(getattr(torch.cuda.get_device_properties(index), "uuid", ""))
            for index in range(torch.cuda.device_count() if cuda_usable else 0)
        ],
    }


def describe_numpy() -> dict[str, object]:
    """numpy's version, its BLAS, and the processor kernels that an OpenBLAS chose here."""
    import numpy

    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "version": numpy.__version__,
        "blas": f"{blas.get('name', '')} {blas.get('version', '')}".strip(),
        "blas_core": openblas_core(),
    }


def openblas_core() -> str | None:
    """The name of the kernels that a loaded OpenBLAS uses, which the environment may override."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    for path in {line.split()[-1] for line in maps.splitlines() if "openblas" in line}:
        library = ctypes.CDLL(path)
        for name in _CORE_NAMES:
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return str(function().decode())
    return None


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(part) for part in version)


def main() -> None:
    """Print what each library says, or the error with which it could not be asked."""
    answer: dict[str, object] = {}
    for name, describe in (("torch", describe_torch), ("numpy", describe_numpy)):
        try:
            answer[name] = describe()
        except Exception as error:
            answer[f"{name}_error"] = f"{type(error).__name__}: {error}"
    sys.stdout.flush()
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
