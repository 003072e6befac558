"""Builds what one rank trains, from the parameters of a case: real models, or pretended ones."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
import torch.distributed as dist

from bitpath_cli.benchmarks import Context
from bitpath_cli.benchmarks._buckets import gather
from bitpath_cli.benchmarks._models import (
    KINDS,
    Family,
    build,
    count_forward_flop,
    count_parameters,
)
from bitpath_cli.benchmarks._records import Records, records
from bitpath_cli.benchmarks._simulated import Crowd, Pretence, SimulatedTraining
from bitpath_cli.benchmarks._synchronise import AVERAGING, Group, Sync, bytes_per_step, replicate
from bitpath_cli.benchmarks._training import Course, Training, readiness
from bitpath_cli.model.result import Parameters

STEP = "step"
ALONE = "alone"
_BACKWARD_PER_FORWARD = 2.0


@dataclass(frozen=True, slots=True)
class Learner:
    """A loop's trial, the steps of one of its operations, and what is known of it beforehand."""

    trial: Training | SimulatedTraining
    steps: int
    facts: Mapping[str, tuple[float, ...]]

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        return {**self.trial.evidence(), **self.facts}


@contextlib.contextmanager
def learn(
    family: Family, told: Parameters, context: Context, batch: int, seed: int
) -> Iterator[Mapping[str, Learner]]:
    """The loops of a real training; OSError where the data cannot be written or read."""
    kind, ranks = KINDS[family], context.ranks
    sync: Sync = told["sync"]  # type: ignore[assignment]
    every = int(told["every"]) if sync in AVERAGING else 1
    if ranks is None:
        torch.set_num_threads(context.threads)
    number, size = (0, 1) if ranks is None else (ranks.rank, ranks.size)
    interface = str(told.get("interface", "lo" if size > 1 else ""))
    busy = int(told.get("participants", size))
    with records(context.directory, kind, batch, seed + number) as data:
        alone = replace(_course(family, "single", 1, None), busy=busy)
        facts = {**_facts(data, alone), "expected_bytes_per_step": (0.0,)}
        quiet = Training(alone, data, batch, ranks, "")
        if ranks is None or sync == "single" or busy == 1:
            yield {STEP: Learner(quiet, 1, facts)}
            return
        group = dist.new_group(list(range(busy))) if busy < size else None
        way = "single" if number >= busy else sync
        course = replace(_course(family, way, every, group), busy=busy, is_shared=True)
        expected = bytes_per_step(sync, course.model, busy, every)
        told_facts = {**facts, "expected_bytes_per_step": (expected,)}
        step = Training(course, data, batch, ranks, interface)
        yield {STEP: Learner(step, every, told_facts), ALONE: Learner(quiet, 1, facts)}


def pretend(
    family: Family, told: Parameters, context: Context, batch: int
) -> Mapping[str, Learner]:
    """The loop of ranks that sleep as long as a device of the stated rate would compute."""
    ranks = context.ranks
    size = 1 if ranks is None else ranks.size
    busy = int(told.get("participants", size))
    forward_flop = count_forward_flop(family)
    forward_seconds = forward_flop * batch / float(told["simulated_rate"])
    model = build(family)
    sizes = [each.numel() * each.element_size() for each in reversed(list(model.parameters()))]
    whole, done, ready = sum(sizes), 0, []
    for each in sizes:
        done += each
        ready.append(done / whole)
    buckets = gather(sizes, ready)
    sync: Sync = told["sync"]  # type: ignore[assignment]
    every = int(told["every"]) if sync in AVERAGING else 0
    alone = sync == "single" or busy == 1
    pretence = Pretence(forward_seconds, _BACKWARD_PER_FORWARD * forward_seconds, buckets, every)
    interface = str(told.get("interface", "lo" if size > 1 else ""))
    facts = {
        "bucket_bytes": tuple(float(each.size_bytes) for each in buckets),
        "bucket_ready": tuple(each.ready for each in buckets),
        "forward_seconds": (pretence.forward_seconds,),
        "backward_seconds": (pretence.backward_seconds,),
        "expected_bytes_per_step": (bytes_per_step(sync, model, busy, max(1, every)),),
        "parameters": (float(count_parameters(model)),),
        "forward_flop": (float(forward_flop),),
        "record_bytes": (float(KINDS[family].record_bytes),),
    }
    group = dist.new_group(list(range(busy))) if not alone and busy < size else None
    crowd = Crowd(ranks, 1 if alone else busy, group)
    trial = SimulatedTraining(pretence, crowd, interface)
    return {STEP: Learner(trial, max(1, every), facts)}


def _course(family: Family, sync: Sync, every: int, group: Group) -> Course:
    kind = KINDS[family]
    model = build(family)
    replica = replicate(sync, model, kind.learning_rate, every, group)
    return Course(family, kind, model, replica, every)


def _facts(data: Records, alone: Course) -> Mapping[str, tuple[float, ...]]:
    """When gradients are ready, in DDP's buckets, and what is read and kept."""
    buckets = gather(*readiness(alone, data))
    return {
        "bucket_bytes": tuple(float(each.size_bytes) for each in buckets),
        "bucket_ready": tuple(each.ready for each in buckets),
        "read_bytes": (float(data.read_bytes),),
        "stored_bytes": (float(data.size_bytes),),
        "direct": (float(data.is_direct),),
        "parameters": (float(count_parameters(alone.model)),),
        "forward_flop": (float(count_forward_flop(alone.family)),),
        "record_bytes": (float(alone.kind.record_bytes),),
    }
