"""Collectives between ranks by message size, by the conventions of nccl-tests (doc/PERFORMANCE.md).

The time is the slowest rank's, and its median over operations. The ceiling is what bare sockets
carry between the same ranks in the same run.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from bitpath_cli.benchmarks import Benchmark, CannotMeasure, Case, Conclusion, Context, Loop
from bitpath_cli.benchmarks._burst import MULTIPLE
from bitpath_cli.benchmarks._cost import fit_cost
from bitpath_cli.benchmarks._points import Scene, find_ceiling, find_peak, make_points
from bitpath_cli.model.protocols import Ranks, Trial
from bitpath_cli.model.reading import failed, unsupported
from bitpath_cli.model.result import Doubt, Finding, Parameters, Samples, Validity
from bitpath_cli.model.units import BYTE, ONE, human

if TYPE_CHECKING:
    from bitpath_cli.benchmarks._collective import Collective, Vectors

_KIB: Final = 1 << 10
_MIB: Final = 1 << 20
_SMALLEST_BYTES: Final = 1 * _KIB
_LARGEST_BYTES: Final = {False: 64 * _MIB, True: 256 * _MIB}
_STEP: Final = {False: 4, True: 2}
# Pattern, what is given and received, and what a backend takes besides: half of the memory at most.
_COPIES: Final = 4
_MEMORY_SHARE: Final = 2
_MOST_RANKS: Final = 4
_EXCHANGE: Final = "socket_exchange"
# Large enough to be bound by the link or the memory, small enough for many repetitions.
_FAIR_SECONDS: Final = 0.2
_FAIR_BYTES: Final = 4 * _MIB
_LEAST_FAIR_BYTES: Final = 256 * _KIB
_CONNECTED: Final = 4
# A link is named for a share of the others, so a tenth too much by its burst may be.
_PAIRED_BURSTS: Final = 10
_LEAST_PAIR_BYTES: Final = 1 * _MIB
_QUOTED: Final = 200


class _Telling(Trial, Protocol):
    """A trial that tells what it saw."""

    def evidence(self) -> Mapping[str, tuple[float, ...]]:
        """See Loop."""
        ...


def find_cases(context: Context) -> tuple[Case, ...]:
    """One all-reduce; two ranks even on one core, because fewer would reduce nothing."""
    size = max(2, min(context.threads, _MOST_RANKS))
    return (Case({"op": "all_reduce", "world_size": size, "backend": "gloo", "dtype": "float32"}),)


def find_sizes(parameters: Parameters, memory_bytes: int, thorough: bool) -> tuple[int, ...]:
    """Sizes from `min_size` on to `max_size` itself, as far as half of the memory holds them.

    Each is rounded down to whole elements, and to equal parts where ranks share it.
    """
    from bitpath_cli.benchmarks._exact import DTYPES

    ranks = int(parameters["world_size"])
    ranks_here = max(1, ranks // int(parameters.get("nodes", 1)))
    grain = DTYPES[str(parameters["dtype"])].itemsize
    if parameters["op"] in ("all_gather", "reduce_scatter", "all_to_all"):
        grain *= ranks
    fits = memory_bytes // (_MEMORY_SHARE * _COPIES * ranks_here)
    smallest = max(grain, int(parameters.get("min_size", _SMALLEST_BYTES)))
    largest = max(smallest, min(int(parameters.get("max_size", _LARGEST_BYTES[thorough])), fits))
    sizes = [smallest]
    while sizes[-1] * _STEP[thorough] <= largest:
        sizes.append(sizes[-1] * _STEP[thorough])
    if "max_size" in parameters and sizes[-1] < largest:
        sizes.append(largest)
    return tuple(dict.fromkeys(size // grain * grain for size in sizes))


@contextlib.contextmanager
def open_loops(case: Case, context: Context) -> Iterator[Mapping[str, Loop]]:
    """The raw exchange, then every size; needs the ranks that a launcher brings.

    What tells more about links and ranks comes before the sizes that take longest.
    """
    ranks = context.ranks
    if ranks is None:
        raise CannotMeasure(failed("no ranks were started for the collectives"))
    from bitpath_cli.benchmarks import _ring
    from bitpath_cli.benchmarks._collective import Collective, Vectors
    from bitpath_cli.benchmarks._stage import open_stage

    name = str(case.parameters["op"])
    stage = open_stage(str(case.parameters["backend"]), ranks)
    # Every rank must have the same sizes, so the host with the least memory decides.
    memory_bytes = -ranks.slowest(-stage.find_memory(context.memory_bytes))
    sizes = find_sizes(case.parameters, int(memory_bytes), context.thorough)
    largest_bytes = max(sizes[-1], _LEAST_FAIR_BYTES)
    vectors = Vectors(name, str(case.parameters["dtype"]), largest_bytes, ranks, stage)
    trials = {size: Collective(ranks, vectors, size) for size in sizes}
    _try(trials[sizes[0]], case.parameters, ranks)
    loops = {
        size: Loop(trial, size, BYTE, evidence=trial.evidence) for size, trial in trials.items()
    }
    with _ring.ring(ranks) as exchange:
        if not exchange.is_local:
            exchange.look_for_burst()
        fair_bytes = min(find_fair_bytes(exchange.bytes_per_second), largest_bytes)
        diagnosis: dict[str, Loop] = {}
        if case.parameters.get("diagnosis"):
            diagnosis = _diagnosis_loops(ranks, vectors, fair_bytes, exchange.burst_bytes)
            # Who predicts a step wants κ alone, and the rest of the time for the sizes.
            only = case.parameters["diagnosis"]
            diagnosis = {key: each for key, each in diagnosis.items() if only in (True, key)}
        yield {
            _EXCHANGE: Loop(exchange, _ring.BLOCK_BYTES, BYTE, evidence=exchange.evidence),
            **{f"{name}_{size}": loop for size, loop in loops.items() if size <= fair_bytes},
            **diagnosis,
            **{f"{name}_{size}": loop for size, loop in loops.items() if size > fair_bytes},
        }


def find_fair_bytes(bytes_per_second: float | None) -> int:
    """A power of two that takes a fifth of a second at most, from 256 KiB to 4 MiB."""
    if bytes_per_second is None:
        return _FAIR_BYTES
    within = int(bytes_per_second * _FAIR_SECONDS)
    return min(max(_LEAST_FAIR_BYTES, 1 << max(0, within.bit_length() - 1)), _FAIR_BYTES)


def _try(trial: "Collective", parameters: Parameters, ranks: Ranks) -> None:
    """One call of the smallest size; CannotMeasure where the backend lacks it, in its own words."""
    words = ""
    try:
        trial.find_error()
    except (RuntimeError, TypeError, ValueError) as error:
        words = " ".join(str(error).split())[:_QUOTED] or type(error).__name__
    if ranks.slowest(float(bool(words))) > 0:
        raise CannotMeasure(
            unsupported(
                f"{parameters['backend']} has no {parameters['op']} of {parameters['dtype']}: "
                f"{words or 'another rank was refused'}",
                "choose another --dtype or --backend",
            )
        )


def _diagnosis_loops(
    ranks: Ranks, vectors: "Vectors", fair_bytes: int, burst_bytes: float
) -> dict[str, Loop]:
    """Loops that time several things at once, so none of them has a rate of its own."""
    from bitpath_cli.benchmarks import _diagnosis
    from bitpath_cli.benchmarks._arrivals import Arrivals
    from bitpath_cli.benchmarks._connections import Connections
    from bitpath_cli.benchmarks._overlap import Overlap
    from bitpath_cli.benchmarks._pairs import Pairs

    paired_bytes = int(max(_LEAST_PAIR_BYTES, _PAIRED_BURSTS * burst_bytes))
    large_bytes = min(_CONNECTED * fair_bytes, vectors.largest_bytes)
    trials: dict[str, _Telling] = {
        _diagnosis.PAIRS: Pairs(ranks, paired_bytes),
        _diagnosis.ARRIVALS: Arrivals(ranks, vectors, fair_bytes),
        _diagnosis.OVERLAP: Overlap(ranks, vectors, fair_bytes),
        _diagnosis.CONNECTIONS: Connections(ranks, vectors, large_bytes),
    }
    return {
        name: Loop(trial, 1, ONE, largest_loops=1, evidence=trial.evidence)
        for name, trial in trials.items()
    }


def conclude(case: Case, context: Context, samples: Mapping[str, Samples]) -> Conclusion:
    """The points by size, the best bus bandwidth, the lines through the times, and the findings."""
    name = str(case.parameters["op"])
    scene = _find_scene(case, context, samples)
    # Beside NVLink or PCIe, sockets over loopback are no ceiling of anything.
    is_inside = case.parameters["backend"] == "nccl" and _is_local(samples)
    ceiling = None if is_inside else find_ceiling(samples[_EXCHANGE])
    by_size = {
        int(loop.removeprefix(f"{name}_")): each
        for loop, each in samples.items()
        if loop.startswith(f"{name}_")
    }
    points = make_points(by_size, scene, ceiling)
    burst_bytes = max(samples[_EXCHANGE].evidence("burst"), default=0.0)
    peak, size_bytes = find_peak(points, scene, ceiling, burst_bytes)
    cost, segments, findings = fit_cost(points, scene)
    swept = tuple(f"{name}_{each.size_bytes}" for each in points)
    said = Conclusion(
        metrics=(peak, *cost), points=points, segments=segments, validity=scene.validity,
        findings=(
            *_explain_link(burst_bytes), *_explain_end(case, context, tuple(by_size)), *findings,
        ),
        reasons=scene.reasons,
        rests_on={
            peak.name: (_EXCHANGE, f"{name}_{size_bytes}" if size_bytes else _EXCHANGE),
            **{each.name: swept for each in cost},
        },
    )  # fmt: skip
    if case.parameters["backend"] == "nccl":
        from bitpath_cli.benchmarks._stage import describe_nccl

        return replace(said, findings=(*said.findings, describe_nccl(case.parameters)))
    return _diagnose(said, scene, context, samples) if case.parameters.get("diagnosis") else said


def _find_scene(case: Case, context: Context, samples: Mapping[str, Samples]) -> Scene:
    """The case in words, and what speaks against all of its figures."""
    told, name = case.parameters, str(case.parameters["op"])
    ranks = int(told["world_size"])
    doubts: tuple[Doubt, ...] = ()
    if _is_local(samples) and told["backend"] == "gloo":
        doubts += (Doubt.LOOPBACK_ONLY,)
    if context.threads < ranks // int(told.get("nodes", 1)) and told["backend"] == "gloo":
        doubts += (Doubt.CONTENDED,)
    validity = Validity.DEGRADED if doubts else Validity.VALID
    if any(sum(each.evidence("wrong")) for each in samples.values()):
        doubts, validity = (*doubts, Doubt.WRONG_RESULT), Validity.INVALID
    source = f"collectives, {name} over {told['backend']}, {ranks} ranks"
    return Scene(name, ranks, source, doubts, validity)


def _is_local(samples: Mapping[str, Samples]) -> bool:
    return any(samples[_EXCHANGE].evidence("loopback"))


def _explain_link(burst_bytes: float) -> tuple[Finding, ...]:
    if not burst_bytes:
        return ()
    return (Finding(
        name="burst",
        sentence=f"The link is shaped: it lets {human(burst_bytes, BYTE)} through before its "
        f"lasting rate. Sizes that move less than {MULTIPLE} times that look faster than they are, "
        "and busbw_peak leaves them out.",
    ),)  # fmt: skip


def _explain_end(case: Case, context: Context, reached: tuple[int, ...]) -> tuple[Finding, ...]:
    """Why the sizes end before what was asked for: the budget, or the memory."""
    sizes = find_sizes(case.parameters, context.memory_bytes, context.thorough)
    largest = int(case.parameters.get("max_size", 0))
    if reached and (left_out := [size for size in sizes if size > max(reached)]):
        return (Finding(
            name="budget_spent",
            sentence=f"The budget ended before {human(left_out[0], BYTE)}.",
            next_step="For larger messages choose a larger --budget, or a --min-size.",
        ),)  # fmt: skip
    if largest > 2 * sizes[-1]:
        return (Finding(
            name="memory_limit",
            sentence=f"Half of the memory holds no more than {human(sizes[-1], BYTE)} for every "
            "rank.",
        ),)  # fmt: skip
    return ()


def _diagnose(
    said: Conclusion, scene: Scene, context: Context, samples: Mapping[str, Samples]
) -> Conclusion:
    """The same with what the extra loops saw, as far as the budget reached them."""
    from bitpath_cli.benchmarks import _diagnosis

    addresses = () if context.ranks is None else context.ranks.addresses
    overlap = _diagnosis.overlap_metrics(samples.get(_diagnosis.OVERLAP), scene)
    gain, over_several = _diagnosis.judge_connections(samples.get(_diagnosis.CONNECTIONS), scene)
    ranks, late = _diagnosis.judge_arrivals(samples.get(_diagnosis.ARRIVALS), scene, addresses)
    pairs, slow = _diagnosis.judge_pairs(samples.get(_diagnosis.PAIRS), scene)
    rests_on = {
        **{each.name: (_diagnosis.OVERLAP,) for each in overlap},
        **{each.name: (_diagnosis.CONNECTIONS,) for each in gain},
    }
    return replace(
        said, metrics=(*said.metrics, *overlap, *gain), ranks=ranks, pairs=pairs,
        findings=(*slow, *late, *said.findings, *over_several),
        rests_on={**said.rests_on, **rests_on},
    )  # fmt: skip


BENCHMARK = Benchmark(
    summary="Collectives between ranks (all-reduce unless told otherwise), beside raw sockets",
    revision=2,
    find_cases=find_cases,
    open=open_loops,
    conclude=conclude,
    needs=("torch",),
    ranks=_MOST_RANKS,
    blocks=3,
    weight=1.5,
)
