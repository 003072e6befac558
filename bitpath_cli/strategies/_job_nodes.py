"""The nodes of a training job: their share of the batch, what fits in their memory, their step."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.workload import Training
from bitpath_cli.prediction.compute import Step, training_step
from bitpath_cli.prediction.embedding import ROW_BYTES, gather_time
from bitpath_cli.prediction.memory import (
    FILL_CAP,
    STATE_BYTES,
    WEIGHT_BYTES,
    State,
    training_state,
)
from bitpath_cli.strategies import PRECISIONS, SYNCHRONISATIONS, JobPlans
from bitpath_cli.strategies._measured_step import with_measured
from bitpath_cli.strategies._world import World

_SHARDED: Final = SYNCHRONISATIONS.index("zero-1")
# Bytes a trained parameter beside the state: the average before and the slow momentum, the error
# that compression left, or the gradients in 16 bits.
_BESIDE: Final = {"slow-momentum": 8.0, "powersgd": 4.0, "fp16-compress": 2.0}


@dataclass(frozen=True, slots=True)
class Group:
    """One group of nodes: columns [C, 1] from the plans, and [C, D] of what its nodes do.

    `count` are held and `training` of them train: none of a group that only prepares the data,
    whose `trainer` is the other group's machine. `state` and `needed` are bytes a device.
    """

    machine: Tensor
    trainer: Tensor
    tenure: Tensor
    count: Tensor
    training: Tensor
    in_cloud: Tensor
    share: Tensor
    samples: Tensor
    at_once: Tensor
    rounds: Tensor
    state: Tensor
    needed: Tensor
    step: Step


def where_present(group: Group, seconds: Tensor) -> Tensor:
    """The seconds where nodes of the group train, 0 where none do."""
    return torch.where(group.training > 0, seconds, torch.zeros_like(seconds))


def ranks_of(groups: tuple[Group, Group]) -> Tensor:
    """How many nodes train, [C, 1]."""
    return groups[0].training + groups[1].training


def gradient_size(world: World, training: Training) -> Tensor:
    """Bytes of gradients in float32, [1, D]."""
    return WEIGHT_BYTES["float32"] * trained_parameters(world, training)


def trained_parameters(world: World, training: Training) -> Tensor:
    """How many parameters change, [1, D]; never more than there are."""
    whole = world.of("work.parameters", world.question.workload.work.parameters)
    if training.trained is None:
        return whole
    return torch.minimum(world.of("training.trained", training.trained), whole)


def sharding_stage(plans: JobPlans) -> Tensor:
    """ZeRO's stage, 0 where every rank keeps everything, [C, 1]."""
    stage = plans.synchronisation - _SHARDED + 1
    return stage.clamp_min(0).unsqueeze(1)


def checkpoint_bytes(world: World, training: Training, writers: Tensor) -> Tensor:
    """What a checkpoint holds: the trained parameters with their state, and a part of the tables.

    Of `writers` that write at once each writes its own part of the tables; one holds all, [1, D].
    """
    state = STATE_BYTES[training.optimiser] * trained_parameters(world, training)
    return state + table_bytes(world) / writers


def table_bytes(world: World) -> Tensor:
    """Bytes of all embedding tables; 0 where the model has none, [1, D]."""
    tables = world.question.workload.work.tables
    if tables is None:
        return torch.zeros((1, world.draws.count), dtype=torch.float64)
    return ROW_BYTES * world.of("work.tables.parameters", tables.parameters)


def optional(world: World, attribute: str, missing: float) -> Tensor:
    """A figure that not every machine has, [M, D]."""
    columns = []
    for each in world.question.machines:
        found = getattr(each, attribute)
        columns.append(
            world.draws.of(f"{each.name}.{attribute}", found)
            if isinstance(found, Quantity)
            else torch.full((world.draws.count,), missing, dtype=torch.float64)
        )
    return torch.stack(columns)


