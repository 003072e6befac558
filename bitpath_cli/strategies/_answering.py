"""What a request meets at a node: a pass of the model, a batch that gathers, or tokens."""

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from bitpath_cli.model.workload import Generation, Serving
from bitpath_cli.prediction.batching import (
    MOST_SEQUENCES,
    Decoder,
    busy_batch,
    gathered,
    pass_under_way,
)
from bitpath_cli.prediction.embedding import gather_time
from bitpath_cli.prediction.latency import Wait, wait
from bitpath_cli.prediction.memory import FILL_CAP, WEIGHT_BYTES
from bitpath_cli.stats import normal_z
from bitpath_cli.strategies import PRECISIONS, TENURES
from bitpath_cli.strategies._world import World

PER_REQUEST: Final = TENURES.index("per_request")
_HALF_PRECISION_BYTES: Final = 2.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of one queue [C]; `part` of the model's work is done there, `batch` at a time.

    `servers` [C, 1] and `peak` [C, D] requests a second are those of the hour that is looked at,
    `mean` and `kept` those of the whole day.
    """

    machine: Tensor
    tenure: Tensor
    precision: Tensor
    part: Tensor
    batch: Tensor
    servers: Tensor
    peak: Tensor
    mean: Tensor
    kept: Tensor

    @property
    def by_request(self) -> Tensor:
        """Where each request has a machine to itself, [C, 1]."""
        return (self.tenure == PER_REQUEST).unsqueeze(1)


@dataclass(frozen=True, slots=True)
class Answering:
    """Seconds [C, D]: from the end of the wait to the whole answer, on the average and at worst.

    `pause` is what is left on the average of the pass that is under way, and the slowest has it in.
    `occupancy` is what a request takes of a full node, `working` what it takes at the day's load.
    `first` is the time to the first token and `token` a further one's, 0 where nothing is
    generated; `batch` is how many are in work.
    """

    service: Tensor
    pause: Tensor
    slowest: Tensor
    occupancy: Tensor
    working: Tensor
    waiting: Wait
    first: Tensor
    token: Tensor
    batch: Tensor


def answering(world: World, serving: Serving, nodes: Nodes) -> Answering:
    """Whatever the workload is; a machine that is rented by the request has no queue."""
    if serving.generation is None:
        found = _passing(world, serving, nodes)
    else:
        found = _generating(world, serving, serving.generation, nodes)
    queue = found.waiting
    alone = nodes.by_request & torch.ones_like(queue.stable)
    free = Wait(torch.where(alone, 0.0, queue.chance), queue.rate, queue.stable | alone)
    return replace(found, waiting=free)


def weight_bytes(world: World, precision: Tensor) -> Tensor:
    """Bytes of one copy of the model with its tables, [C, D]."""
    work = world.question.workload.work
    parameters = world.of("work.parameters", work.parameters)
    if work.tables is not None:
        parameters = parameters + world.of("work.tables.parameters", work.tables.parameters)
    return _element_bytes(precision) * parameters


def sequence_bytes(world: World, generation: Generation, precision: Tensor) -> Tensor:
    """Bytes of keys and values of one whole sequence, [C, D]."""
    tokens = world.of("generation.tokens_in", generation.tokens_in)
    tokens = tokens + world.of("generation.tokens_out", generation.tokens_out)
    return tokens * _token_bytes(world, generation, precision)


def _passing(world: World, serving: Serving, nodes: Nodes) -> Answering:
    """Requests one by one or in batches, each a pass of the model.

    In batches every node has its share of the requests. One waits for the pass under way, and for
    further passes where those before it fill the next: as for so many servers that each take as
    long as a full pass.
    """
    one = torch.ones_like(nodes.peak)
    batch = nodes.batch.unsqueeze(1) * one
    single, full = _pass(world, nodes, one), _pass(world, nodes, batch)
    marginal = (full - single) / (batch - 1).clamp_min(1.0)
    rate = nodes.peak / nodes.servers
    together = gathered(rate, single, marginal, batch)
    service = single + (together - 1) * marginal
    occupancy = full / batch
    pause, longest = pass_under_way(rate, together, service, serving.percentile, serving.arrival)
    in_batches = batch > 1
    full_passes = wait(batch, rate, full, serving.arrival)
    alone = wait(nodes.servers, nodes.peak, single, serving.arrival)
    usual = gathered(nodes.mean / nodes.kept, single, marginal, batch)
    return Answering(
        service=service,
        pause=torch.where(in_batches, pause, torch.zeros_like(pause)),
        slowest=service + torch.where(in_batches, longest, torch.zeros_like(longest)),
        occupancy=occupancy,
        working=(single + (usual - 1) * marginal) / usual,
        waiting=_either(in_batches, full_passes, alone),
        first=torch.zeros_like(service),
        token=torch.zeros_like(service),
        batch=together,
    )


def _pass(world: World, nodes: Nodes, samples: Tensor) -> Tensor:
    """Seconds of a forward pass, and of reading its rows from the tables before it."""
    seconds = world.forward(nodes.machine, nodes.precision, samples, nodes.part)
    tables = world.question.workload.work.tables
    if tables is None:
        return seconds
    rows = world.of("work.tables.gathered_bytes", tables.gathered_bytes) * world.narrowed(
        nodes.precision
    )
    share = world.of("work.tables.gather_share", tables.gather_share)
    return seconds + gather_time(samples, rows, world.memory_rate[nodes.machine], share)


def _generating(world: World, serving: Serving, generation: Generation, nodes: Nodes) -> Answering:
    """Prompts are taken in one after the other; what time is left makes tokens by the batch."""
    tokens = world.of("generation.tokens_out", generation.tokens_out)
    prompt = world.of("generation.tokens_in", generation.tokens_in)
    decoder = _decoder(world, generation, nodes)
    taken_in = world.forward(nodes.machine, nodes.precision, prompt + torch.zeros_like(nodes.peak))
    taken_in = torch.maximum(taken_in, decoder.weights)
    rate = nodes.peak / nodes.servers
    rate = torch.where(nodes.by_request, torch.zeros_like(rate), rate)
    occupancy = taken_in + tokens * decoder.step(decoder.most) / decoder.most
    left = (1 - rate * taken_in).clamp_min(1e-9)
    mean = decoder.sequences(rate * tokens / left)
    busy = busy_batch(mean, normal_z(2 * serving.percentile - 1), decoder.most)
    token = decoder.step(mean.clamp_min(1.0)) / left
    slow_token = decoder.step(busy) / left
    first = decoder.step(mean.clamp_min(1.0)) * mean.clamp_max(1.0) + taken_in
    usual = decoder.sequences(nodes.mean / nodes.kept * tokens / left).clamp_min(1.0)
    usual = torch.where(nodes.by_request, torch.ones_like(usual), usual)
    prompts = wait(nodes.servers, nodes.peak, taken_in, serving.arrival)
    stable = prompts.stable & (rate * occupancy < 1)
    return Answering(
        service=first + (tokens - 1) * token,
        pause=torch.zeros_like(token),
        slowest=first + (tokens - 1) * slow_token,
        occupancy=torch.where(
            nodes.by_request, taken_in + tokens * decoder.step(torch.ones_like(usual)), occupancy
        ),
        working=taken_in + tokens * decoder.step(usual) / usual,
        waiting=Wait(prompts.chance, prompts.rate, stable),
        first=first,
        token=slow_token,
        batch=mean,
    )


def _decoder(world: World, generation: Generation, nodes: Nodes) -> Decoder:
    """What a step reads and computes on these machines; sequences fit beside the weights."""
    work, machine = world.question.workload.work, nodes.machine
    weights = weight_bytes(world, nodes.precision)
    kept = _token_bytes(world, generation, nodes.precision)
    prompt = world.of("generation.tokens_in", generation.tokens_in)
    half = world.of("generation.tokens_out", generation.tokens_out) / 2
    memory_rate = world.memory_rate[machine]
    rate = world.rate[machine, nodes.precision] * world.lever("compute")
    traffic = world.of("work.traffic", work.traffic_bytes) * world.narrowed(nodes.precision)
    room = FILL_CAP * world.memory[machine] - weights
    sequence = sequence_bytes(world, generation, nodes.precision)
    return Decoder(
        weights=weights / memory_rate,
        context=(prompt + half) * kept / memory_rate,
        product=world.of("work.forward", work.forward) / (rate * world.efficiency[machine]),
        beside=traffic / memory_rate,
        overhead=world.overhead[machine],
        most=torch.floor(room / sequence).clamp(1.0, MOST_SEQUENCES),
    )


def _token_bytes(world: World, generation: Generation, precision: Tensor) -> Tensor:
    """Keys and values of a token: they keep half precision where the weights are narrower."""
    elements = (
        2
        * world.of("generation.layers", generation.layers)
        * world.of("generation.kv_heads", generation.kv_heads)
        * world.of("generation.head_size", generation.head_size)
    )
    return elements * _element_bytes(precision).clamp_min(_HALF_PRECISION_BYTES)


def _element_bytes(precision: Tensor) -> Tensor:
    sizes = torch.tensor([WEIGHT_BYTES[each] for each in PRECISIONS], dtype=torch.float64)
    return sizes[precision].unsqueeze(1)


def _either(chosen: Tensor, yes: Wait, no: Wait) -> Wait:
    return Wait(
        torch.where(chosen, yes.chance, no.chance),
        torch.where(chosen, yes.rate, no.rate),
        torch.where(chosen, yes.stable, no.stable),
    )
