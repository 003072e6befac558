"""Where a collective runs: gloo on processors, or NCCL on one GPU a rank, each with its clock."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.distributed as dist

from bitpath_cli.benchmarks import CannotMeasure
from bitpath_cli.host import monotonic
from bitpath_cli.model.protocols import Ranks
from bitpath_cli.model.reading import Missing, absent, unsupported
from bitpath_cli.model.result import Finding, Parameters


@dataclass(frozen=True)
class Stage:
    """The device that holds the data, and the process group; None for the ranks' own."""

    device: torch.device
    group: dist.ProcessGroup | None = None

    def find_memory(self, host_bytes: int) -> float:
        """Bytes that may be used: of the host as it was told, or free on the GPU."""
        if self.device.type != "cuda":
            return float(host_bytes)
        return float(torch.cuda.mem_get_info(self.device)[0])

    def time(self, operation: Callable[[], object]) -> float:
        """Seconds of one operation: by the monotonic clock, on a GPU by the device's events."""
        if self.device.type != "cuda":
            begin = monotonic()
            operation()
            return monotonic() - begin
        started, ended = (
            torch.cuda.Event(enable_timing=True) for _ in range(2)  # type: ignore[no-untyped-call]
        )  # fmt: skip
        started.record()
        operation()
        ended.record()
        ended.synchronize()
        return float(started.elapsed_time(ended)) / 1e3


def open_stage(backend: str, ranks: Ranks) -> Stage:
    """The stage that every rank can step on; CannotMeasure in all where one of them cannot.

    The ranks themselves are joined by gloo; NCCL gets a group of its own beside it.
    """
    if backend != "nccl":
        return Stage(torch.device("cpu"))
    refusal = _refusal(ranks)
    if ranks.slowest(float(refusal is not None)) > 0:
        raise CannotMeasure(refusal or absent("another rank has no GPU that NCCL can use"))
    device = torch.device("cuda", _local_rank(ranks))
    torch.cuda.set_device(device)
    return Stage(device, dist.new_group(backend="nccl"))


def describe_nccl(parameters: Parameters) -> Finding:
    """NCCL's version, whether the GPUs reach each other's memory, and its variables that are set.

    Call it in a rank that is on a stage of NCCL.
    """
    parts = torch.cuda.nccl.version()  # type: ignore[no-untyped-call]
    version = ".".join(str(part) for part in parts)
    count = torch.cuda.device_count()
    direct = all(
        torch.cuda.can_device_access_peer(one, other)
        for one in range(count) for other in range(count) if one != other
    )  # fmt: skip
    way = "reach each other's memory" if direct else "do not all reach each other's memory"
    told = [f"{name}={value}" for name, value in parameters.items() if name.startswith("NCCL_")]
    return Finding(
        name="nccl",
        sentence=f"NCCL {version}; the {count} GPUs of this host {way}; of its variables "
        f"{', '.join(told) or 'none'} is set.",
    )


def _refusal(ranks: Ranks) -> Missing | None:
    if not torch.cuda.is_available():
        return absent(
            f"torch {torch.__version__} can use no NVIDIA GPU here",
            "install torch's CUDA build that fits the driver, or use --backend gloo",
        )
    if not dist.is_nccl_available():
        return absent(f"torch {torch.__version__} was built without NCCL", "use --backend gloo")
    if _local_rank(ranks) >= torch.cuda.device_count():
        return unsupported(
            f"NCCL takes one GPU for each rank, and this host has {torch.cuda.device_count()}",
            "start fewer ranks here with --nproc-per-node",
        )
    return None


def _local_rank(ranks: Ranks) -> int:
    """How many ranks of this host come before this one."""
    return ranks.addresses[: ranks.rank].count(ranks.addresses[ranks.rank])
