"""How long a step of a training job takes under each way of keeping its replicas one model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.reading import assumed
from bitpath_cli.model.units import SECOND
from bitpath_cli.model.workload import Training
from bitpath_cli.prediction.communication import (
    GLOO,
    NCCL,
    bytes_sent_per_rank,
    overlapped_backward,
    server,
)
from bitpath_cli.prediction.compression import (
    HALF,
    factor_bytes,
    factor_coding_time,
    half_coding_time,
    half_sum_time,
)
from bitpath_cli.prediction.embedding import exchange_bytes, exchange_time
from bitpath_cli.prediction.memory import WEIGHT_BYTES, sharded_traffic
from bitpath_cli.strategies import SYNCHRONISATIONS, JobPlans
from bitpath_cli.strategies._job_links import (
    Links,
    inside_a_node,
    is_accelerated,
    is_measured,
    reduced,
)
from bitpath_cli.strategies._job_nodes import (
    Group,
    gradient_size,
    ranks_of,
    sharding_stage,
    trained_parameters,
    where_present,
)
from bitpath_cli.strategies._measured_step import served_time, synchronised_step
from bitpath_cli.strategies._world import World

# Passes over the weights: gradients are put together and taken apart, and the weights as well; the
# slow momentum's own step, as torch would write it.
_SERVED_PASSES: Final = 8.0
_HALF_SUM: Final = assumed(
    4e-9, SECOND, "gloo of torch 2.13 on one AMD core: an all-reduce of 32 MiB between two ranks "
    "took 61.5 ms in float16 and 28.8 ms in float32", 1.5,
)  # fmt: skip
_SLOW_PASSES: Final = 19.0


@dataclass(frozen=True, slots=True)
class _Setting:
    """What the ways of synchronising are computed from."""

    plans: JobPlans
    world: World
    training: Training
    links: Links
    ranks: Tensor
    size: Tensor
    sent: Tensor


def step_time(
    plans: JobPlans,
    world: World,
    groups: tuple[Group, Group],
    links: Links,
    training: Training,
) -> tuple[Tensor, Tensor]:
    """A step without waiting for data, and the part of it that is exposed communication."""
    setting = _Setting(
        plans, world, training, links, ranks_of(groups), gradient_size(world, training),
        sent_share(plans, world, groups, training),
    )  # fmt: skip
    kind = plans.synchronisation.unsqueeze(1)
    overlap = world.of(
        "wire.overlap_accelerator", world.question.wire.overlap_accelerator
    ).clamp_max(1.0)
    spent = []
    for each in groups:
        seconds = each.step.total
        for names, way in _WAYS.items():
            chosen = torch.zeros_like(kind, dtype=torch.bool)
            for name in names:
                chosen = chosen | (kind == SYNCHRONISATIONS.index(name))
            if bool(chosen.any()):
                seconds = torch.where(chosen, way(setting, each), seconds)
        inner = inside_a_node(world, each, setting.size * setting.sent, overlap)
        spent.append(where_present(each, seconds + inner + _exchange(setting, each)))
    alone = torch.maximum(*(where_present(each, each.step.total) for each in groups))
    stepping = torch.maximum(*spent)
    return stepping, stepping - alone


def sent_share(
    plans: JobPlans, world: World, groups: tuple[Group, Group], training: Training
) -> Tensor:
    """Bytes that are reduced when nodes talk, as a multiple of the gradients', [C, D]."""
    kind = plans.synchronisation.unsqueeze(1)
    rounds = torch.maximum(*(where_present(each, each.rounds) for each in groups))
    share = torch.ones_like(rounds)
    share = torch.where(kind == SYNCHRONISATIONS.index("fp16-compress"), HALF, share)
    factors = 2 * _factor(plans, world, training) / gradient_size(world, training)
    share = torch.where(kind == SYNCHRONISATIONS.index("powersgd"), factors, share)
    stage = sharding_stage(plans)
    return torch.where(stage > 0, sharded_traffic(stage, rounds), share)


def bytes_of_a_step(
    plans: JobPlans, world: World, groups: tuple[Group, Group], training: Training
) -> tuple[Tensor, Tensor]:
    """Bytes that each node of both groups sends in a mean step, [C, D]."""
    ranks = ranks_of(groups)
    size = gradient_size(world, training) * sent_share(plans, world, groups, training)
    talking = plans.synchronisation.unsqueeze(1) > 0
    reducing = torch.where(
        talking & (ranks > 1),
        bytes_sent_per_rank(ranks, size) / plans.interval.unsqueeze(1),
        torch.zeros_like(size),
    )
    found = [
        where_present(each, reducing + _exchanged_bytes(world, each, ranks)) for each in groups
    ]
    return found[0], found[1]


