"""The five terms of a candidate as it ran: time and bytes measured, prices by the site's tariff."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bitpath_cli.cost.terms import TermTensors
from bitpath_cli.model.reading import Quantity
from bitpath_cli.model.result import BenchmarkResult
from bitpath_cli.prediction.memory import STATE_BYTES
from bitpath_cli.strategies import Question


@dataclass(frozen=True, slots=True)
class Ran:
    """What a candidate's run showed: seconds a step, bytes a node sent in it, processor seconds."""

    nodes: int
    step: Quantity
    sent_bytes: float
    processor_seconds: float


def ran(result: BenchmarkResult, nodes: int) -> Ran | None:
    """From a result of train_step; None where it gave no step time."""
    step = result.metric("step_time")
    if step is None or not isinstance(step.reading, Quantity):
        return None
    sent = result.metric("sent_bytes")
    busy = result.samples["step"].evidence("processor_seconds_per_step")
    return Ran(
        nodes, step.reading,
        sent.reading.value if sent is not None and isinstance(sent.reading, Quantity) else 0.0,
        sum(busy) / len(busy) if busy else 0.0,
    )  # fmt: skip


def measured_terms(runs: list[Ran], question: Question, threads: int) -> TermTensors:
    """One row a run, of the whole job in small: its steps at the measured time and bytes.

    Energy is the power model's over the measured busy share of the processors; there is no meter
    that tells one job's part.
    """
    site, machine = question.site, question.machines[0]
    training, data = question.workload.training, question.workload.data
    if training is None or not isinstance(data.samples, Quantity):
        raise ValueError("a trial is a training job with a known number of samples")
    steps = training.epochs.value * data.samples.value / training.global_batch.value
    nodes = _column([each.nodes for each in runs])
    step = _column([each.step.value for each in runs])
    elapsed = steps * step
    state = STATE_BYTES[training.optimiser] * question.workload.work.parameters.value
    dataset = data.samples.value * data.sample_bytes.value
    kept = dataset + training.checkpoints_kept.value * state
    sent = _column([each.sent_bytes for each in runs]) * nodes * steps
    busy = _column([each.processor_seconds for each in runs]) / step / threads
    watts = machine.power_idle.value + busy.clamp(0, 1) * (
        machine.power_max.value - machine.power_idle.value
    )
    price = machine.prices["owned"].value / site.lifetime.value / site.duty.value
    return TermTensors(
        compute=elapsed,
        storage=(kept + nodes * state) * elapsed,
        bandwidth=sent,
        link_time=sent / question.wire.bandwidth.value,
        hardware=price * nodes * elapsed,
        energy=nodes * watts * elapsed * site.place.pue.value,
    )


def _column(values: list[float] | list[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)
