"""The numeric libraries: package metadata, and torch's own words where it may be asked."""

import platform
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from bitpath_cli.host import Host
from bitpath_cli.model.component import Component
from bitpath_cli.model.components.software import Software
from bitpath_cli.model.reading import (
    Fact,
    Missing,
    Quantity,
    Statement,
    absent,
    fact,
    failed,
    reported,
    unsupported,
)
from bitpath_cli.model.units import ONE
from bitpath_cli.probes import Probe, Question
from bitpath_cli.probes._libraries import SOURCE, Answer, TorchAnswer, ask

_CUDA_PACKAGES: Final = {
    "cuda": ("nvidia-cuda-runtime", "nvidia-cuda-runtime-cu13", "nvidia-cuda-runtime-cu12"),
    "cudnn": ("nvidia-cudnn-cu13", "nvidia-cudnn-cu12"),
    "nccl": ("nvidia-nccl-cu13", "nvidia-nccl-cu12"),
}
_LAUNCHERS: Final = ("mpirun", "mpiexec")
_VARIABLES: Final = (
    "ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING",
    "DNNL_MAX_CPU_ISA", "GLOO_SOCKET_IFNAME", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "KMP_BLOCKTIME",
    "MALLOC_ARENA_MAX", "MKL_DEBUG_CPU_TYPE", "MKL_ENABLE_INSTRUCTIONS", "MKL_NUM_THREADS",
    "MKL_DYNAMIC", "NCCL_ALGO", "NCCL_IB_DISABLE", "NCCL_IB_HCA", "NCCL_NET", "NCCL_NET_GDR_LEVEL",
    "NCCL_P2P_DISABLE", "NCCL_P2P_LEVEL", "NCCL_PROTO", "NCCL_SHM_DISABLE", "NCCL_SOCKET_IFNAME",
    "NVIDIA_TF32_OVERRIDE", "OMP_DYNAMIC", "OMP_NUM_THREADS", "OMP_PLACES", "OMP_PROC_BIND",
    "OMP_WAIT_POLICY", "ONEDNN_DEFAULT_FPMATH_MODE", "ONEDNN_MAX_CPU_ISA", "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "TORCH_NUM_THREADS",
)  # fmt: skip
Known = TypeVar("Known", Fact, Quantity)
_NOT_ASKED: Final = unsupported(
    "package metadata does not tell this; only the library itself knows",
    "'bitpath assess' asks the library in a subprocess",
)


def find(host: Host, question: Question) -> tuple[Component, ...]:
    """One component for the interpreter that runs this and the libraries beside it."""
    torch = installed(host, "torch")
    answer = _answer(host, question, torch)
    told = _torch_answer(answer)

    def of_torch(read: Callable[[TorchAnswer], Known | Missing]) -> Known | Missing:
        return torch if isinstance(torch, Missing) else read_or_missing(told, read)

    return (
        Software(
            name="libraries",
            python=fact(_interpreter(), "platform"),
            torch=torch,
            torch_build=_build(torch, told),
            torch_threads=of_torch(lambda each: reported(each.threads, ONE, SOURCE)),
            torch_interop_threads=of_torch(lambda it: reported(it.interop_threads, ONE, SOURCE)),
            blas=of_torch(lambda each: _stated(each.blas, "torch names no BLAS in its build")),
            cpu_capability=of_torch(lambda each: fact(each.cpu_capability, SOURCE)),
            onednn_isa=of_torch(lambda _: _isa(answer)),
            cuda=_cuda_part(host, "cuda", torch, told, lambda each: each.cuda),
            cuda_usable=of_torch(lambda each: fact(each.cuda_usable, SOURCE)),
            cudnn=_cuda_part(host, "cudnn", torch, told, lambda each: each.cudnn),
            nccl=_cuda_part(host, "nccl", torch, told, lambda each: each.nccl),
            gloo=of_torch(lambda each: fact(each.gloo, SOURCE)),
            numpy=installed(host, "numpy"),
            numpy_blas=_numpy_blas(host, answer),
            mpi=find_mpi(host),
            environment=fact(parse_environment(host.outside.environment()), "the environment"),
        ),
    )  # fmt: skip


def installed(host: Host, distribution: str) -> Statement:
    """The version of an installed Python package, from its metadata."""
    version = host.outside.installed_version(distribution)
    if version is None:
        return absent(f"{distribution} is not installed", f"pip install {distribution}")
    return fact(version, f"package metadata of {distribution}")


