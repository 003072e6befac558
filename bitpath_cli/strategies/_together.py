"""The ways in which nodes can train one model together, as rows of a plan.

Those that change what is learnt (averaging, compression) stand beside those that do not; what they
may cost in accuracy is said with the answer, for it is not in the numbers.
"""

from typing import Final

from bitpath_cli.model.workload import Precision, Training
from bitpath_cli.prediction.memory import (
    FILL_CAP,
    STATE_BYTES,
    WEIGHT_BYTES,
    size_beside_float32,
)
from bitpath_cli.strategies import Question
from bitpath_cli.strategies._columns import JobRow, Nodes
from bitpath_cli.strategies._fleet import most_together

_EVERY_COUNT_TO: Final = 32
_GROWTH: Final = 1.1
_SHARDED: Final = ("zero-1", "zero-2", "zero-3")


def together(
    question: Question,
    nodes: Nodes,
    others: Nodes | None,
    precision: Precision,
) -> list[JobRow]:
    """Several nodes: gradients whole, narrowed, in factors or by a server, or models averaged.

    Averages and factors are approximations: only those that the workload is said to tolerate.
    Sharding divides one state among nodes of one kind; it is tried where a copy does not fit.
    """
    training = question.workload.training
    if training is None:
        return []
    averaged = [
        JobRow(nodes, precision, kind, every, others)
        for kind in ("local-sgd", "slow-momentum")
        for every in training.local_steps
    ]
    return [
        *(
            JobRow(nodes, precision, kind, 1, others)
            for kind in ("all-reduce", "parameter-server", "fp16-compress")
        ),
        *(
            JobRow(nodes, precision, "powersgd", 1, others, rank=each)
            for each in training.compression_ranks
        ),
        *averaged,
        *sharded(question, nodes, others, precision),
    ]


def sharded(
    question: Question, nodes: Nodes, others: Nodes | None, precision: Precision
) -> list[JobRow]:
    """ZeRO's three stages, where one sample beside a whole state is too much for a device."""
    training = question.workload.training
    alike = others is None or others.machine == nodes.machine
    number = nodes.number + (0 if others is None else others.number)
    devices = number * question.machines[nodes.machine].devices
    if training is None or not alike or devices < 2:
        return []
    if _fits(question, training, nodes.machine, precision):
        return []
    return [JobRow(nodes, precision, stage, 1, others) for stage in _SHARDED]


def node_counts(question: Question, machine: int) -> list[int]:
    """So many nodes as there are samples for: up to 32 every number, then each a tenth larger.

    Powers of two are among them.
    """
    training = question.workload.training
    if training is None:
        return []
    busy = int(training.global_batch.value // question.machines[machine].devices)
    most = min(most_together(question, question.machines[machine]), max(1, busy))
    found = {2**power for power in range(most.bit_length())} | {most}
    count = 1
    while count < most:
        found.add(count)
        count = count + 1 if count < _EVERY_COUNT_TO else int(count * _GROWTH)
    return sorted(found)


def _fits(question: Question, training: Training, machine: int, precision: Precision) -> bool:
    """Whether a whole state and one sample's activations fit into one device, as expected.

    Embedding tables are divided among the devices in any case: they are no reason to shard more.
    """
    work, chosen = question.workload.work, question.machines[machine]
    trained = work.parameters.value if training.trained is None else training.trained.value
    frozen = max(0.0, work.parameters.value - trained) * WEIGHT_BYTES[precision]
    needed = (
        STATE_BYTES[training.optimiser] * trained
        + frozen
        + work.activation_bytes.value * size_beside_float32(precision)
    )
    return needed <= FILL_CAP * chosen.memory.value / chosen.devices
