"""How replicas stay one model: torch.distributed's own parts, each behind the same three calls.

DistributedDataParallel with its communication hooks, and the model averagers of
torch.distributed.algorithms; slow momentum after Wang et al., SlowMo (ICLR 2020); a parameter
server as a reduction to one rank and a broadcast from it, for RPC would unpickle.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.algorithms.ddp_comm_hooks import (
    default_hooks,
    post_localSGD_hook,
    powerSGD_hook,
)
from torch.distributed.algorithms.model_averaging.averagers import PeriodicModelAverager
from torch.nn.parallel import DistributedDataParallel

Sync = Literal[
    "single", "ddp", "fp16-compress", "powersgd", "local-sgd", "post-local-sgd", "momentum",
    "parameter-server",
]  # fmt: skip
SYNCS: Final[tuple[Sync, ...]] = get_args(Sync)
AVERAGING: Final[frozenset[Sync]] = frozenset({"local-sgd", "post-local-sgd", "momentum"})
"""Those that talk once in so many steps."""

MOMENTUM: Final = 0.9
_SLOW_MOMENTUM: Final = 0.4
_POWER_RANK: Final = 2
_POWER_LEAST_RATE: Final = 2
# PowerSGD wants a few exact steps first, and no fewer than two.
_EXACT_STEPS: Final = 2
_HALF: Final = 0.5
_ONE_BUCKET_MIB: Final = 1 << 20


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Replica:
    """One rank's model: called forward, then gradients combined, optimised, averaged, cleared."""

    forward: Callable[[Tensor], Tensor]
    optimise: Callable[[], None]
    combine: Callable[[], None] = _nothing
    average: Callable[[], None] = _nothing
    clear: Callable[[], None] = _nothing


Group = dist.ProcessGroup | None
"""The ranks that train together; None for all of them."""


def replicate(
    sync: Sync, model: nn.Module, learning_rate: float, every: int, group: Group = None
) -> Replica:
    """The model under a way of synchronising; `every` is the number of steps between averages."""
    optimiser = torch.optim.SGD(model.parameters(), learning_rate, MOMENTUM)

    def optimise() -> None:
        optimiser.step()

    clear = optimiser.zero_grad
    match sync:
        case "single":
            return Replica(model, optimise, clear=clear)
        case "parameter-server":
            return _served(model, optimise, group)
        case "local-sgd":
            return Replica(model, optimise, average=_averaging(model, every, group), clear=clear)
        case "momentum":
            return Replica(
                model, optimise, average=_slow_momentum(model, learning_rate, every, group)
            )
    # PowerSGD talks again from within its answers, which gloo takes in another order on another
    # rank when there are several buckets at once: it gets one.
    cap = _ONE_BUCKET_MIB if sync == "powersgd" else None
    wrapped = DistributedDataParallel(model, process_group=group, bucket_cap_mb=cap)
    if sync == "fp16-compress":
        wrapped.register_comm_hook(group, default_hooks.fp16_compress_hook)
    if sync == "powersgd":
        state = powerSGD_hook.PowerSGDState(
            group, _POWER_RANK, _EXACT_STEPS, min_compression_rate=_POWER_LEAST_RATE
        )
        wrapped.register_comm_hook(state, powerSGD_hook.powerSGD_hook)
    if sync != "post-local-sgd":
        return Replica(wrapped, optimise, clear=clear)
    # A subgroup is a rank alone: after the start no gradient leaves it.
    here = dist.new_subgroups(1)[0]  # type: ignore[no-untyped-call]
    post = post_localSGD_hook.PostLocalSGDState(group, here, every)  # type: ignore[no-untyped-call]
    wrapped.register_comm_hook(post, post_localSGD_hook.post_localSGD_hook)
    return Replica(
        wrapped, optimise, average=_averaging(model, every, group, first=every), clear=clear
    )


def bytes_per_step(sync: Sync, model: nn.Module, ranks: int, every: int) -> float:
    """What a rank sends per step when all-reduces are bandwidth-optimal: 2(N−1)/N · n each.

    A server's link would carry N−1 times what a worker sends: its ranks' mean is given.
    """
    if ranks < 2 or sync == "single":
        return 0.0
    size = float(sum(each.numel() * each.element_size() for each in model.parameters()))
    ring = 2 * (ranks - 1) / ranks
    if sync == "fp16-compress":
        return ring * size * _HALF
    if sync == "powersgd":
        return ring * sum(_compressed_bytes(each) for each in model.parameters())
    return ring * size / (every if sync in AVERAGING else 1)


def _compressed_bytes(parameter: Tensor) -> float:
    """PowerSGD's two factors of a matrix, or the whole where they would not be smaller."""
    whole = parameter.numel()
    if parameter.dim() < 2:
        return float(whole * parameter.element_size())
    rows = parameter.shape[0]
    columns = whole // rows
    factors = _POWER_RANK * (rows + columns)
    kept = factors if factors * _POWER_LEAST_RATE < whole else whole
    return float(kept * parameter.element_size())


def _served(model: nn.Module, optimise: Callable[[], None], group: Group) -> Replica:
    """Gradients to rank 0, whose parameters all others take over."""
    parameters = list(model.parameters())
    ranks, is_server = dist.get_world_size(group), dist.get_rank() == 0

    def combine() -> None:
        told = torch.cat([_gradient(each).flatten() for each in parameters])
        dist.reduce(told, dst=0, group=group)
        if is_server:
            told /= ranks
            _copy_into([_gradient(each) for each in parameters], told)
            optimise()
        with torch.no_grad():
            told = torch.cat([each.flatten() for each in parameters])
            dist.broadcast(told, src=0, group=group)
            _copy_into(parameters, told)

    return Replica(model, _nothing, combine=combine, clear=model.zero_grad)


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _copy_into(tensors: Sequence[Tensor], flat: Tensor) -> None:
    begin = 0
    for each in tensors:
        each.copy_(flat[begin : begin + each.numel()].view_as(each))
        begin += each.numel()


def _averaging(model: nn.Module, every: int, group: Group, first: int = 0) -> Callable[[], None]:
    averager = PeriodicModelAverager(every, warmup_steps=first, process_group=group)
    # Its count begins at the first step, whose average would say nothing: begin one later.
    averager.step = 1 - every if first == 0 else 0
    parameters = list(model.parameters())
    return lambda: averager.average_parameters(parameters)


def _slow_momentum(
    model: nn.Module, learning_rate: float, every: int, group: Group
) -> Callable[[], None]:
    """After each average a step of its own: u ← βu + (x₀ − x̄)/γ, then x ← x₀ − γu."""
    parameters = list(model.parameters())
    averager = PeriodicModelAverager(every, process_group=group)
    averager.step = 1 - every
    before = [each.detach().clone() for each in parameters]
    slow = [torch.zeros_like(each) for each in parameters]

    @torch.no_grad()
    def average() -> None:
        is_due = averager.step % every == 0
        averager.average_parameters(parameters)
        if not is_due:
            return
        for parameter, old, memory in zip(parameters, before, slow, strict=True):
            memory.mul_(_SLOW_MOMENTUM).add_((old - parameter) / learning_rate)
            parameter.copy_(old - learning_rate * memory)
            old.copy_(parameter)

    return average