def _factor(plans: JobPlans, world: World, training: Training) -> Tensor:
    return factor_bytes(
        trained_parameters(world, training),
        world.of("work.operations", world.question.workload.work.operations),
        plans.rank.unsqueeze(1),
    )


def _gradients_reduced(setting: _Setting, group: Group) -> Tensor:
    """A step whose gradients are reduced bucket by bucket: as measured, else as modelled."""
    world, links = setting.world, setting.links
    fast = is_accelerated(world, group)
    wire = world.question.wire
    overlap = torch.where(
        fast,
        world.of("wire.overlap_accelerator", wire.overlap_accelerator),
        world.of("wire.overlap_cpu", wire.overlap_cpu),
    ).clamp_max(1.0)
    slowdown = world.of("wire.slowdown", wire.slowdown).clamp_min(1.0)
    trained = setting.training.trained or world.question.workload.work.parameters
    gradient = WEIGHT_BYTES["float32"] * trained.value
    gloo, nccl = (
        overlapped_backward(
            group.step.backward, gradient, setting.ranks, links.alpha, links.beta, backend,
            overlap, slowdown, setting.sent,
        )
        for backend in (GLOO, NCCL)
    )  # fmt: skip
    step = group.step
    modelled = step.forward + torch.where(fast, nccl, gloo) + step.optimiser
    measured = synchronised_step(world, group.trainer, step, setting.ranks, setting.sent)
    return torch.where(is_measured(world, group), measured, modelled)


def _in_half(setting: _Setting, group: Group) -> Tensor:
    """As gradients in float32, with half of the bytes and what narrowing and widening takes.

    On CPUs, adding such numbers takes time of its own as well.
    """
    world = setting.world
    rate = world.memory_rate[group.trainer]
    each = world.of("wire.half_sum", _HALF_SUM) / world.lever("compute")
    adding = half_sum_time(trained_parameters(world, setting.training), setting.ranks, each)
    adding = torch.where(is_accelerated(world, group), torch.zeros_like(adding), adding)
    return _gradients_reduced(setting, group) + half_coding_time(setting.size, rate) + adding


def _in_factors(setting: _Setting, group: Group) -> Tensor:
    """PowerSGD: two factors after backward, one after the other, and what coding takes."""
    world, plans = setting.world, setting.plans
    one = _factor(plans, world, setting.training)
    sending = reduced(world, group, setting.links, setting.ranks, one)
    coding = factor_coding_time(
        trained_parameters(world, setting.training),
        plans.rank.unsqueeze(1),
        world.rate[group.trainer, plans.precision] * world.lever("compute"),
        world.memory_rate[group.trainer],
    )
    return group.step.total + 2 * sending + coding


def _models_averaged(setting: _Setting, group: Group) -> Tensor:
    """Steps alone, and an average of all weights every H of them."""
    averaging = reduced(setting.world, group, setting.links, setting.ranks, setting.size)
    return group.step.total + averaging / setting.plans.interval.unsqueeze(1)


def _slow_momentum(setting: _Setting, group: Group) -> Tensor:
    """The same with a step of the slow momentum after each average."""
    own = _SLOW_PASSES * setting.size / setting.world.memory_rate[group.trainer]
    return _models_averaged(setting, group) + own / setting.plans.interval.unsqueeze(1)


def _served(setting: _Setting, group: Group) -> Tensor:
    """Gradients to one node after backward, and its weights back to all."""
    world, links, ranks = setting.world, setting.links, setting.ranks
    modelled = server(ranks, setting.size, links.alpha, links.beta)
    measured = served_time(world, ranks, setting.size)
    talking = torch.where(is_measured(world, group), measured, modelled)
    copying = _SERVED_PASSES * setting.size / world.memory_rate[group.trainer]
    return group.step.total + talking + copying


_WAYS: Final[Mapping[tuple[str, ...], Callable[[_Setting, Group], Tensor]]] = {
    ("all-reduce", "zero-1", "zero-2", "zero-3"): _gradients_reduced,
    ("fp16-compress",): _in_half,
    ("powersgd",): _in_factors,
    ("local-sgd",): _models_averaged,
    ("slow-momentum",): _slow_momentum,
    ("parameter-server",): _served,
}


def _exchange(setting: _Setting, group: Group) -> Tensor:
    """The sums of embedding rows on their way between nodes, which nothing hides."""
    sent = _exchanged_bytes(setting.world, group, setting.ranks)
    if setting.world.question.workload.work.tables is None:
        return sent
    return exchange_time(sent, setting.ranks, setting.links.alpha, setting.links.beta)


def _exchanged_bytes(world: World, group: Group, ranks: Tensor) -> Tensor:
    tables = world.question.workload.work.tables
    if tables is None:
        return torch.zeros_like(group.samples)
    pooled = world.of("work.tables.pooled_bytes", tables.pooled_bytes)
    return exchange_bytes(group.samples, pooled, ranks.clamp_min(1.0))
