"""Steps and reductions that were measured on the model itself: they win over the roofline."""

from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.reading import Quantity
from bitpath_cli.prediction.communication import bytes_sent_per_rank
from bitpath_cli.prediction.compute import Step
from bitpath_cli.prediction.interpolation import along
from bitpath_cli.prediction.overlap import backward_and_reduce
from bitpath_cli.strategies import MeasuredReductions, MeasuredSteps
from bitpath_cli.strategies._world import World

# A bucket is filled from the gradients and they are filled from it again; an average is gathered,
# divided and given back: each reads and writes the bytes once.
_COPIES_OF_BUCKETS: Final = 4
_COPIES_OF_AVERAGES: Final = 6


def has_steps(world: World, machine: Tensor) -> Tensor:
    """[C, 1], true where the machine's own steps are known."""
    known = torch.tensor([each.steps is not None for each in world.question.machines])
    return known[machine].unsqueeze(1)


def with_measured(world: World, machine: Tensor, samples: Tensor, modelled: Step) -> Step:
    """The step as measured where it was, and as modelled elsewhere, [C, D]."""
    for index, each in enumerate(world.question.machines):
        if each.steps is None:
            continue
        here = (machine == index).unsqueeze(1)
        found = _step(world, each.hardware, each.steps, samples)
        modelled = Step(
            torch.where(here, found.forward, modelled.forward),
            torch.where(here, found.backward, modelled.backward),
            torch.where(here, found.optimiser, modelled.optimiser),
        )
    return modelled


def synchronised_step(
    world: World, machine: Tensor, step: Step, ranks: Tensor, sent: Tensor
) -> Tensor:
    """Forward, backward with its buckets being reduced, and the rest: [C, D]; NaN if not measured.

    Valid for machines with measured steps when the wire's reductions were measured too. What
    travels is the share `sent` of each bucket's bytes.
    """
    reductions = world.question.wire.reductions
    whole = torch.full_like(step.total, torch.nan)
    if reductions is None:
        return whole
    slowdown = world.of("wire.slowdown_measured", reductions.slowdown).clamp_min(1.0)
    other = world.of("wire.slowdown_reduction", reductions.slowdown_reduction).clamp_min(1.0)
    for index, each in enumerate(world.question.machines):
        if each.steps is None:
            continue
        sizes = [size for size, _ in each.steps.buckets]
        ready = [share for _, share in each.steps.buckets]
        nothing = torch.zeros_like(step.backward)
        spent = [reduce_time(world, reductions, ranks, size * sent) + nothing for size in sizes]
        backward = backward_and_reduce(step.backward, ready, spent, slowdown, other)
        copying = _COPIES_OF_BUCKETS * sum(sizes) / world.memory_rate[machine]
        here = (machine == index).unsqueeze(1)
        whole = torch.where(here, step.forward + backward + copying + step.optimiser, whole)
    return whole


def averaging_time(world: World, machine: Tensor, ranks: Tensor, size: Tensor) -> Tensor:
    """Seconds to average models of so many bytes, [C, D]; NaN if reductions were not measured."""
    reductions = world.question.wire.reductions
    if reductions is None:
        return torch.full_like(ranks, torch.nan)
    copying = _COPIES_OF_AVERAGES * size / world.memory_rate[machine]
    return reduce_time(world, reductions, ranks, size) + copying


def served_time(world: World, ranks: Tensor, size: Tensor) -> Tensor:
    """Seconds until one rank has all gradients and all have its weights; NaN if not measured.

    All of it crosses the server's link: N times what each link carries in an all-reduce.
    """
    reductions = world.question.wire.reductions
    if reductions is None:
        return torch.full_like(ranks, torch.nan)
    return reduce_time(world, reductions, ranks, size * ranks)


def reduce_time(
    world: World, reductions: MeasuredReductions, ranks: Tensor, size_bytes: Tensor
) -> Tensor:
    """Seconds of an all-reduce of so many bytes between `ranks` [C, 1] nodes, [C, D].

    For another number of nodes than was measured: that of the size that puts as many bytes on each
    link, and the smallest message's time once more for each further step of the ring.
    """
    wide, tight = world.lever("network_bandwidth"), world.lever("network_latency")
    seconds = _drawn(world, "wire.reduction", reductions.seconds)
    smallest = seconds[:1]
    told = float(reductions.ranks)
    share = bytes_sent_per_rank(ranks, torch.ones_like(ranks)) / (2 * (told - 1) / told)
    moving = along(seconds - smallest, reductions.sizes, size_bytes * share)
    found = smallest * (ranks - 1) / (told - 1) / tight + moving / wide
    return torch.where(ranks > 1, found, torch.zeros_like(found))


def _step(world: World, hardware: str, steps: MeasuredSteps, samples: Tensor) -> Step:
    """By samples a step, between those that were measured."""
    lever = world.lever("compute")

    def part(name: str, points: tuple[Quantity, ...]) -> Tensor:
        drawn = _drawn(world, f"{hardware}.step.{name}", points)
        return along(drawn, steps.samples, samples) / lever

    return Step(
        part("forward", steps.forward), part("backward", steps.backward), part("rest", steps.rest)
    )


def _drawn(world: World, name: str, points: tuple[Quantity, ...]) -> Tensor:
    """[K, D]; all points share their luck, since one machine measured them at one time."""
    told = points[0].value
    drawn = world.of(name, points[0]).squeeze(0)
    # What takes no time has no luck to share.
    first = drawn / told if told else torch.ones_like(drawn)
    values = torch.tensor([each.value for each in points], dtype=torch.float64)
    return values.unsqueeze(1) * first