def parse_build(version: str) -> Statement:
    """What a version's local part says about the build: `2.6.0+cu126` is for CUDA 12.6."""
    local = version.partition("+")[2]
    if local.startswith("cpu"):
        return fact("cpu", "package metadata of torch")
    if local.startswith("cu") and local[2:].isdigit():
        return fact(f"CUDA {local[2:-1]}.{local[-1]}", "package metadata of torch")
    if local.startswith("rocm"):
        return fact(f"ROCm {local.removeprefix('rocm')}", "package metadata of torch")
    return _NOT_ASKED


def parse_environment(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that change what numeric libraries do, as NAME=value, in order of name."""
    return tuple(f"{name}={environment[name]}" for name in _VARIABLES if name in environment)


def find_mpi(host: Host) -> Statement:
    """The MPI launcher in PATH, by the name behind its links, and mpi4py's version."""
    found = []
    folders = [each for each in host.outside.environment().get("PATH", "").split(":") if each]
    for path in (f"{folder}/{name}" for folder in folders for name in _LAUNCHERS):
        place = host.resolve(path) if path.startswith("/") else absent(path)
        if not isinstance(place, Missing):
            found.append(place.rpartition("/")[2])
            break
    if (version := host.outside.installed_version("mpi4py")) is not None:
        found.append(f"mpi4py {version}")
    if not found:
        return absent("no mpirun or mpiexec in PATH, and mpi4py is not installed")
    return fact(tuple(found), "PATH and package metadata")


def read_or_missing(
    told: TorchAnswer | Missing, read: Callable[[TorchAnswer], Known | Missing]
) -> Known | Missing:
    """What `read` takes from an answer, or why there is no answer."""
    return told if isinstance(told, Missing) else read(told)


def _interpreter() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _answer(host: Host, question: Question, torch: Statement) -> Answer | Missing:
    if not question.ask_libraries:
        return _NOT_ASKED
    if isinstance(torch, Missing) and host.outside.installed_version("numpy") is None:
        return torch
    return ask(host)


def _torch_answer(answer: Answer | Missing) -> TorchAnswer | Missing:
    if isinstance(answer, Missing):
        return answer
    if answer.torch is None:
        return failed(
            f"torch cannot be imported: {answer.torch_error}", "python -c 'import torch' shows why"
        )
    return answer.torch


def _build(torch: Statement, told: TorchAnswer | Missing) -> Statement:
    if isinstance(torch, Missing):
        return torch
    if isinstance(told, Missing):
        named = parse_build(str(torch.value))
        return told if isinstance(named, Missing) else named
    return fact(told.build, SOURCE)


def _cuda_part(
    host: Host,
    part: str,
    torch: Statement,
    told: TorchAnswer | Missing,
    read: Callable[[TorchAnswer], str | None],
) -> Statement:
    """What torch uses; without its answer, what is installed beside it."""
    if isinstance(torch, Missing):
        return torch
    if not isinstance(told, Missing):
        return _stated(read(told) or "", f"this build of torch ({told.build}) uses no {part} here")
    for package in _CUDA_PACKAGES[part]:
        found = installed(host, package)
        if not isinstance(found, Missing):
            return found
    build = parse_build(str(torch.value))
    if not isinstance(build, Missing) and build.value == "cpu":
        return absent(f"torch {torch.value} is built without CUDA, so it uses no {part}")
    return told


def _isa(answer: Answer | Missing) -> Statement:
    if isinstance(answer, Missing):
        return answer
    return _stated(
        answer.onednn_isa, "oneDNN did not name its instruction set; torch may be built without it"
    )


def _numpy_blas(host: Host, answer: Answer | Missing) -> Statement:
    numpy = installed(host, "numpy")
    if isinstance(numpy, Missing):
        return numpy
    if isinstance(answer, Missing):
        return answer
    if answer.numpy is None:
        return failed(f"numpy cannot be imported: {answer.numpy_error}")
    core = f", kernels for {answer.numpy.blas_core}" if answer.numpy.blas_core else ""
    return fact(f"{answer.numpy.blas}{core}", "numpy, asked in a subprocess")


def _stated(words: str, otherwise: str) -> Statement:
    return fact(words, SOURCE) if words else absent(otherwise)


PROBE = Probe(summary="Numeric libraries: torch, BLAS, oneDNN, CUDA, NCCL, gloo, MPI", find=find)
