"""The ranks as torch.distributed connects them: `Ranks` in three small collectives."""

from collections.abc import Callable

import torch
import torch.distributed as dist


class TorchRanks:
    """This process among its peers; `mark` is called as each collective begins."""

    def __init__(self, addresses: tuple[str, ...], mark: Callable[[], None] = lambda: None) -> None:
        """Call after init_process_group; `addresses` are the ranks' own, in their order."""
        self._addresses = addresses
        self._mark = mark

    @property
    def addresses(self) -> tuple[str, ...]:
        """See Ranks."""
        return self._addresses

    @property
    def rank(self) -> int:
        """See Ranks."""
        return dist.get_rank()

    @property
    def size(self) -> int:
        """See Ranks."""
        return dist.get_world_size()

    @property
    def backend(self) -> str:
        """See Ranks."""
        return dist.get_backend()

    def agree(self, decision: bool) -> bool:
        """See Ranks."""
        self._mark()
        told = torch.tensor([decision], dtype=torch.uint8)
        dist.broadcast(told, src=0)
        return bool(told.item())

    def slowest(self, seconds: float) -> float:
        """See Ranks; float64 on the wire, so that no digit is lost."""
        self._mark()
        largest = torch.tensor([seconds], dtype=torch.float64)
        dist.all_reduce(largest, op=dist.ReduceOp.MAX)
        return float(largest.item())

    def align(self) -> None:
        """See Ranks."""
        self._mark()
        dist.barrier()
