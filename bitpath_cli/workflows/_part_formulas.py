"""The parts below a step or an answer, and the five terms, as formulas over the named inputs."""

from typing import Final

import torch

from bitpath_cli.cost.uncertainty import Draws
from bitpath_cli.model.reading import derived
from bitpath_cli.model.recommendation import Formula, TermName
from bitpath_cli.model.units import ONE, SECOND, Unit
from bitpath_cli.prediction.compute import equivalent_size
from bitpath_cli.strategies import PRECISIONS, JobPlans, ServicePlans, select
from bitpath_cli.strategies._job_nodes import node_groups
from bitpath_cli.strategies._world import World, build
from bitpath_cli.workflows._judgement import Judgement

JOB_TERMS: Final[dict[TermName, str]] = {
    "compute": "job time",
    "storage": "(data.samples·data.sample_bytes + checkpoints·their bytes + nodes·state)·job time; "
    "state is 8, 12 or 16 B a trained parameter for sgd, momentum and adam, in memory and in each "
    "checkpoint alike",
    "bandwidth": "steps·what a step's synchronising sends + the data set where it must travel",
    "hardware": "nodes·price a second·job time; of what is owned or bought "
    "price/(site.lifetime·site.duty); storage and egress of the cloud beside",
    "energy": "pue·nodes·(power_idle + (power_max − power_idle)·share of the time in which they "
    "compute)·job time",
}
SERVICE_TERMS: Final[dict[TermName, str]] = {
    "compute": "requests a month·response time; a month is 2 629 800 s",
    "storage": "nodes·weights·month; weights are parameters·bytes of the precision",
    "bandwidth": "requests that travel·(request + reply bytes)",
    "hardware": "month price",
    "energy": "pue·nodes·(power_idle + (power_max − power_idle)·mean utilisation)·month",
}
_FORWARD: Final = (
    "rounds·(samples·work.forward/(rate.{precision}·work.efficiency·efficiency at that edge) + "
    "samples·work.traffic·{narrow:g}/memory_bandwidth + work.overhead)"
)


def parts(judged: Judgement, row: int) -> tuple[Formula, ...]:
    """Down to the efficiency at the size of the model's matrices, of the nodes that compute."""
    plans = select(judged.plans, torch.tensor([row]))
    world = build(judged.question, Draws(1))
    if isinstance(plans, JobPlans):
        return _of_job(plans, world)
    return _of_service(plans, world)


def _of_job(plans: JobPlans, world: World) -> tuple[Formula, ...]:
    training = world.question.workload.training
    if training is None:
        return ()
    group = node_groups(plans, world, training)[0]
    if float(group.training) == 0:
        group = node_groups(plans, world, training)[1]
    each = float(group.samples / group.rounds)
    machine = world.question.machines[int(group.trainer)]
    precision = PRECISIONS[int(plans.precision)]
    if machine.steps is not None:
        return ()
    return (
        _row("samples_a_round", each, ONE, "a node's share of training.batch, in rounds that fit "
             f"its memory: {float(group.rounds):g}"),
        *_edge(world, int(group.trainer), each / machine.devices),
        _row("forward_time", float(group.step.forward), SECOND,
             _FORWARD.format(precision=precision, narrow=_narrow(world, plans.precision))),
        _row("backward_time", float(group.step.backward), SECOND,
             "(1 + trained share)·(forward − rounds·overhead) + rounds·overhead"),
        _row("optimiser_time", float(group.step.optimiser), SECOND,
             "2·state·trained parameters/memory_bandwidth of a device"),
    )  # fmt: skip


def _of_service(plans: ServicePlans, world: World) -> tuple[Formula, ...]:
    if world.question.workload.serving is None or world.question.workload.serving.generation:
        return ()
    chosen = plans.machine if float(plans.count) > 0 else plans.central_machine
    return _edge(world, int(chosen), float(plans.batch))


def _edge(world: World, machine: int, samples: float) -> tuple[Formula, ...]:
    work = world.question.workload.work
    size = equivalent_size(
        torch.tensor([[samples * work.forward.value]], dtype=torch.float64),
        torch.tensor(work.operations.value, dtype=torch.float64),
    )
    share = world.efficiency_at(torch.tensor([machine]), size)
    source = "as it was measured at matrices of that edge, over the largest rate"
    if not world.question.machines[machine].curve:
        source = "1: only the rate of large matrices is known of it"
    return (
        _row("matrix_edge", float(size), ONE, "(samples·work.forward/work.operations/2)^(1/3)"),
        _row("efficiency_at_that_edge", float(share), ONE, source),
    )


def _narrow(world: World, precision: torch.Tensor) -> float:
    return float(world.narrowed(precision))


def _row(name: str, value: float, unit: Unit, formula: str) -> Formula:
    return Formula(name=name, formula=formula, value=derived(value, unit, formula))