def node_groups(plans: JobPlans, world: World, training: Training) -> tuple[Group, Group]:
    """Both groups with their share of the batch, by speed at that batch per node.

    A device computes whole samples, and a step waits for the one that has most.
    """
    prepared = plans.prepared
    trainer = torch.where(prepared, plans.other_machine, plans.machine)
    counts = (torch.where(prepared, 0.0, plans.count).unsqueeze(1), plans.other_count.unsqueeze(1))
    trainers = (trainer, plans.other_machine)
    batch = world.of("training.batch", training.global_batch) * world.lever("batch")
    even = batch / (counts[0] + counts[1])
    speeds = [
        count / _forward(world, machine, plans.precision, even)
        for machine, count in zip(trainers, counts, strict=True)
    ]
    total = speeds[0] + speeds[1]
    devices = sum(
        count * world.devices(machine) for machine, count in zip(trainers, counts, strict=True)
    )
    state = _state_a_device(plans, world, training, torch.as_tensor(devices))
    columns = (
        (plans.machine, plans.tenure, plans.count),
        (plans.other_machine, plans.other_tenure, plans.other_count),
    )
    cloud = torch.tensor([each.place == "cloud" for each in world.question.machines])
    made = []
    for (machine, tenure, held), by, count, speed in zip(
        columns, trainers, counts, speeds, strict=True
    ):
        share = speed / total
        samples = _whole_samples(batch * share / count.clamp_min(1.0), world.devices(by))
        step, fitting, rounds, needed = _step(plans, world, training, by, samples, state, devices)
        made.append(
            Group(
                machine=machine, trainer=by, tenure=tenure.unsqueeze(1), count=held.unsqueeze(1),
                training=count, in_cloud=cloud[machine].unsqueeze(1), share=share,
                samples=samples, at_once=fitting, rounds=rounds, state=state, needed=needed,
                step=step,
            )
        )  # fmt: skip
    return made[0], made[1]


def _step(
    plans: JobPlans,
    world: World,
    training: Training,
    machine: Tensor,
    samples: Tensor,
    state: Tensor,
    ranks: Tensor | int,
) -> tuple[Step, Tensor, Tensor, Tensor]:
    """A node's step, how many samples fit at once, in how many rounds, and memory a device."""
    work = world.question.workload.work
    devices = world.devices(machine)
    activation = world.of("work.activation", work.activation_bytes) * world.narrowed(
        plans.precision
    )
    room = FILL_CAP * world.memory[machine] / devices - state
    fitting = _fitting(room, activation, samples, devices)
    rounds = torch.ceil(samples / fitting - 1e-9).clamp_min(1.0)
    forward = rounds * _forward(world, machine, plans.precision, samples / rounds)
    trained = trained_parameters(world, training)
    parts = torch.where(sharding_stage(plans) > 0, torch.as_tensor(ranks), 1.0)
    step = training_step(
        forward,
        rounds * world.overhead[machine],
        trained / world.of("work.parameters", work.parameters),
        STATE_BYTES[training.optimiser] * trained / parts,
        world.memory_rate[machine] / devices,
    )
    needed = state + activation * fitting / devices
    return with_measured(world, machine, samples, step), fitting, rounds, needed


def _forward(world: World, machine: Tensor, precision: Tensor, samples: Tensor) -> Tensor:
    """A forward pass with its look-ups in embedding tables, seconds [C, D]."""
    seconds = world.forward(machine, precision, samples)
    tables = world.question.workload.work.tables
    if tables is None:
        return seconds
    return seconds + gather_time(
        samples,
        world.of("work.tables.gathered_bytes", tables.gathered_bytes),
        world.memory_rate[machine],
        world.of("work.tables.gather_share", tables.gather_share),
    )


def _whole_samples(samples: Tensor, devices: Tensor) -> Tensor:
    """Rounded up on every device, and no source of gradients for autograd."""
    return torch.ceil(samples.detach() / devices - 1e-9) * devices


def _fitting(room: Tensor, activation: Tensor, samples: Tensor, devices: Tensor) -> Tensor:
    """How many samples of a step fit in a node's memory at once, at least one a device.

    What does not fit is computed in rounds whose gradients are accumulated. Their number is taken
    as given, so that it is no source of gradients for autograd.
    """
    fitting = devices * torch.floor(room.detach() / activation.detach())
    return torch.minimum(torch.maximum(fitting, devices), samples.clamp_min(1e-9))


def _state_a_device(plans: JobPlans, world: World, training: Training, ranks: Tensor) -> Tensor:
    """Weights, gradients, optimiser and what the way of synchronising keeps beside, [C, D]."""
    trained = trained_parameters(world, training)
    frozen = torch.tensor([WEIGHT_BYTES[each] for each in PRECISIONS], dtype=torch.float64)
    state: State = training_state(
        world.of("work.parameters", world.question.workload.work.parameters),
        trained,
        frozen[plans.precision].unsqueeze(1),
        training.optimiser,
    )
    beside = torch.tensor(
        [_BESIDE.get(each, 0.0) for each in SYNCHRONISATIONS], dtype=torch.float64
    )
    extra = beside[plans.synchronisation].unsqueeze(1) * trained
    return state.on_a_rank(sharding_stage(plans), ranks) + extra + table_bytes(world) / ranks
